"""Command `evaluate`: runs the chosen measurements and keeps their figures in one JSON file."""

from __future__ import annotations

import argparse
import dataclasses
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
from ..smooth_net import SmoothNet
from ..spatial_net import SpatialNet
from ..temporal_net import TemporalNet
from . import confidence as confidences
from . import motion, synthetic
from .onnx_nets import OnnxBundle, OnnxNet
from .real import real_pairs

MEASUREMENTS = ("planes", "parallax", "confidence", "acceptance", "temporal", "smoothing", "real")


def keep(path: Path, name: str, figures: dict) -> None:
    """Replaces one entry of the JSON file."""
    everything = json.loads(path.read_text()) if path.exists() else {}
    everything[name] = figures
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n")


@dataclasses.dataclass
class Subject:
    """What is measured: networks in PyTorch, or the files of a bundle in ONNX Runtime."""

    spatial: SpatialNet | OnnxNet
    temporal: TemporalNet | OnnxNet
    smooth: SmoothNet | OnnxNet | None
    threshold: float
    steps: dict[str, int]

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "Subject":
        """By the command line."""
        if arguments.onnx:
            bundle = OnnxBundle(Path(arguments.onnx))
            spatial = bundle.network("spatial", arguments.profile)
            nets = spatial, bundle.network("temporal"), bundle.network("smooth")
            return cls(*nets, bundle.threshold, spatial.steps())
        smooth = Path(arguments.smooth) if arguments.smooth else None
        weights = Weights.load(Path(arguments.coarse), Path(arguments.fine), smooth)
        file = Path(arguments.confidence)
        confidence = Confidence.load(file if file.exists() else None)
        steps = {name: record["step"] for name, record in weights.records.items()}
        spatial = weights.spatial(arguments.profile, confidence)
        return cls(spatial, weights.temporal(), weights.smooth, confidence.threshold, steps)


def chosen(arguments: argparse.Namespace) -> list[str]:
    """The measurements that the command line asks for. Raises SystemExit when it contradicts itself."""
    if arguments.onnx:
        if "confidence" in arguments.what:
            raise SystemExit("confidence fits the logistic that an export needs: measure it without --onnx")
        return arguments.what or [what for what in MEASUREMENTS if what != "confidence"]
    if not (arguments.coarse and arguments.fine and arguments.confidence):
        raise SystemExit("give --coarse, --fine and --confidence, or --onnx")
    return arguments.what or list(MEASUREMENTS)


def run(arguments: argparse.Namespace) -> None:
    """Entry of the command line."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    begun = time.monotonic()

    def progress(text: str) -> None:
        print(f"[{(time.monotonic() - begun) / 60:5.1f} min] {text}", flush=True)

    measurements = chosen(arguments)
    subject = Subject.of(arguments)
    net = subject.spatial
    count = arguments.pairs
    suffix = "" if arguments.profile == "default" else f" ({arguments.profile})"
    for what in measurements:
        photos = PhotoStore(split(arguments.photos)[1]) if what not in ("smoothing", "real") else None
        if what == "real":
            figures = real_pairs(net, Path(arguments.real), subject.threshold, progress)
        elif what == "smoothing":
            assert subject.smooth is not None
            figures = motion.smoothing(subject.smooth, 64, 120, progress)
        elif what == "temporal":
            figures = motion.temporal(subject.temporal, FrameMaker(photos), count, progress)
        elif what == "planes":
            figures = synthetic.planes(net, PairMaker(photos), count, arguments.sift, progress)
        elif what == "parallax":
            figures = synthetic.parallax(net, PairMaker(photos), count, progress)
        elif what == "acceptance":
            figures = confidences.acceptance(net, PairMaker(photos), count, subject.threshold, progress)
        else:
            figures, confidence = confidences.confidence(net, PairMaker(photos), count, progress)
            confidence.save(Path(arguments.confidence))
            confidence.apply_to(net)
            subject.threshold = confidence.threshold
        how = {"steps": subject.steps, "runtime": "onnx" if arguments.onnx else "torch", "git": git_hash()}
        keep(Path(arguments.out), what + suffix, {**figures, **how})
