"""Geometry shared by generator, networks, evaluation and export.

Pixel centres are integers at 480 x 360. The normalised frame is X = (x - 239.5) / 240, Y = (y - 179.5) / 240, the
same scale along both axes. A homography maps pixels of image A to pixels of image B. All functions are NumPy, float64.
"""

from __future__ import annotations

import cv2
import numpy as np

WIDTH, HEIGHT = 480, 360
SCALE = 240.0
CENTRE = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
# Control points: columns x rows over the continuous frame, corners included.
MESH_COLUMNS, MESH_ROWS = 13, 10
CORNERS = np.array([[0, 0], [WIDTH - 1, 0], [WIDTH - 1, HEIGHT - 1], [0, HEIGHT - 1]], dtype=np.float64)
# Pixels -> normalised frame.
NORMALISE = np.array([[1 / SCALE, 0, -CENTRE[0] / SCALE], [0, 1 / SCALE, -CENTRE[1] / SCALE], [0, 0, 1]])
DENORMALISE = np.linalg.inv(NORMALISE)


def to_normalised(points: np.ndarray) -> np.ndarray:
    """Pixels [..., 2] (integer centres) to the normalised frame."""
    return (np.asarray(points, np.float64) - CENTRE) / SCALE


def to_pixels(points: np.ndarray) -> np.ndarray:
    """Inverse of to_normalised."""
    return np.asarray(points, np.float64) * SCALE + CENTRE


def unit(homography: np.ndarray) -> np.ndarray:
    """The same homography with its last entry 1."""
    return homography / homography[2, 2]


def homography_to_pixels(normalised: np.ndarray) -> np.ndarray:
    """A homography of the normalised frame as one of pixels, last entry 1."""
    return unit(DENORMALISE @ np.asarray(normalised, np.float64) @ NORMALISE)


def homography_to_normalised(pixels: np.ndarray) -> np.ndarray:
    """A homography of pixels as one of the normalised frame, last entry 1."""
    return unit(NORMALISE @ np.asarray(pixels, np.float64) @ DENORMALISE)


def apply(homography: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Maps points [..., 2] by a 3 x 3 homography."""
    p = np.asarray(points, np.float64)
    flat = p.reshape(-1, 2)
    q = flat @ homography[:, :2].T + homography[:, 2]
    return (q[:, :2] / q[:, 2:3]).reshape(p.shape)


def from_corners(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The homography that takes four points [4, 2] to four points, last entry 1, solved in float64."""
    rows, right = [], []
    for (x, y), (u, v) in zip(np.asarray(source, np.float64), np.asarray(target, np.float64)):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(right)), 1.0).reshape(3, 3)


def view_corners(width: float, height: float) -> np.ndarray:
    """Corners (0, 0), (w, 0), (0, h), (w, h) of a view in continuous pixels (a view spans 0 ... width), [4, 2]."""
    return np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)


def corner_motion(homography: np.ndarray, width: float, height: float) -> np.ndarray:
    """How far the corners of a view move, [4, 2]; continuous pixels, order of view_corners."""
    corners = view_corners(width, height)
    return apply(homography, corners) - corners


def mid_plane(homography: np.ndarray, width: float, height: float) -> tuple[np.ndarray, np.ndarray]:
    """Halves a homography A -> B of views of one size (continuous pixels): maps middle plane -> A, middle plane -> B.

    The corners of the middle plane go half of their way to B; the offsets are halved, not the matrix.
    """
    corners = view_corners(width, height)
    to_b = from_corners(corners, corners + 0.5 * corner_motion(homography, width, height))
    return unit(np.linalg.inv(homography) @ to_b), to_b


def view_to_normalised(width: float, height: float) -> np.ndarray:
    """Continuous pixels of a view of any size, squeezed to 480 x 360 -> normalised frame."""
    return np.array([[2 / width, 0, -1], [0, 2 * HEIGHT / WIDTH / height, -HEIGHT / WIDTH], [0, 0, 1]])


def homography_between_views(normalised: np.ndarray, size_a: tuple, size_b: tuple) -> np.ndarray:
    """A homography of the normalised frame as one between continuous pixels of two views of sizes (width, height)."""
    return unit(np.linalg.inv(view_to_normalised(*size_b)) @ normalised @ view_to_normalised(*size_a))


