"""One training step of the coarse and of the fine net: batch in, loss and figures for the log out."""

from __future__ import annotations

import torch
from torch import Tensor

from .config import Config
from .features import COARSE_COLUMNS, COARSE_ROWS, WINDOW, CoarseNet, FineNet
from .losses import bilinear_cells, correlate, laplace_judgement, spread_cross_entropy
from .paths import acceleration, smoothing_loss
from .samples import FINE_LEVELS
from .smooth_net import SmoothNet, roll_out

Figures = dict[str, float]


def _log_probability(scores: Tensor, dustbin: Tensor) -> Tensor:
    """[n, cells] scores and the dustbin logit -> log probabilities [n, cells + 1]."""
    return torch.log_softmax(torch.cat([scores, dustbin.expand(scores.shape[0], 1)], 1), 1)


def coarse_loss(net: CoarseNet, batch: dict[str, Tensor], config: Config) -> tuple[Tensor, Figures]:
    """Cross-entropy of the sampled rows and columns of the correlation, each with a dustbin class.

    Only sampled rows and columns are computed: the whole matrix has 1.4 million entries.
    """
    images = batch["images"].float()  # [B, 2, 240, 320]
    pairs = images.shape[0]
    features = net(images.view(pairs * 2, 1, *images.shape[2:])).view(pairs, 2, -1, COARSE_ROWS, COARSE_COLUMNS)
    scale = torch.exp(net.log_scale)
    total = features.new_zeros(())
    near = far = rejected = 0.0
    # Taking slices one by one would zero-fill the whole map for every slice in the backward pass.
    for k, both in enumerate(features.unbind(0)):
        a, b = both.unbind(0)
        rows, alone, columns = batch["rows"][k], batch["alone"][k], batch["columns"][k]
        count = rows.shape[0]
        queries = a.flatten(1).index_select(1, torch.cat([rows, alone]))
        log_p = _log_probability(correlate(b, queries) * scale, net.dustbin)
        target = batch["row_target"][k]
        by_row = spread_cross_entropy(log_p[:count], *bilinear_cells(target, COARSE_COLUMNS, COARSE_ROWS))
        log_q = _log_probability(correlate(a, b.flatten(1).index_select(1, columns)) * scale, net.dustbin)
        index, weight = bilinear_cells(batch["column_target"][k], COARSE_COLUMNS, COARSE_ROWS)
        by_column = spread_cross_entropy(log_q, index, weight) * batch["column_valid"][k]
        by_dustbin = -log_p[count:, -1].mean() * batch["has_alone"][k]
        total = total + by_row.mean() + by_column.mean() + 0.3 * by_dustbin
        with torch.no_grad():
            best = log_p[:count, :-1].argmax(1)
            cell = torch.stack([best % COARSE_COLUMNS, torch.div(best, COARSE_COLUMNS, rounding_mode="floor")], -1)
            error = (cell - target).norm(dim=1)
            near += float((error < 1).float().mean())
            far += float((error < 3).float().mean())
            rejected += float((log_p[count:].argmax(1) == log_p.shape[1] - 1).float().mean())
    figures = {"within_1_cell": near / pairs, "within_3_cells": far / pairs, "rejected": rejected / pairs}
    return total / pairs, figures


def window_offsets(width: int) -> Tensor:
    """Index offsets [81] of a window in a row-major map of `width` cells."""
    reach = torch.arange(WINDOW)
    return (reach[:, None] * width + reach[None]).flatten()


def windows(features: Tensor, points: Tensor) -> Tensor:
    """Windows [P, 81, C] around cells points [P, 2] of a map [C, h, w]; zeros outside."""
    reach = WINDOW // 2
    padded = torch.nn.functional.pad(features, (reach, reach, reach, reach))
    channels, _, width = padded.shape
    flat = padded.permute(1, 2, 0).reshape(-1, channels)
    first = points[:, 1] * width + points[:, 0]
    index = first[:, None] + window_offsets(width).to(points.device)[None]
    return flat.index_select(0, index.view(-1)).view(len(points), -1, channels)


def at_cells(features: Tensor, points: Tensor) -> Tensor:
    """Descriptors [P, C] at cells points [P, 2] of a map [C, h, w]."""
    return features.flatten(1).index_select(1, points[:, 1] * features.shape[2] + points[:, 0]).t()


def _fine_level(net: FineNet, images: Tensor, points: Tensor, truth: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Loss, errors [n] in cells and the judged variances [n] of one level of a batch."""
    pairs = images.shape[0]
    features = net(images.view(pairs * 2, 1, *images.shape[2:]))
    features = features.view(pairs, 2, *features.shape[1:])
    sides = [both.unbind(0) for both in features.unbind(0)]
    queries = torch.cat([at_cells(a, p) for (a, _), p in zip(sides, points)])
    searched = torch.cat([windows(b, p) for (_, b), p in zip(sides, points)])
    offset, log_variance, p = net.match(queries, searched)
    target = truth.reshape(-1, 2)
    index, weight = bilinear_cells(target + WINDOW // 2, WINDOW, WINDOW)
    entropy = spread_cross_entropy(torch.log(p + 1e-9), index, weight).mean()
    error = torch.sqrt(((offset - target) ** 2).sum(-1) + 1e-6)
    near = (error.detach() < 1.3).float()
    position = (error * near).sum() / (near.sum() + 1)
    loss = 0.5 * entropy + position + 0.3 * laplace_judgement(error, log_variance)
    return loss, error.detach(), log_variance.detach()


def fine_loss(net: FineNet, batch: dict[str, Tensor], config: Config) -> tuple[Tensor, Figures]:
    """Sum over the levels; of the full level, which costs as much as all others together, one pair in four."""
    total: Tensor | None = None
    figures: Figures = {}
    for level in FINE_LEVELS:
        images, points, truth = (batch[f"{name}{level}"] for name in ("images", "points", "offset"))
        if level == 1:
            keep = max(1, images.shape[0] // 4)
            images, points, truth = images[:keep], points[:keep], truth[:keep]
        loss, error, log_variance = _fine_level(net, images.float(), points, truth)
        weight = 0.5 if level in (1, 8) else 1.0
        total = loss * weight if total is None else total + loss * weight
        better = log_variance.argsort()[: len(error) // 2]
        figures[f"median_x{level}"] = float(error.median())
        figures[f"better_half_x{level}"] = float(error[better].median())
    assert total is not None
    return total, figures


def smooth_loss(net: SmoothNet, batch: dict[str, Tensor], config: Config) -> tuple[Tensor, Figures]:
    """Unrolled smoothing of paths; gradients flow through the net's own past outputs."""
    raw = batch["raw"]
    out = roll_out(net, raw)
    figures = {
        "acceleration": float(acceleration(out.detach()).pow(2).sum(1).sqrt().mean()),
        "from_raw": float((out.detach() - raw).pow(2).sum(1).sqrt().mean()),
    }
    return smoothing_loss(out, raw), figures
