"""Rendering of views: a photograph seen through a homography, an optional bent coordinate field and a lens."""

from __future__ import annotations

import dataclasses
import math

import cv2
import numpy as np

from .geometry import CENTRE, CORNERS, HEIGHT, WIDTH, apply, map_grid

HALF_DIAGONAL = math.hypot(*CENTRE)


@dataclasses.dataclass(frozen=True)
class Lens:
    """One-parameter radial distortion: a pixel p sees the ray of the ideal pixel c + (p - c)(1 + k r2)."""

    k: float = 0.0

    def to_ideal(self, points: np.ndarray) -> np.ndarray:
        """Pixels of the picture -> ideal pixels, [..., 2]."""
        if self.k == 0:
            return points
        d = (points - CENTRE) / HALF_DIAGONAL
        return CENTRE + (points - CENTRE) * (1 + self.k * (d * d).sum(-1, keepdims=True))

    def from_ideal(self, points: np.ndarray) -> np.ndarray:
        """Inverse of to_ideal by fixed-point iteration; exact to 1e-4 px for |k| <= 0.08 near the frame."""
        if self.k == 0:
            return points
        p = points.copy()
        for _ in range(8):
            d = (p - CENTRE) / HALF_DIAGONAL
            p = CENTRE + (points - CENTRE) / np.maximum(0.5, 1 + self.k * (d * d).sum(-1, keepdims=True))
        return p

    def ideal_grid(self) -> np.ndarray:
        """Ideal position of every pixel: float32 [360, 480, 2]."""
        x = np.arange(WIDTH, dtype=np.float32)[None] - np.float32(CENTRE[0])
        y = np.arange(HEIGHT, dtype=np.float32)[:, None] - np.float32(CENTRE[1])
        factor = 1 + np.float32(self.k / HALF_DIAGONAL**2) * (x * x + y * y)
        out = np.empty((HEIGHT, WIDTH, 2), np.float32)
        out[..., 0] = x * factor + np.float32(CENTRE[0])
        out[..., 1] = y * factor + np.float32(CENTRE[1])
        return out


def smooth_field(rng: np.random.Generator, amplitude: float) -> np.ndarray:
    """A smooth displacement field, float32 [360, 480, 2] px, mostly horizontal, largest value `amplitude`."""
    n = int(rng.integers(2, 6))
    field = cv2.resize(
        rng.normal(0, 1, (n, n + 1, 2)).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
    )
    field[..., 1] *= 0.35
    return field * (amplitude / max(1e-6, float(np.abs(field).max())))


def ground_field(rng: np.random.Generator, amplitude: float) -> np.ndarray:
    """Ground that comes nearer below a line, before a far wall: float32 [360, 480, 2] px, largest value `amplitude`."""
    y, x = np.linspace(0, 1, HEIGHT)[:, None], np.linspace(0, 1, WIDTH)[None]
    line = rng.uniform(0.25, 0.65) + rng.uniform(-0.25, 0.25) * (x - 0.5)
    nearness = np.clip(y - line, 0, None)
    nearness = nearness * (amplitude / nearness.max())
    angle = rng.choice([0, math.pi]) + rng.normal(0, 0.25)
    return (nearness[..., None] * np.array([math.cos(angle), math.sin(angle)])).astype(np.float32)


def _reduced(photo: np.ndarray, view_to_photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Area-reduces the photograph to about the view's resolution, so that the cubic warp does not alias."""
    probe = apply(view_to_photo, CENTRE + np.array([[0, 0], [10, 0], [0, 10]]))
    (ax, ay), (bx, by) = probe[1] - probe[0], probe[2] - probe[0]
    scale = math.sqrt(abs(ax * by - ay * bx)) / 10
    if scale <= 1.25:
        return photo, view_to_photo
    height, width = photo.shape
    # An explicit target size: with a factor OpenCV maps by the factor, not by the rounded size, up to 0.4 px off.
    size = (max(8, round(width * 1.05 / scale)), max(8, round(height * 1.05 / scale)))
    kx, ky = size[0] / width, size[1] / height
    shrink = np.array([[kx, 0, 0.5 * kx - 0.5], [0, ky, 0.5 * ky - 0.5], [0, 0, 1]])
    return cv2.resize(photo, size, interpolation=cv2.INTER_AREA), shrink @ view_to_photo


def render(photo: np.ndarray, view_to_photo: np.ndarray, positions: np.ndarray | None = None) -> np.ndarray:
    """A view of a photograph: float32 [360, 480].

    `positions` [360, 480, 2]: where in the ideal view every pixel looks (lens, bent scene); None: at itself.
    """
    image, mapping = _reduced(photo, view_to_photo)
    border = cv2.BORDER_REFLECT
    if positions is None:
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        return cv2.warpPerspective(image, mapping, (WIDTH, HEIGHT), flags=flags, borderMode=border).astype(np.float32)
    target = map_grid(mapping, positions[..., 0], positions[..., 1])
    return cv2.remap(image, target, None, cv2.INTER_CUBIC, borderMode=border).astype(np.float32)


def warp_plane(plane: np.ndarray, mapping: np.ndarray, positions: np.ndarray | None, border: int) -> np.ndarray:
    """Bilinear view [360, 480] of a plane, of its type, by a homography view px -> plane px."""
    if positions is None:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpPerspective(plane, mapping, (WIDTH, HEIGHT), flags=flags, borderMode=border)
    target = map_grid(mapping, positions[..., 0], positions[..., 1])
    return cv2.remap(plane, target, None, cv2.INTER_LINEAR, borderMode=border)


def place_union(
    rng: np.random.Generator, shape: tuple[int, int], views: list[np.ndarray]
) -> tuple[np.ndarray, float]:
    """Places the union of views (each view px -> reference px) inside a photograph of shape (height, width).

    Returns (reference px -> photo px, photo px per reference px).
    """
    points = np.concatenate([apply(v, CORNERS) for v in views])
    a = math.radians(rng.normal(0, 4))
    turn = np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    if rng.random() < 0.5:
        turn = turn @ np.diag([-1.0, 1.0])
    turned = points @ turn.T
    low, extent = turned.min(0), np.ptp(turned, axis=0)
    room = np.array([shape[1] - 3, shape[0] - 3], np.float64)
    scale = float((room / extent).min())
    if scale > 0.9:
        scale *= rng.uniform(0.75, 1)
    origin = rng.uniform(0, 1, 2) * (room - scale * extent) + 1
    placed = np.eye(3)
    placed[:2, :2] = scale * turn
    placed[:2, 2] = origin - scale * low
    return placed, scale
