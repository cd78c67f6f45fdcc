"""Command `parity`: what PyTorch computes on pictures given by a formula, for the test of the exported files."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from . import geometry as g
from .bundle import Confidence, Weights
from .evaluate.scoring import to_tensor
from .smooth_net import HISTORY, WINDOW

WAVES = 60
# Pictures of the scene: ideal pixels of the first view -> scene.
SHIFT = np.array([[0.98, -0.05, 172.0], [0.04, 1.01, 9.0], [1e-5, -2e-5, 1.0]])
# Ground of the second view: below this row it lies nearer, and at the lower border this many px beside SHIFT.
GROUND_ROW, GROUND_PX = 170, 60
STEP = np.array([[1.001, -0.004, 6.3], [0.004, 0.999, -4.1], [0, 0, 1.0]])


def waves(seed: int) -> np.ndarray:
    """A scene as a sum of waves: rows (angular frequency x, y, phase, amplitude), rounded so that JSON holds them exactly."""
    rng = np.random.default_rng(seed)
    length = np.exp(rng.uniform(np.log(9), np.log(160), WAVES))
    angle = rng.uniform(0, 2 * np.pi, WAVES)
    amplitude = 6.0 * (length / 30) ** 0.6
    rows = [np.cos(angle) * 2 * np.pi / length, np.sin(angle) * 2 * np.pi / length]
    return np.round(np.stack([*rows, rng.uniform(0, 2 * np.pi, WAVES), amplitude], -1), 6)


def picture(scene: np.ndarray, view: np.ndarray, ground_px: float = 0.0) -> np.ndarray:
    """The scene seen through a homography view px -> scene, below GROUND_ROW displaced: uint8 [360, 480]."""
    x, y = np.meshgrid(np.arange(g.WIDTH), np.arange(g.HEIGHT))
    beside = ground_px * np.maximum(0, y - GROUND_ROW) / (g.HEIGHT - GROUND_ROW)
    p = g.apply(view, np.stack([x + beside, y], -1).astype(np.float64))
    total = np.full(x.shape, 128.0)
    for fx, fy, phase, amplitude in scene:
        total += amplitude * np.sin(fx * p[..., 0] + fy * p[..., 1] + phase)
    return np.clip(np.floor(total + 0.5), 0, 255).astype(np.uint8)


def paths(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of SmoothNet, rounded to 1/64 px."""
    rng = np.random.default_rng(seed)
    shape = (g.MESH_ROWS, g.MESH_COLUMNS)
    raw = np.cumsum(rng.normal(0, 2, (1, 2, WINDOW, 1, 1)), 2) + rng.normal(0, 0.3, (1, 2, WINDOW, *shape))
    prev = np.cumsum(rng.normal(0, 1, (1, 2, HISTORY, 1, 1)), 2) + rng.normal(0, 0.2, (1, 2, HISTORY, *shape))
    return np.round(raw * 64) / 64, np.round(prev * 64) / 64


def _flat(x: np.ndarray | torch.Tensor) -> list[float]:
    return [round(float(v), 8) for v in np.asarray(x).reshape(-1)]


def expectations(weights: Weights, confidence: Confidence, folder: Path) -> dict:
    """Inputs and PyTorch's outputs for every network of the bundle in `folder`, with the hashes of its files."""
    scene = waves(3)
    first, second, later = picture(scene, np.eye(3)), picture(scene, SHIFT), picture(scene, STEP)
    ground = picture(scene, SHIFT, GROUND_PX)
    spatial, spatial_ground = {}, {}
    smooth = weights.smooth
    assert smooth is not None
    with torch.no_grad():
        for name, file in (("default", "spatial.onnx"), ("quality", "spatial-quality.onnx")):
            net = weights.spatial(name, confidence)
            for answers, other in ((spatial, second), (spatial_ground, ground)):
                h, mesh, stats, _, sure = net(to_tensor(first), to_tensor(other))
                answers[file] = {"h": _flat(h), "mesh": _flat(mesh), "stats": _flat(stats), "confidence": _flat(sure)}
        h, stats = weights.temporal()(to_tensor(first), to_tensor(later))
        raw, prev = paths(4)
        out = smooth(torch.tensor(raw, dtype=torch.float32), torch.tensor(prev, dtype=torch.float32))
    files = [*spatial, "temporal.onnx", "smooth.onnx"]
    return {
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
        "waves": scene.tolist(),
        "sceneFromSecond": _flat(SHIFT),
        "sceneFromLater": _flat(STEP),
        "spatial": spatial,
        "ground": {"row": GROUND_ROW, "px": GROUND_PX, "spatial": spatial_ground},
        "temporal": {"h": _flat(h), "stats": _flat(stats)},
        "smooth": {"raw": _flat(raw), "prev": _flat(prev), "out": _flat(out)},
    }


def run(arguments: argparse.Namespace) -> None:
    """Entry of the command line."""
    torch.set_num_threads(1)
    weights = Weights.load(Path(arguments.coarse), Path(arguments.fine), Path(arguments.smooth))
    confidence = Confidence.load(Path(arguments.confidence) if arguments.confidence else None)
    values = expectations(weights, confidence, Path(arguments.bundle))
    Path(arguments.out).parent.mkdir(parents=True, exist_ok=True)
    Path(arguments.out).write_text(json.dumps(values) + "\n")
