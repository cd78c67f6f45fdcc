"""All settings of a training, with their reasons. The resolved settings travel in every checkpoint and export."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path


@dataclasses.dataclass
class Config:
    """Settings of one training run (one network)."""

    # Which network: "coarse" and "fine" make SpatialNet and TemporalNet, "smooth" makes SmoothNet.
    network: str = "coarse"
    # Folder of photographs; only pictures whose licence allows shipping weights belong in it.
    photos: str = ""
    seed: int = 1
    device: str = "cpu"
    # One thread a trainer: two trainers on two cores beat one trainer on two.
    threads: int = 1
    # Wall-clock length of the schedule. The learning rate follows the share of it that is over, so that a
    # machine that is busy with other work still ends on a low rate.
    minutes: float = 60.0
    # 0: no limit. The smoke run sets 20.
    max_steps: int = 0
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    warmup_steps: int = 100
    # Rate at the end of the cosine, as a share of learning_rate.
    final_rate: float = 0.02
    clip_norm: float = 5.0
    # The running mean of the weights is what is exported; it hides the noise of small batches.
    average_decay: float = 0.998
    # Share of the schedule after which batch norm uses its running statistics. Small batches of mixed scales
    # otherwise leave a gap between training and use.
    freeze_norm_at: float = 0.6
    checkpoint_minutes: float = 3.0
    log_steps: int = 50
    # Pairs per step.
    batch: int = 4
    # Loader processes beside the trainer.
    workers: int = 1
    # Matched and unmatched cells sampled from a pair (coarse); queries sampled from a pair (fine).
    matched_cells: int = 224
    unmatched_cells: int = 64
    queries: int = 200
    # Overlap of the generated pairs.
    min_overlap: float = 0.1
    max_overlap: float = 0.95
    # Share of pairs that are drawn harder than usual: little overlap, strong photometry, repeated structure.
    hard_share: float = 0.0
    # Frames of an unrolled smoothing path.
    path_frames: int = 40

    @classmethod
    def for_network(cls, network: str) -> "Config":
        """Settings that suit a network: SmoothNet has no batch norm and learns fast on long unrolled paths."""
        if network == "smooth":
            return cls(network, batch=8, learning_rate=3e-3, clip_norm=1.0, weight_decay=0.0, final_rate=0.003)
        return cls(network)

    @classmethod
    def smoke(cls, network: str) -> "Config":
        """Settings of a run of 20 steps that must end within a minute on a CPU."""
        short = {"minutes": 0.9, "max_steps": 20, "warmup_steps": 5, "batch": 2, "workers": 0, "log_steps": 5}
        return dataclasses.replace(cls.for_network(network), **short, path_frames=16)

    def to_dict(self) -> dict:
        """Plain dictionary for checkpoints and metadata."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "Config":
        """Inverse of to_dict; keys of older checkpoints that no longer exist are dropped."""
        known = {f.name for f in dataclasses.fields(cls)}
        return cls(**{k: v for k, v in values.items() if k in known})


def git_hash() -> str:
    """Short hash of the checkout this package lies in, with "+" when it has changes; "unknown" outside git."""
    here = Path(__file__).resolve().parent
    try:
        run = subprocess.run(
            ["git", "-C", str(here), "describe", "--always", "--abbrev=12", "--exclude=*"],
            capture_output=True,
            text=True,
            check=True,
        )
        dirty = subprocess.run(
            ["git", "-C", str(here), "status", "--porcelain", "--", "."], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return run.stdout.strip() + ("+" if dirty.stdout.strip() else "")
