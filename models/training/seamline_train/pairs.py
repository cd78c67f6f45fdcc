"""Synthetic pairs with exact truth: two views of a photograph, bent scenes, depth layers, moving objects, lenses."""

from __future__ import annotations

import dataclasses
import math

import cv2
import numpy as np

from . import geometry as g
from .motion import arrangement, sample_relative
from .photometry import photometric, to_uint8
from .photos import PhotoStore
from .render import Lens, ground_field, place_union, render, smooth_field, warp_plane

# Photo pixels per view pixel below which the picture would be blown up too much.
LEAST_DETAIL = 0.55
# Least and largest size, and where the middle lies, of a thing that is near, px.
NEAR_SIZES = ((180, 90), (480, 240))
NEAR_CENTRES = ((100, 230), (380, 340))


@dataclasses.dataclass
class Recipe:
    """What a pair may contain. None: drawn at random as for training."""

    min_overlap: float = 0.1
    max_overlap: float = 0.95
    # Largest displacement of the smooth parallax field, px.
    parallax: float | None = None
    # Number of depth layers and moving objects.
    layers: int | None = None
    lens: bool | None = None
    photometry: float = 1.0
    # Largest displacement of ground before a wall, px, in place of the parallax field.
    ground: float = 0.0
    # Displacement of a thing that fills the lower part of both views, px; it is drawn over the layers.
    near: float = 0.0
    # "right" (B looks to the right of A), "left" or "vertical"; None: any.
    arrangement: str | None = None

    @classmethod
    def clean(cls, low: float, high: float) -> "Recipe":
        """A plane without noise: checks the generator itself."""
        return cls(low, high, parallax=0.0, layers=0, lens=False, photometry=0.0)

    @classmethod
    def plane(cls, low: float, high: float) -> "Recipe":
        """A plane with camera noise, as measured in the buckets."""
        return cls(low, high, parallax=0.0, layers=0, lens=False)


@dataclasses.dataclass
class _Layer:
    """A part of the picture with its own motion."""

    # Ideal A px -> ideal B px.
    motion: np.ndarray


