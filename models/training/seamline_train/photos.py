"""Photographs: which are for training, which are held out, and a store of decoded luma."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
HELD_OUT_EVERY = 7
# Second luma mix (blue, green, red): stands for another camera's white balance.
SHIFTED_LUMA = np.array([[0.22, 0.45, 0.33]], np.float32)
LONGEST_SIDE = 1400
SHORTEST_SIDE = 240


def list_photos(folder: str | Path) -> list[Path]:
    """All pictures below `folder`, sorted by path."""
    return sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in SUFFIXES)


def is_held_out(photo: Path) -> bool:
    """Every seventh picture by a hash of its file name is only for evaluation."""
    return int(hashlib.sha256(photo.name.encode()).hexdigest()[:8], 16) % HELD_OUT_EVERY == 0


def split(folder: str | Path) -> tuple[list[Path], list[Path]]:
    """(training, held out) pictures of a folder."""
    photos = list_photos(folder)
    return [p for p in photos if not is_held_out(p)], [p for p in photos if is_held_out(p)]


class PhotoStore:
    """Decodes pictures on first use and keeps them: two uint8 luma planes each (BT.601 and a shifted mix)."""

    def __init__(self, photos: list[Path]):
        if not photos:
            raise ValueError("no photographs: the generator needs a folder with pictures")
        self._photos = photos
        self._kept: dict[int, tuple[np.ndarray, np.ndarray] | None] = {}

    def __len__(self) -> int:
        return len(self._photos)

    def get(self, index: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Both luma planes [h, w] of picture `index`; None when it cannot be read or is too small."""
        if index not in self._kept:
            self._kept[index] = self._decode(self._photos[index])
        return self._kept[index]

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A random readable picture."""
        for _ in range(200):
            planes = self.get(int(rng.integers(len(self._photos))))
            if planes is not None:
                return planes
        raise ValueError("none of 200 drawn pictures could be read")

    @staticmethod
    def _decode(path: Path) -> tuple[np.ndarray, np.ndarray] | None:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None or min(image.shape[:2]) < SHORTEST_SIDE:
            return None
        longest = max(image.shape[:2])
        if longest > LONGEST_SIDE:
            size = (round(image.shape[1] * LONGEST_SIDE / longest), round(image.shape[0] * LONGEST_SIDE / longest))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.transform(image, SHIFTED_LUMA).reshape(image.shape[:2])


class TextureStore(PhotoStore):
    """Procedural pictures for machines without photographs (smoke runs, tests): noise of many scales and shapes."""

    def __init__(self, count: int, seed: int):
        super().__init__([Path(f"procedural-{i}") for i in range(count)])
        self._seed = seed

    def get(self, index: int) -> tuple[np.ndarray, np.ndarray] | None:
        if index not in self._kept:
            plane = procedural(np.random.default_rng([self._seed, index]), 960, 720)
            self._kept[index] = (plane, plane)
        return self._kept[index]


def procedural(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A uint8 picture [height, width] with structure at every scale and sharp edges."""
    total = np.zeros((height, width), np.float32)
    for cells in (4, 8, 16, 32, 64, 128):
        noise = rng.standard_normal((max(2, cells * height // width), cells)).astype(np.float32)
        total += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) * (28 / cells**0.35)
    total += 128
    for _ in range(60):
        centre = rng.uniform(0, 1, 2) * [width, height]
        corners = rng.integers(3, 7)
        angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
        polygon = centre + np.stack([np.cos(angle), np.sin(angle)], -1) * rng.uniform(10, 110)
        shade = float(rng.uniform(20, 235))
        cv2.fillPoly(total, [np.round(polygon * 8).astype(np.int32)], shade, cv2.LINE_AA, 3)
    total += rng.standard_normal((height, width)).astype(np.float32) * 3
    return np.clip(total, 0, 255).astype(np.uint8)
