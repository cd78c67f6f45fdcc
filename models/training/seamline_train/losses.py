"""Training losses, all per pair."""

from __future__ import annotations

import torch
from torch import Tensor


def bilinear_cells(position: Tensor, columns: int, rows: int) -> tuple[Tensor, Tensor]:
    """The four cells around a position [n, 2] (in cells): indices [n, 4] and weights [n, 4]."""
    high = position.new_tensor([columns - 1.001, rows - 1.001])
    p = torch.minimum(position.clamp(min=0), high)
    low = p.floor()
    part = p - low
    x, y = low[:, 0].long(), low[:, 1].long()
    first = y * columns + x
    index = torch.stack([first, first + 1, first + columns, first + columns + 1], -1)
    a, b = part[:, 0], part[:, 1]
    return index, torch.stack([(1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b], -1)


def spread_cross_entropy(log_probability: Tensor, index: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy [n] of log probabilities [n, k] against four weighted classes each."""
    return -(log_probability.gather(1, index) * weight).sum(1)


def correlate(descriptors: Tensor, queries: Tensor) -> Tensor:
    """Scores [n, h*w] of queries [C, n] against a map [C, h, w]."""
    return queries.t() @ descriptors.flatten(1)


def laplace_judgement(error: Tensor, log_variance: Tensor) -> Tensor:
    """Trains the judging head alone: mean of sqrt2 e exp(-v/2) + v with the error detached."""
    v = log_variance.clamp(-7, 4)
    return (torch.exp(-0.5 * v) * error.detach() * 1.4142 + v).mean()
