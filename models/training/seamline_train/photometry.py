"""What a camera does to a picture: exposure, vignette, blur, noise, low resolution, compression."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .geometry import HEIGHT, WIDTH

_BANK_SIDE = 1024
_bank: np.ndarray | None = None


def _noise(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Standard normal noise [height, width], a random cut of a bank made once: drawing it anew costs more than all else."""
    global _bank
    if _bank is None:
        _bank = np.random.default_rng(7).standard_normal((_BANK_SIDE, _BANK_SIDE), dtype=np.float32)
    y, x = rng.integers(0, _BANK_SIDE - height + 1), rng.integers(0, _BANK_SIDE - width + 1)
    cut = _bank[y : y + height, x : x + width]
    return cut[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])]


def _radius_squared(cx: float, cy: float) -> np.ndarray:
    x = (np.arange(WIDTH, dtype=np.float32) - cx) ** 2
    y = (np.arange(HEIGHT, dtype=np.float32) - cy) ** 2
    return (y[:, None] + x[None]) / (WIDTH * WIDTH * 0.35)


def _motion_blur(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    a = rng.uniform(0, math.pi)
    c = (length - 1) / 2
    for t in np.linspace(-c, c, 4 * length):
        kernel[int(round(c + t * math.sin(a))), int(round(c + t * math.cos(a)))] += 1
    kernel = (kernel + kernel[::-1, ::-1]) / 2
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """A uint8 plane after compression."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Rounds and clips a float plane."""
    return np.clip(image + 0.5, 0, 255).astype(np.uint8)


def photometric(rng: np.random.Generator, image: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """A rendered luma plane (float32 [360, 480]) as one camera would deliver it (uint8)."""
    gamma, gain = math.exp(rng.normal(0, 0.18 * strength)), math.exp(rng.normal(0, 0.18 * strength))
    curve = 255 * (np.arange(256) / 255.0) ** gamma * gain + rng.normal(0, 8 * strength)
    out = cv2.LUT(to_uint8(image), np.clip(curve, 0, 255).astype(np.float32))
    if rng.random() < 0.4:
        out = out * (1 - rng.uniform(0, 0.4) * _radius_squared(*(rng.uniform(0.3, 0.7, 2) * [WIDTH, HEIGHT])))
    if rng.random() < 0.08:
        out = _motion_blur(rng, out)
    elif rng.random() < 0.5:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.3, 1.3))
    if rng.random() < 0.1:
        k = rng.uniform(0.5, 0.9)
        small = cv2.resize(out, (round(WIDTH * k), round(HEIGHT * k)), interpolation=cv2.INTER_AREA)
        out = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.6:
        sigma = rng.uniform(0, 5) * strength
        coarse = cv2.resize(_noise(rng, HEIGHT // 2, WIDTH // 2), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
        out = out + (0.7 * sigma) * (coarse + _noise(rng, HEIGHT, WIDTH))
    out = to_uint8(out)
    return jpeg(out, int(rng.integers(35, 95))) if rng.random() < 0.7 else out
