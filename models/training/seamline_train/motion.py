"""Random relative views: how two cameras see one plane."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .geometry import CENTRE, CORNERS, HEIGHT, WIDTH, apply, from_corners, least_overlap


def rotation_about_centre(degrees: float, scale: float) -> np.ndarray:
    """Rotation and zoom about the origin of a centred frame."""
    a = math.radians(degrees)
    return np.array(
        [[scale * math.cos(a), -scale * math.sin(a), 0], [scale * math.sin(a), scale * math.cos(a), 0], [0, 0, 1]]
    )


def _squeeze(aspect: float) -> np.ndarray:
    """Squeezed pixels -> centred pixels of a frame that is `aspect` times wider."""
    return np.array([[aspect, 0, -aspect * (WIDTH - 1) / 2], [0, 1, -(HEIGHT - 1) / 2], [0, 0, 1]])


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def random_relative(rng: np.random.Generator, shared: float) -> np.ndarray:
    """A homography A px -> B px of two cameras that share about `shared` of their view; not yet checked.

    Three quarters of the pairs lie side by side (either order), the others in any direction, so also one above the other.
    Each camera has its own aspect squeeze, since frames of any aspect are squeezed to 480 x 360.
    """
    aspect = _log_uniform(rng, 0.75, 1.3)
    other = aspect * (_log_uniform(rng, 0.88, 1.14) if rng.random() < 0.25 else 1.0)
    rotation = rng.normal(0, 6) if rng.random() < 0.7 else rng.uniform(-20, 20)
    scale = math.exp(rng.normal(0, 0.08)) if rng.random() < 0.6 else _log_uniform(rng, 0.7, 1.4)
    if rng.random() < 0.7:
        angle = rng.choice([0, math.pi]) + rng.normal(0, 0.15)
    elif rng.random() < 0.5:
        angle = rng.choice([0.5 * math.pi, 1.5 * math.pi]) + rng.normal(0, 0.15)
    else:
        angle = rng.uniform(0, 2 * math.pi)
    tx = (1 - shared) * WIDTH * aspect * math.cos(angle)
    ty = (1 - shared) * HEIGHT * math.sin(angle)
    if rng.random() < 0.5:
        focal = rng.uniform(0.7, 1.6) * WIDTH
        move = _turn(focal, math.atan(tx / focal), math.atan(ty / focal))
    else:
        move = np.array([[1, 0, tx], [0, 1, ty], [0, 0, 1.0]])
    out = np.linalg.inv(_squeeze(other)) @ move @ rotation_about_centre(rotation, scale) @ _squeeze(aspect)
    if rng.random() < 0.6:
        out = from_corners(CORNERS, CORNERS + rng.normal(0, 1, (4, 2)) * rng.uniform(0, 18)) @ out
    return out / out[2, 2]


def _turn(focal: float, yaw: float, pitch: float) -> np.ndarray:
    """K R K^-1 of a camera that turns."""
    k = np.diag([focal, focal, 1.0])
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    ry = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    rx = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    return k @ ry @ rx @ np.linalg.inv(k)


def plausible(relative: np.ndarray) -> bool:
    """Whether two real cameras could stand like this: no corner near infinity, no extreme change of area."""
    homogeneous = np.c_[CORNERS, np.ones(4)]
    weight = homogeneous @ relative[2]
    if weight.min() < 0.35 or weight.max() > 2.8:
        return False
    inverse = np.linalg.inv(relative)
    if (homogeneous @ (inverse[2] / inverse[2, 2])).min() < 0.3:
        return False
    area = cv2.contourArea(apply(relative, CORNERS).astype(np.float32), oriented=True) / (WIDTH * HEIGHT)
    return 0.35 <= area <= 2.6


def sample_relative(rng: np.random.Generator, low: float, high: float) -> tuple[np.ndarray, float]:
    """(homography A px -> B px, the smaller overlap share), with low <= share <= high."""
    while True:
        shared = rng.uniform(max(0.05, low - 0.05), min(1.0, high + 0.1))
        relative = random_relative(rng, shared)
        if not plausible(relative):
            continue
        share = least_overlap(relative)
        if low <= share <= high:
            return relative, share


def arrangement(relative: np.ndarray) -> str:
    """How the cameras stand: B looks to the "right" of A, to its "left", or above or below it ("vertical")."""
    shift = (apply(relative, CENTRE[None])[0] - CENTRE) / [WIDTH, HEIGHT]
    if abs(shift[1]) > abs(shift[0]):
        return "vertical"
    return "right" if shift[0] < 0 else "left"
