"""Coarse stage of SpatialNet: dual-softmax matches of all cells, exhaustive similarity voting, reweighted homography."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import geometry as g
from .features import COARSE_COLUMNS, COARSE_HEIGHT, COARSE_ROWS, COARSE_WIDTH, CoarseNet
from .fitting import Homography, damping, positive, project

CELLS = COARSE_COLUMNS * COARSE_ROWS
# Columns and rows of the tiles of which only the best match votes.
TILE_COLUMNS, TILE_ROWS = 2, 3
TILE = TILE_COLUMNS * TILE_ROWS


class CoarseMatches(NamedTuple):
    """Where every cell of A lies in B, how sure that is, and which match of every tile is the surest."""

    position: Tensor  # [1200, 2], normalised frame
    probability: Tensor  # [1200]
    best: Tensor  # [200], indices of cells


def in_frame(points: Tensor) -> Tensor:
    """Which points [n, 2], normalised, lie in a view: floats [n]."""
    return positive(1 - points[:, 0].abs()) * positive(0.75 - points[:, 1].abs())


def _cell_centres() -> np.ndarray:
    step = g.WIDTH / COARSE_COLUMNS
    x, y = np.meshgrid(np.arange(COARSE_COLUMNS), np.arange(COARSE_ROWS))
    return g.to_normalised((np.stack([x, y], -1).reshape(-1, 2) + 0.5) * step - 0.5)


class CoarseMatch(nn.Module):
    """Matches every cell of A with one of B: position [1200, 2] and probability [1200] (shares rather than inliers)."""

    def __init__(self, net: CoarseNet):
        super().__init__()
        self.net = net
        self.register_buffer("cells", torch.tensor(_cell_centres(), dtype=torch.float32), persistent=False)
        steps = [(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1)]
        index = torch.tensor([[y * COARSE_COLUMNS + x for x, y in steps]])
        self.register_buffer("neighbours", index, persistent=False)  # [1, 9]
        reach = torch.tensor(steps, dtype=torch.float32) * (g.WIDTH / COARSE_COLUMNS / g.SCALE)
        self.register_buffer("reach", reach, persistent=False)  # [9, 2]
        self.register_buffer("row_of_ones", torch.ones(1, CELLS), persistent=False)
        self.register_buffer("first_row", torch.arange(CELLS) * COARSE_ROWS, persistent=False)

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        """Luma [1, 1, 360, 480] of both views."""
        size = [COARSE_HEIGHT, COARSE_WIDTH]
        images = F.interpolate(torch.cat([a, b], 0), size=size, mode="bilinear", align_corners=False)
        # The exporter does not follow shapes through resizing.
        d = self.net(images.view(2, 1, COARSE_HEIGHT, COARSE_WIDTH)).view(2, -1, CELLS)
        # The scale is near 17, so that exp needs no maximum subtracted.
        logits = (d[0] * torch.exp(self.net.log_scale)).t() @ d[1]  # [1200, 1200]
        share = torch.exp(logits)
        nobody = torch.exp(self.net.dustbin)
        by_row = share.sum(1, keepdim=True) + nobody
        by_column = self.row_of_ones @ share + nobody
        score = logits - 0.5 * torch.log(by_column)
        best = self._best_cell(score)
        near = (best.unsqueeze(1) + self.neighbours).clamp(0, CELLS - 1)
        weight = torch.exp(2 * torch.gather(score, 1, near))  # [1200, 9]
        probability = (weight[:, 4:5] / by_row).sum(1)
        shift = (weight @ self.reach) / weight.sum(1, keepdim=True)
        return self.cells.index_select(0, best) + shift, probability


    def _best_cell(self, score: Tensor) -> Tensor:
        """argmax(1) of [1200, 1200], first the row of cells by its maximum: maxima are ten times as fast as their places."""
        by_row = score.view(CELLS * COARSE_ROWS, COARSE_COLUMNS)
        row = by_row.amax(1).view(CELLS, COARSE_ROWS).argmax(1)
        column = by_row.index_select(0, self.first_row + row).argmax(1)
        return row * COARSE_COLUMNS + column


class Vote(nn.Module):
    """The similarity that most tile matches agree with, of all pairs among the best ones; no random numbers."""

    def __init__(self, kept: int = 64, tolerance_px: float = 16.0):
        super().__init__()
        self.kept = kept
        self.inverse_tolerance = (g.SCALE / tolerance_px) ** 2
        first, second = np.triu_indices(kept, 1)
        self.register_buffer("first", torch.tensor(first), persistent=False)
        self.register_buffer("second", torch.tensor(second), persistent=False)
        index = np.arange(CELLS).reshape(COARSE_ROWS // TILE_ROWS, TILE_ROWS, COARSE_COLUMNS // TILE_COLUMNS, TILE_COLUMNS)
        tiles = index.transpose(0, 2, 1, 3).reshape(-1, TILE)
        self.register_buffer("tiles", torch.tensor(tiles), persistent=False)  # [200, 6]
        self.register_buffer("tiles_flat", torch.tensor(tiles.reshape(-1)), persistent=False)
        third = (torch.arange(9) == 2).float().unsqueeze(1)
        self.register_buffer("third", third, persistent=False)  # [9, 1]
        self.register_buffer("last_row", torch.tensor([[0.0, 0.0, 1.0]]), persistent=False)

    def best_of_tiles(self, probability: Tensor) -> Tensor:
        """The cell [200] of every tile whose match is the surest, of probability [1200]."""
        best = probability.index_select(0, self.tiles_flat).view(-1, TILE).argmax(1, keepdim=True)
        return torch.gather(self.tiles, 1, best).view(-1)

    def forward(self, cells: Tensor, matches: CoarseMatches) -> tuple[Tensor, Tensor]:
        """Matches of cells [1200, 2]: (similarity [3, 3], score [1])."""
        a, b, p = (x.index_select(0, matches.best) for x in (cells, matches.position, matches.probability))
        top = torch.topk(p, self.kept)[1]
        at, bt = a.index_select(0, top), b.index_select(0, top)
        a1, b1 = at.index_select(0, self.first), bt.index_select(0, self.first)
        da = at.index_select(0, self.second) - a1
        db = bt.index_select(0, self.second) - b1
        # z = db / da, t = b1 - z a1, as complex numbers.
        length = (da * da).sum(1)
        inverse = 1 / length.clamp(min=1e-4)
        zr = (da * db).sum(1) * inverse
        zi = (da[:, 0] * db[:, 1] - da[:, 1] * db[:, 0]) * inverse
        tr = b1[:, 0] - zr * a1[:, 0] + zi * a1[:, 1]
        ti = b1[:, 1] - zr * a1[:, 1] - zi * a1[:, 0]
        z2, t2 = zr * zr + zi * zi, tr * tr + ti * ti
        # Squared residuals of all hypotheses and tiles are bilinear, hence one product.
        x, y = 2 * (zr * tr + zi * ti), 2 * (zr * ti - zi * tr)
        hypothesis = torch.stack([z2, t2, z2 * 0 + 1, x, y, -2 * zr, -2 * zi, -2 * tr, -2 * ti], 1)
        ax, ay, bx, by = a[:, 0], a[:, 1], b[:, 0], b[:, 1]
        inner, cross = ax * bx + ay * by, ax * by - ay * bx
        tile = torch.stack([ax * ax + ay * ay, ax * 0 + 1, bx * bx + by * by, ax, ay, inner, cross, bx, by], 0)
        # 1 - r2 / tolerance2 as one product: the hypotheses' third column is one.
        agreement = torch.relu(hypothesis @ (self.third - tile * self.inverse_tolerance))
        # Void: points too close together, zoom beyond 0.55 ... 1.8, rotation beyond 41 degrees.
        valid = positive(length - 0.03) * positive(z2 - 0.30) * positive(3.3 - z2)
        valid = valid * positive(zr * zr.abs() - 0.56 * z2)
        score = (agreement @ p.unsqueeze(1))[:, 0] * valid
        winner = score.argmax(0, keepdim=True)
        zr, zi, tr, ti = (v.index_select(0, winner) for v in (zr, zi, tr, ti))
        rows = [torch.stack([zr, -zi, tr], 1), torch.stack([zi, zr, ti], 1), self.last_row]
        return torch.cat(rows, 0), score.index_select(0, winner)


class CoarseHomography(nn.Module):
    """Homography [3, 3] of the coarse matches, with what SpatialNet reports about them."""

    def __init__(self, net: CoarseNet):
        super().__init__()
        self.match = CoarseMatch(net)
        self.vote = Vote()
        affine, full = damping(1e-4, 1e3), damping(1e-5, 3e-3)
        self.fit = Homography((24, 14, 9, 7), [affine] + [full] * 3, gauss=True)
        self.last_falloff = -0.5 * (g.SCALE / 8) ** 2

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, CoarseMatches]:
        """Luma [1, 1, 360, 480] -> (homography, vote score [1], inlier mass [], inside [1200], matches)."""
        cells = self.match.cells
        matched, probability = self.match(a, b)
        matches = CoarseMatches(matched, probability, self.vote.best_of_tiles(probability))
        start, score = self.vote(cells, matches)
        h = self.fit(cells, matched, probability, start)
        image, _ = project(h, cells)
        r2 = ((matched - image) ** 2).sum(1)
        mass = (probability * torch.exp(r2 * self.last_falloff)).sum()
        return h, score, mass, in_frame(image), matches