@dataclasses.dataclass
class Pair:
    """Two pictures (uint8 [360, 480]) and where every point of `a` lies in `b`."""

    a: np.ndarray
    b: np.ndarray
    # Ideal A px -> ideal B px of the background plane.
    homography: np.ndarray
    overlap: float
    lens_a: Lens
    lens_b: Lens
    # Displacement of the bent scene [360, 480, 2] or None for a plane.
    field: np.ndarray | None
    layers: list[_Layer]
    # Which layer a pixel shows, 0 for the background; None without layers.
    label_a: np.ndarray | None
    label_b: np.ndarray | None
    # Largest displacement of `field`, px.
    parallax: float

    def flow_at(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For points [n, 2] of A (px): where they lie in B [n, 2], and whether B shows them [n]."""
        scene = self.lens_a.to_ideal(points)
        if self.field is not None:
            scene = scene + g.sample(self.field, points)
        ideal = g.apply(self.homography, scene)
        own = np.zeros(len(points), np.uint8)
        if self.label_a is not None:
            own = _lookup(self.label_a, points)
            for k, layer in enumerate(self.layers, start=1):
                chosen = own == k
                if chosen.any():
                    ideal[chosen] = g.apply(layer.motion, self.lens_a.to_ideal(points[chosen]))
        target = self.lens_b.from_ideal(ideal)
        seen = g.inside(target)
        if self.label_b is not None:
            seen &= _lookup(self.label_b, target) == own
        return target, seen

    def inverse_near(self, targets: np.ndarray, points: np.ndarray, flow: np.ndarray) -> np.ndarray:
        """Points of A that lie at `targets` of B, for targets close to `flow`, the image of `points`; first order."""
        back = np.linalg.inv(self.homography)
        return points + g.apply(back, targets) - g.apply(back, flow)


def _lookup(labels: np.ndarray, points: np.ndarray) -> np.ndarray:
    x = np.clip(np.rint(points[:, 0]), 0, g.WIDTH - 1).astype(np.int64)
    y = np.clip(np.rint(points[:, 1]), 0, g.HEIGHT - 1).astype(np.int64)
    return labels[y, x]


def _draw_luma(rng: np.random.Generator, planes: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return planes[0] if rng.random() < 0.6 else planes[1]


def _polygon(rng: np.random.Generator, centre: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Mask uint8 [360, 480] of a random polygon with soft edges."""
    corners = int(rng.integers(5, 9))
    angle = np.sort(rng.uniform(0, 2 * math.pi, corners))
    radius = rng.uniform(0.5, 1, corners)[:, None]
    outline = centre + np.stack([np.cos(angle), np.sin(angle)], -1) * radius * size / 2
    mask = np.zeros((g.HEIGHT, g.WIDTH), np.uint8)
    return cv2.fillPoly(mask, [np.round(outline * 8).astype(np.int32)], 255, cv2.LINE_AA, 3)


def _layer_shifts(rng: np.random.Generator, count: int) -> list[np.ndarray]:
    """Motions of the layers in A, px: either every object for itself, or depth layers along one baseline."""
    if rng.random() < 0.5:
        return [rng.normal(0, 1, 2) * rng.uniform(3, 25) for _ in range(count)]
    angle = rng.normal(0, 0.3) + rng.choice([0, math.pi])
    baseline = np.array([math.cos(angle), math.sin(angle)])
    return [baseline * rng.uniform(2, 30) for _ in range(count)]


class PairMaker:
    """Makes pairs from a photo store; every random choice comes from the generator that is handed in."""

    def __init__(self, photos: PhotoStore):
        self._photos = photos

    def make(self, rng: np.random.Generator, recipe: Recipe) -> Pair:
        """One pair."""
        while True:
            planes = self._photos.draw(rng)
            relative, share = sample_relative(rng, recipe.min_overlap, recipe.max_overlap)
            if recipe.arrangement is not None and arrangement(relative) != recipe.arrangement:
                continue
            back = np.linalg.inv(relative)
            placed, detail = place_union(rng, planes[0].shape, [np.eye(3), back])
            if detail >= LEAST_DETAIL:
                break
        parallax = recipe.parallax
        if parallax is None:
            parallax = float(rng.uniform(0.5, 8)) if rng.random() < 0.45 else 0.0
        field = smooth_field(rng, parallax) if parallax > 0 else None
        if recipe.ground > 0:
            field = ground_field(rng, recipe.ground)
        bent = recipe.lens if recipe.lens is not None else rng.random() < 0.2
        lens_a, lens_b = (Lens(float(rng.uniform(-0.06, 0.03))) if bent else Lens() for _ in range(2))
        look_a = lens_a.ideal_grid() if bent else None
        look_b = lens_b.ideal_grid() if bent else None
        bent_a = look_a
        if field is not None:
            bent_a = (look_a if look_a is not None else g.dense_map(np.eye(3))) + field
        luma_a = _draw_luma(rng, planes)
        luma_b = _draw_luma(rng, planes) if recipe.photometry > 0 else luma_a
        a = render(luma_a, placed, bent_a)
        b = render(luma_b, placed @ back, look_b)
        pair = Pair(a, b, relative, share, lens_a, lens_b, field, [], None, None, parallax)
        count = recipe.layers
        if count is None:
            count = int(rng.integers(1, 5)) if rng.random() < 0.5 else 0
        for shift in _layer_shifts(rng, count):
            self._add_layer(rng, pair, shift, look_a, look_b)
        if recipe.near > 0:
            angle = rng.choice([0, math.pi]) + rng.normal(0, 0.2)
            shift = recipe.near * np.array([math.cos(angle), math.sin(angle)])
            self._add_layer(rng, pair, shift, look_a, look_b, is_near=True)
        for side in ("a", "b"):
            image = getattr(pair, side)
            done = photometric(rng, image, recipe.photometry) if recipe.photometry > 0 else to_uint8(image)
            setattr(pair, side, done)
        return pair

    def _add_layer(
        self,
        rng: np.random.Generator,
        pair: Pair,
        shift: np.ndarray,
        look_a: np.ndarray | None,
        look_b: np.ndarray | None,
        is_near: bool = False,
    ) -> None:
        """Pastes a piece of another photograph over both views, at two places that differ by its own motion.

        What is near fills the lower part of a view.
        """
        source = self._photos.draw(rng)[0]
        extent = np.array(source.shape[::-1])
        size = rng.uniform(NEAR_SIZES[0], NEAR_SIZES[1]) if is_near else rng.uniform(30, 150, 2)
        # Photo pixels per view pixel.
        detail = min(1.3, float(((extent - 8) / size).min()) - 0.2) if is_near else 1.3
        margin = size * (detail + 0.2)
        if (extent <= margin + 4).any():
            return
        centre = rng.uniform(NEAR_CENTRES[0], NEAR_CENTRES[1]) if is_near else rng.uniform(0, 1, 2) * [g.WIDTH, g.HEIGHT]
        corner = rng.uniform(0, 1, 2) * (extent - margin - 2) + 1
        start = corner - detail * (centre - size / 2)
        to_source = np.array([[detail, 0, start[0]], [0, detail, start[1]], [0, 0, 1]])
        motion = pair.homography @ np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1.0]])
        back = np.linalg.inv(motion)
        shape = _polygon(rng, centre, size)
        number = len(pair.layers) + 1
        pair.layers.append(_Layer(motion))
        for side, look, to_ideal_a in (("a", look_a, np.eye(3)), ("b", look_b, back)):
            mask = shape if side == "a" and look is None else warp_plane(shape, to_ideal_a, look, cv2.BORDER_CONSTANT)
            content = warp_plane(source, to_source @ to_ideal_a, look, cv2.BORDER_REFLECT).astype(np.float32)
            opacity = mask.astype(np.float32) * (1 / 255)
            image = getattr(pair, side)
            setattr(pair, side, image + (content - image) * opacity)
            label = getattr(pair, "label_" + side)
            if label is None:
                label = np.zeros((g.HEIGHT, g.WIDTH), np.uint8)
            label[mask > 20] = 255
            label[mask > 200] = number
            setattr(pair, "label_" + side, label)

    def make_unrelated(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Views of two different photographs (uint8 [360, 480] each)."""
        first, second = rng.choice(len(self._photos), 2, replace=False)
        views = []
        for index in (int(first), int(second)):
            planes = self._photos.get(index)
            if planes is None:
                return self.make_unrelated(rng)
            placed, _ = place_union(rng, planes[0].shape, [np.eye(3)])
            views.append(photometric(rng, render(_draw_luma(rng, planes), placed)))
        return views[0], views[1]

    @staticmethod
    def make_blank(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Views that show nothing (uint8 [360, 480] each): a spot of light, a slope of brightness, grain; often alike in both."""
        first = _blank_look(rng)
        second = first * rng.uniform(0.9, 1.1, first.shape) if rng.random() < 0.7 else _blank_look(rng)
        return _blank(rng, first), _blank(rng, second)


def _blank_look(rng: np.random.Generator) -> np.ndarray:
    """Level, height and radius of the spot, its place, slopes, deviation of the grain."""
    level, height, radius = rng.uniform(20, 130), rng.uniform(0, 110), rng.uniform(0.4, 1.4)
    return np.array([level, height, radius, *rng.normal(0, 0.1, 2), *rng.normal(0, 12, 2), rng.uniform(0.3, 5)])


def _blank(rng: np.random.Generator, look: np.ndarray) -> np.ndarray:
    level, height, radius, x0, y0, slope_x, slope_y, grain = look
    x = np.linspace(-1, 1, g.WIDTH)[None]
    y = np.linspace(-0.75, 0.75, g.HEIGHT)[:, None]
    spot = height * np.exp(-((x - x0) ** 2 + (y - y0) ** 2) / radius**2)
    return to_uint8(level + spot + slope_x * x + slope_y * y + rng.normal(0, grain, (g.HEIGHT, g.WIDTH)))