def inside(points: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """Which points [..., 2] lie at least `margin` px inside the frame."""
    x, y = points[..., 0], points[..., 1]
    return (x >= margin) & (x <= WIDTH - 1 - margin) & (y >= margin) & (y <= HEIGHT - 1 - margin)


def sample_grid(step: int) -> np.ndarray:
    """Pixels at every `step` px, half a step from the border: [n, 2]."""
    x, y = np.meshgrid(np.arange(step // 2, WIDTH, step), np.arange(step // 2, HEIGHT, step))
    return np.stack([x, y], -1).reshape(-1, 2).astype(np.float64)


OVERLAP_POINTS = sample_grid(8)


def overlap(homography: np.ndarray) -> float:
    """Share of A's frame that lies inside B."""
    return float(inside(apply(homography, OVERLAP_POINTS)).mean())


def least_overlap(homography: np.ndarray) -> float:
    """The smaller share of the two frames."""
    return min(overlap(homography), overlap(np.linalg.inv(homography)))


def control_points() -> np.ndarray:
    """Control points in pixels, row-major, [130, 2].

    They lie on the continuous frame, which spans -0.5 ... 479.5 in integer-centre pixels.
    """
    x = np.linspace(-0.5, WIDTH - 0.5, MESH_COLUMNS)
    y = np.linspace(-0.5, HEIGHT - 0.5, MESH_ROWS)
    return np.stack([np.tile(x, MESH_ROWS), np.repeat(y, MESH_COLUMNS)], -1)


def hat_basis(points: np.ndarray) -> np.ndarray:
    """Bilinear weights of the control points at points [n, 2] px: [n, 130], rows sum to 1 inside the frame."""
    sx, sy = (MESH_COLUMNS - 1) / WIDTH, (MESH_ROWS - 1) / HEIGHT
    c = control_points()
    bx = np.maximum(0, 1 - np.abs(points[:, 0:1] - c[None, :, 0]) * sx)
    by = np.maximum(0, 1 - np.abs(points[:, 1:2] - c[None, :, 1]) * sy)
    return bx * by


def mesh_roughness() -> np.ndarray:
    """Regulariser of the mesh, [130, 130]: 3 L'L + 0.3 D'D + 0.05 I (L second, D first differences)."""
    n = MESH_COLUMNS * MESH_ROWS
    index = np.arange(n).reshape(MESH_ROWS, MESH_COLUMNS)
    eye = np.eye(n)
    first, second = [], []
    for grid in (index, index.T):
        for line in grid:
            e = eye[line]
            first.append(e[1:] - e[:-1])
            second.append(e[2:] - 2 * e[1:-1] + e[:-2])
    d, l = np.concatenate(first), np.concatenate(second)
    return 3.0 * l.T @ l + 0.3 * d.T @ d + 0.05 * eye


def dense_map(homography: np.ndarray, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Where every pixel centre of a width x height frame goes: float32 [height, width, 2]."""
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    return map_grid(homography, x, y)


def map_grid(homography: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Maps broadcastable float32 coordinate arrays x, y by a homography: float32 [..., 2]."""
    h = homography.astype(np.float32)
    w = 1 / (h[2, 0] * x + h[2, 1] * y + h[2, 2])
    out = np.empty(w.shape + (2,), np.float32)
    out[..., 0] = (h[0, 0] * x + h[0, 1] * y + h[0, 2]) * w
    out[..., 1] = (h[1, 0] * x + h[1, 1] * y + h[1, 2]) * w
    return out


def sample(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Bilinear values of field [h, w, ...] at points [n, 2], border repeated: [n, ...]."""
    p = points.astype(np.float32)
    parts = []
    # remap takes at most 32,767 rows.
    for start in range(0, max(1, len(p)), 30000):
        q = p[start : start + 30000]
        part = cv2.remap(field, q[:, 0:1], q[:, 1:2], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        parts.append(part[:, 0])
    return np.concatenate(parts)


# --- thin-plate spline, as the server evaluates it -------------------------------------------------------------


def _spline_frame(points: np.ndarray, width: float, height: float) -> np.ndarray:
    return np.asarray(points, np.float64) * [2 / width, 2 / height] - 1


def _spline_kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    r2 = ((a[:, None] - b[None]) ** 2).sum(-1)
    return r2 * np.log(r2 + 1e-6)


def thin_plate(
    source: np.ndarray, target: np.ndarray, query: np.ndarray, source_size: tuple, target_size: tuple
) -> np.ndarray:
    """Thin-plate spline through source [n, 2] -> target [n, 2], at query [m, 2]; all continuous pixels.

    Sizes are (width, height) of the planes on which source/query and target lie; kernel r2 ln(r2 + 1e-6) of normalised
    coordinates (2x/W - 1, 2y/H - 1).
    """
    s, q = _spline_frame(source, *source_size), _spline_frame(query, *source_size)
    d = _spline_frame(target, *target_size)
    n = len(s)
    system = np.zeros((n + 3, n + 3))
    system[:n, :3] = np.c_[np.ones(n), s]
    system[:n, 3:] = _spline_kernel(s, s)
    system[n:, 3:] = system[:n, :3].T
    solved = np.linalg.solve(system, np.r_[d, np.zeros((3, 2))])
    value = np.c_[np.ones(len(q)), q] @ solved[:3] + _spline_kernel(q, s) @ solved[3:]
    return (value + 1) * np.asarray(target_size, np.float64) / 2
