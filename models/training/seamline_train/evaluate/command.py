"""Command `evaluate`: runs the chosen measurements and keeps their figures in one JSON file."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import torch

from ..bundle import Confidence, Weights
from ..config import git_hash
from ..pairs import PairMaker
from ..photos import PhotoStore, split
from ..sequences import FrameMaker
from . import motion, synthetic
from .real import real_pairs

MEASUREMENTS = ("planes", "parallax", "confidence", "acceptance", "temporal", "smoothing", "real")


def keep(path: Path, name: str, figures: dict) -> None:
    """Replaces one entry of the JSON file."""
    everything = json.loads(path.read_text()) if path.exists() else {}
    everything[name] = figures
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n")


def run(arguments: argparse.Namespace) -> None:
    """Entry of the command line."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    begun = time.monotonic()

    def progress(text: str) -> None:
        print(f"[{(time.monotonic() - begun) / 60:5.1f} min] {text}", flush=True)

    smooth = Path(arguments.smooth) if arguments.smooth else None
    weights = Weights.load(Path(arguments.coarse), Path(arguments.fine), smooth)
    file = Path(arguments.confidence)
    confidence = Confidence.load(file if file.exists() else None)
    net = weights.spatial(arguments.profile, confidence)
    count = arguments.pairs
    suffix = "" if arguments.profile == "default" else f" ({arguments.profile})"
    for what in arguments.what or MEASUREMENTS:
        photos = PhotoStore(split(arguments.photos)[1]) if what not in ("smoothing", "real") else None
        if what == "real":
            figures = real_pairs(net, Path(arguments.real), confidence.threshold, progress)
        elif what == "smoothing":
            assert weights.smooth is not None
            figures = motion.smoothing(weights.smooth, 64, 120, progress)
        elif what == "temporal":
            figures = motion.temporal(weights.temporal(), FrameMaker(photos), count, progress)
        elif what == "planes":
            figures = synthetic.planes(net, PairMaker(photos), count, arguments.sift, progress)
        elif what == "parallax":
            figures = synthetic.parallax(net, PairMaker(photos), count, progress)
        elif what == "acceptance":
            figures = synthetic.acceptance(net, PairMaker(photos), count, confidence.threshold, progress)
        else:
            figures, confidence = synthetic.confidence(net, PairMaker(photos), count, progress)
            confidence.save(file)
            confidence.apply_to(net)
        steps = {name: record["step"] for name, record in weights.records.items()}
        keep(Path(arguments.out), what + suffix, {**figures, "steps": steps, "git": git_hash()})
