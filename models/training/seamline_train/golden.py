"""Command `golden`: JSON cases on which this package's geometry and the server's must agree (test/golden/geometry)."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from . import geometry as g

NETWORK = {"widthPx": g.WIDTH, "heightPx": g.HEIGHT}
SIZES = ((480, 360), (640, 480), (1280, 720), (720, 576))


def _size(size: tuple[int, int]) -> dict[str, int]:
    return {"widthPx": size[0], "heightPx": size[1]}


def _flat(values: np.ndarray) -> list[float]:
    return [float(v) for v in np.asarray(values, np.float64).reshape(-1)]


def _relative(rng: np.random.Generator, width: float, height: float) -> np.ndarray:
    """A homography of two overlapping views, continuous pixels."""
    corners = g.view_corners(width, height)
    shift = rng.uniform(-0.6, 0.6, 2) * [width, 0.3 * height]
    return g.from_corners(corners, corners + shift + rng.normal(0, 0.04, (4, 2)) * width)


def corner_cases(rng: np.random.Generator) -> list[dict]:
    """Homography and the motion of the corners under it."""
    out = []
    for width, height in SIZES:
        h = _relative(rng, width, height)
        motion = g.corner_motion(h, width, height)
        out.append({"size": _size((width, height)), "homography": _flat(h), "cornerOffsets": _flat(motion)})
    return out


def mid_plane_cases(rng: np.random.Generator) -> list[dict]:
    """Homography target <- reference and its two halves."""
    out = []
    for width, height in SIZES:
        h = _relative(rng, width, height)
        reference, target = g.mid_plane(h, width, height)
        out.append(
            {
                "size": _size((width, height)),
                "targetFromReference": _flat(h),
                "referenceFromPlane": _flat(reference),
                "targetFromPlane": _flat(target),
            }
        )
    return out


def conversion_cases(rng: np.random.Generator) -> list[dict]:
    """Normalised homography (as SpatialNet gives it) and the same between views of other sizes."""
    out = []
    for size_a, size_b in zip(SIZES, SIZES[1:] + SIZES[:1]):
        to_frame = g.view_to_normalised(*size_a)
        normalised = g.unit(to_frame @ _relative(rng, *size_a) @ np.linalg.inv(to_frame))
        out.append(
            {
                "network": NETWORK,
                "reference": _size(size_a),
                "target": _size(size_b),
                "normalised": _flat(normalised),
                "targetFromReference": _flat(g.homography_between_views(normalised, size_a, size_b)),
            }
        )
    return out


def field_cases(rng: np.random.Generator) -> list[dict]:
    """Values at the control points and bilinear values between them, continuous pixels of a 480 x 360 view."""
    field = rng.normal(0, 3, (g.MESH_COLUMNS * g.MESH_ROWS, 2))
    points = rng.uniform(0, 1, (40, 2)) * [g.WIDTH, g.HEIGHT]
    value = g.hat_basis(points - 0.5) @ field
    grid = {"rows": g.MESH_ROWS - 1, "cols": g.MESH_COLUMNS - 1}
    return [
        {"grid": grid, "view": NETWORK, "field": _flat(field), "points": _flat(points), "values": _flat(value)},
    ]


def spline_cases(rng: np.random.Generator) -> list[dict]:
    """Thin-plate splines from a bent mesh on a canvas to the rigid mesh of a view, at points of the canvas."""
    out = []
    for (width, height), canvas in zip(SIZES, ((800, 448), (1104, 576), (2048, 816), (1200, 640))):
        x, y = np.linspace(0, width, g.MESH_COLUMNS), np.linspace(0, height, g.MESH_ROWS)
        rigid = np.stack([np.tile(x, g.MESH_ROWS), np.repeat(y, g.MESH_COLUMNS)], -1)
        bend = rng.normal(0, 0.004 * width, rigid.shape)
        mesh = g.apply(_relative(rng, width, height), rigid) + bend
        query = rng.uniform(0, 1, (24, 2)) * canvas
        value = g.thin_plate(mesh, rigid, query, canvas, (width, height))
        out.append(
            {
                "canvas": _size(canvas),
                "view": _size((width, height)),
                "from": _flat(mesh),
                "to": _flat(rigid),
                "points": _flat(query),
                "values": _flat(value),
            }
        )
    return out


def write_cases(folder: Path) -> list[Path]:
    """Writes all files; the same on every machine."""
    folder.mkdir(parents=True, exist_ok=True)
    makers = {
        "corner-motion": corner_cases,
        "mid-plane": mid_plane_cases,
        "normalised-frame": conversion_cases,
        "mesh-field": field_cases,
        "thin-plate-spline": spline_cases,
    }
    paths = []
    for number, (name, make) in enumerate(makers.items()):
        path = folder / f"{name}.json"
        path.write_text(json.dumps(make(np.random.default_rng([8, number])), indent=1) + "\n")
        paths.append(path)
    return paths


def run(arguments: argparse.Namespace) -> None:
    """Entry of the command line."""
    for path in write_cases(Path(arguments.out)):
        print(path)
