"""Training samples made of pairs: sampled cells for the coarse net, sampled windows for the fine net."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from . import geometry as g
from .config import Config
from .features import COARSE_COLUMNS, COARSE_HEIGHT, COARSE_ROWS, COARSE_WIDTH, WINDOW
from .pairs import Pair, PairMaker, Recipe
from .photos import PhotoStore

CELL = g.WIDTH / COARSE_COLUMNS
_x, _y = np.meshgrid(np.arange(COARSE_COLUMNS), np.arange(COARSE_ROWS))
# Centres of the coarse cells, px of the 480 x 360 frame, [1200, 2].
CELL_CENTRES = (np.stack([_x, _y], -1).reshape(-1, 2) + 0.5) * CELL - 0.5
# A cell counts as without partner when it lies at least this far outside the other picture, px.
CLEAR_OUTSIDE = 24.0
# Image reduction of the fine levels, and how many queries a level has at least.
FINE_LEVELS = (1, 2, 4, 8)
LEAST_QUERIES = 24


def to_cells(points: np.ndarray) -> np.ndarray:
    """Pixels [..., 2] to coarse cell coordinates, where cell centres are integers."""
    return (points + 0.5) / CELL - 0.5


def recipe_for(rng: np.random.Generator, config: Config) -> Recipe:
    """The mixture of pairs that a run trains on."""
    if rng.random() < config.hard_share:
        return Recipe(config.min_overlap, 0.35, photometry=1.4)
    return Recipe(config.min_overlap, config.max_overlap)


def coarse_sample(rng: np.random.Generator, pair: Pair, config: Config) -> dict[str, np.ndarray] | None:
    """Pictures [2, 240, 320] and sampled cells: matched rows, matched columns, rows without partner; None if too few."""
    flow, seen = pair.flow_at(CELL_CENTRES)
    matched = np.flatnonzero(seen)
    if len(matched) < 20:
        return None
    rows = rng.choice(matched, config.matched_cells, replace=len(matched) < config.matched_cells)
    target = to_cells(flow[rows])
    # Columns: the nearest cell of B, and where its centre lies in A.
    column = np.clip(np.rint(target), 0, [COARSE_COLUMNS - 1, COARSE_ROWS - 1])
    back = pair.inverse_near((column + 0.5) * CELL - 0.5, CELL_CENTRES[rows], flow[rows])
    outside = np.flatnonzero(~g.inside(flow, -CLEAR_OUTSIDE))
    count = config.unmatched_cells
    alone = rng.choice(outside, count, replace=len(outside) < count) if len(outside) else np.zeros(count, np.int64)
    size = (COARSE_WIDTH, COARSE_HEIGHT)
    images = [cv2.resize(v, size, interpolation=cv2.INTER_LINEAR) for v in (pair.a, pair.b)]
    return {
        "images": np.stack(images),
        "rows": rows,
        "row_target": target.astype(np.float32),
        "columns": (column[:, 1] * COARSE_COLUMNS + column[:, 0]).astype(np.int64),
        "column_target": to_cells(back).astype(np.float32),
        "column_valid": g.inside(back).astype(np.float32),
        "alone": alone,
        "has_alone": np.float32(len(outside) > 0),
    }


def corner_queries(luma: np.ndarray, block: int) -> np.ndarray:
    """The best Shi-Tomasi corner of every block of the half-resolution grid of a luma plane: [n, 2] fine cells."""
    height, width = luma.shape[0] // 2, luma.shape[1] // 2
    half = cv2.resize(luma[: height * 2, : width * 2], (width, height), interpolation=cv2.INTER_AREA)
    rows, columns = height // block, width // block
    strength = cv2.cornerMinEigenVal(half, 5, 3)[: rows * block, : columns * block]
    strength = strength.reshape(rows, block, columns, block).transpose(0, 2, 1, 3).reshape(-1, block * block)
    best = strength.argmax(1)
    y, x = np.divmod(np.arange(rows * columns), columns)
    return np.stack([x * block + best % block, y * block + best // block], -1)


def fine_sample(rng: np.random.Generator, pair: Pair, level: int, config: Config) -> dict[str, np.ndarray] | None:
    """Pictures [2, h, w] of one level, B warped by a start that is off by a few cells, and queries with true offsets."""
    jitter = rng.normal(0, 1, (4, 2)) * rng.choice([0.5, 2.0, 4.0]) * min(level, 4)
    start = pair.homography @ g.from_corners(g.CORNERS, g.CORNERS + jitter)
    width, height = g.WIDTH // level, g.HEIGHT // level
    a, b = pair.a, pair.b
    to_level = np.array([[1 / level, 0, 0.5 / level - 0.5], [0, 1 / level, 0.5 / level - 0.5], [0, 0, 1]])
    if level > 1:
        a, b = (cv2.resize(v, (width, height), interpolation=cv2.INTER_AREA) for v in (a, b))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    mapping = to_level @ start @ np.linalg.inv(to_level)
    warped = cv2.warpPerspective(b, mapping, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    cells = (width // 2, height // 2)
    points = corner_queries(a, {1: 8, 2: 4}.get(level, 2))
    points = np.concatenate([points, rng.integers(0, cells, (150 // level, 2))])
    pixels = (points * 2 + 1) * level - 0.5
    flow, seen = pair.flow_at(pixels)
    offset = (g.apply(np.linalg.inv(start), flow) - pixels) / (2 * level)
    reach = WINDOW // 2 + 0.2
    usable = np.flatnonzero(seen & (np.abs(offset) < reach).all(-1))
    if len(usable) < LEAST_QUERIES:
        return None
    count = config.queries if level < 8 else config.queries // 2
    chosen = rng.choice(usable, count, replace=len(usable) < count)
    return {"images": np.stack([a, warped]), "points": points[chosen], "offset": offset[chosen].astype(np.float32)}


@dataclasses.dataclass
class Stream(IterableDataset):
    """Endless samples for a network; `step` seeds it, so that a resumed run does not repeat itself."""

    maker: PairMaker
    config: Config
    step: int = 0

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        info = get_worker_info()
        rng = np.random.default_rng([self.config.seed, self.step, info.id if info else 0])
        cv2.setNumThreads(1)
        while True:
            pair = self.maker.make(rng, recipe_for(rng, self.config))
            sample = self._sample(rng, pair)
            if sample is not None:
                yield sample

    def _sample(self, rng: np.random.Generator, pair: Pair) -> dict[str, np.ndarray] | None:
        if self.config.network == "coarse":
            return coarse_sample(rng, pair, self.config)
        out: dict[str, np.ndarray] = {}
        for level in FINE_LEVELS:
            sample = fine_sample(rng, pair, level, self.config)
            if sample is None:
                return None
            out.update({f"{name}{level}": value for name, value in sample.items()})
        return out


def batches(photos: PhotoStore, config: Config, step: int) -> Iterator[dict[str, torch.Tensor]]:
    """Batches of samples: every value gets a leading axis of length config.batch."""
    loader = DataLoader(
        Stream(PairMaker(photos), config, step),
        batch_size=config.batch,
        num_workers=config.workers,
        prefetch_factor=4 if config.workers else 2,
        worker_init_fn=_one_thread,
    )
    return iter(loader)


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)
