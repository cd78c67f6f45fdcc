"""Trained weights, from checkpoints to networks that are ready for evaluation and export."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import torch

from .features import CoarseNet, FineNet, fold_batch_norm
from .loop import load_checkpoint
from .smooth_net import SmoothNet
from .spatial_net import SpatialNet
from .temporal_net import TemporalNet

# A geometry below this confidence is not to be used; `evaluate confidence` chooses it and writes it beside the weights.
DEFAULT_THRESHOLD = 0.5


# What the confidence is made of: log(1e-3 + vote), log(1e-3 + inlier mass), log(0.1 + fine inlier share), agreement,
# log(0.02 + share elsewhere), see SpatialNet.
FEATURES = ("vote", "mass", "fine", "agreement", "elsewhere")


@dataclasses.dataclass(frozen=True)
class Confidence:
    """Two logistics on FEATURES, biases last, of which the smaller counts; and the threshold."""

    weights: tuple[tuple[float, ...], tuple[float, ...]] = ((2.0, 2.0, 0.0, 0.0, 0.0, -4.0), (0.0, 0.0, 0.0, 0.0, 0.0, 9.0))
    threshold: float = DEFAULT_THRESHOLD

    @classmethod
    def load(cls, path: Path | None) -> "Confidence":
        """Reads what `evaluate confidence` wrote; the default when there is no file."""
        if path is None:
            return cls()
        values = json.loads(path.read_text())
        first, second = (tuple(weights) for weights in values["weights"])
        return cls((first, second), values["threshold"])

    def save(self, path: Path) -> None:
        """Writes JSON."""
        path.write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n")

    def apply_to(self, net: SpatialNet) -> None:
        """Puts the logistics into the network."""
        weights = torch.tensor(self.weights)
        net.confidence_weight.copy_(weights[:, :-1])
        net.confidence_bias.copy_(weights[:, -1])


@dataclasses.dataclass
class Weights:
    """The three trained parts, averaged weights, batch norm folded, with the training records of their checkpoints."""

    coarse: CoarseNet
    fine: FineNet
    smooth: SmoothNet | None
    records: dict[str, dict]

    @classmethod
    def load(cls, coarse: Path, fine: Path, smooth: Path | None = None) -> "Weights":
        """Reads checkpoints."""
        records = {}

        def fill(name: str, net: torch.nn.Module, path: Path) -> None:
            checkpoint = load_checkpoint(path)
            net.load_state_dict(checkpoint["average"])
            fold_batch_norm(net.eval())
            records[name] = {key: checkpoint[key] for key in ("config", "step", "seconds", "git", "history")}

        out = cls(CoarseNet(), FineNet(), SmoothNet() if smooth else None, records)
        fill("coarse", out.coarse, coarse)
        fill("fine", out.fine, fine)
        if smooth and out.smooth:
            fill("smooth", out.smooth, smooth)
        return out

    def spatial(self, profile: str = "default", confidence: Confidence | None = None) -> SpatialNet:
        """SpatialNet of a profile in eval mode."""
        net = SpatialNet(self.coarse, self.fine, profile).eval()
        (confidence or Confidence()).apply_to(net)
        return net

    def temporal(self) -> TemporalNet:
        """TemporalNet in eval mode."""
        return TemporalNet(self.fine).eval()
