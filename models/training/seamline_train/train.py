"""Command `train`: sets up one network with its data and runs the loop."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

from .config import Config
from .features import CoarseNet, FineNet
from .loop import Objective, Source, Trainer, load_checkpoint
from .objectives import coarse_loss, fine_loss, smooth_loss
from .paths import PathMaker
from .photos import PhotoStore, TextureStore, split
from .samples import batches
from .smooth_net import SmoothNet

NETWORKS: dict[str, tuple[type[nn.Module], Objective]] = {
    "coarse": (CoarseNet, coarse_loss),
    "fine": (FineNet, fine_loss),
    "smooth": (SmoothNet, smooth_loss),
}


def photo_store(config: Config) -> PhotoStore:
    """The training half of the folder, or procedural pictures when no folder is given."""
    return PhotoStore(split(config.photos)[0]) if config.photos else TextureStore(8, config.seed)


def path_batches(config: Config, step: int) -> Iterator[dict[str, torch.Tensor]]:
    """Endless batches of shaken paths."""
    maker = PathMaker(config.seed * 1_000_003 + step)
    while True:
        yield {"raw": maker.make(config.batch, config.path_frames)[0]}


def make_trainer(config: Config, path: Path) -> Trainer:
    """A trainer for config.network that writes its checkpoint to `path`."""
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    kind, objective = NETWORKS[config.network]

    def source(step: int) -> Iterator[dict[str, torch.Tensor]]:
        made = path_batches(config, step) if config.network == "smooth" else batches(photo_store(config), config, step)
        for batch in made:
            yield {name: value.to(config.device) for name, value in batch.items()}

    return Trainer(kind(), config, objective, source, path)


def run(arguments: argparse.Namespace) -> None:
    """Entry of the command line."""
    path = Path(arguments.checkpoint)
    config = Config.smoke(arguments.network) if arguments.smoke else Config.for_network(arguments.network)
    config.photos = arguments.photos
    for name in ("minutes", "seed", "device", "batch", "threads", "learning_rate", "hard_share", "workers"):
        value = getattr(arguments, name)
        if value is not None:
            setattr(config, name, value)
    trainer = make_trainer(config, path)
    begin = Path(arguments.start) if arguments.start else path
    if begin.exists():
        trainer.resume(load_checkpoint(begin, config.device), arguments.restart_schedule or begin != path)
        print(f"goes on from {begin.name} at step {trainer.step}", flush=True)
    trainer.run()
    print(f"done: {trainer.step} steps, {trainer.seconds / 60:.1f} minutes", flush=True)
