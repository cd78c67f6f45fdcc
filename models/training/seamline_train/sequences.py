"""Successive frames of one shaken camera with exact truth, for TemporalNet."""

from __future__ import annotations

import math

import numpy as np

from . import geometry as g
from .motion import rotation_about_centre
from .pairs import LEAST_DETAIL
from .photometry import jpeg, to_uint8
from .photos import PhotoStore
from .render import place_union, render, warp_plane


def camera_step(rng: np.random.Generator, shift: float) -> np.ndarray:
    """Homography cur px -> prev px of a camera that moved by `shift` px in a random direction and turned a little."""
    angle = rng.uniform(0, 2 * math.pi)
    centred = np.array([[1, 0, -g.CENTRE[0]], [0, 1, -g.CENTRE[1]], [0, 0, 1]])
    turn = rotation_about_centre(rng.normal(0, 0.02 * (1 + shift)), math.exp(rng.normal(0, 0.0005 * (1 + shift))))
    move = np.array([[1, 0, shift * math.cos(angle)], [0, 1, shift * math.sin(angle)], [0, 0, 1.0]])
    return g.unit(np.linalg.inv(centred) @ move @ turn @ centred)


class FrameMaker:
    """Draws frame pairs (prev, cur) of one scene; a third have an object that moves on its own."""

    def __init__(self, photos: PhotoStore):
        self._photos = photos

    def make(self, rng: np.random.Generator, shift: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(prev, cur uint8 [360, 480], homography cur px -> prev px)."""
        step = camera_step(rng, shift)
        back = np.linalg.inv(step)
        while True:
            photo = self._photos.draw(rng)[0]
            placed, detail = place_union(rng, photo.shape, [np.eye(3), back])
            if detail >= LEAST_DETAIL:
                break
        frames = {"cur": render(photo, placed), "prev": render(photo, placed @ back)}
        if rng.random() < 0.33:
            self._object(rng, frames, back)
        quality = int(rng.integers(55, 90))
        for name, image in frames.items():
            noisy = image + rng.normal(0, 2, image.shape) + rng.normal(0, 1)
            frames[name] = jpeg(to_uint8(noisy), quality)
        return frames["prev"], frames["cur"], step

    def _object(self, rng: np.random.Generator, frames: dict[str, np.ndarray], back: np.ndarray) -> None:
        """A textured disc that moves by up to 12 px against the scene."""
        source = self._photos.draw(rng)[0]
        radius = rng.uniform(20, 70)
        x, y = rng.uniform(0, 1, 2) * [g.WIDTH, g.HEIGHT]
        own = rng.normal(0, 6, 2)
        drift = np.array([[1, 0, own[0]], [0, 1, own[1]], [0, 0, 1.0]])
        for name, view in (("cur", np.eye(3)), ("prev", drift @ back)):
            p = g.dense_map(view)
            soft = np.clip(radius - np.hypot(p[..., 0] - x, p[..., 1] - y) + 0.5, 0, 1)
            content = warp_plane(source, view, None, 4).astype(np.float32)
            frames[name] = frames[name] + (content - frames[name]) * soft
