"""Matching of corner points of one pyramid level in windows of another picture's descriptors."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import geometry as g
from .features import FINE_CHANNELS, WINDOW, FineNet
from .fitting import pad_border, pad_zero

REACH = WINDOW // 2


class Level(nn.Module):
    """One pyramid level: pictures width x height, descriptors at half of it, one query per block x block cells."""

    def __init__(self, net: FineNet, width: int, height: int, block: int):
        super().__init__()
        self.net = net
        self.block = block
        # Convolutions with stride two round up, average pooling rounds down.
        self.map_columns, self.map_rows = (width + 1) // 2, (height + 1) // 2
        self.columns, self.rows = width // 2 // block, height // 2 // block
        # Pixels of the 480 x 360 frame per cell.
        self.cell = 2 * g.WIDTH / width
        y, x = np.divmod(np.arange(self.rows * self.columns), self.columns)
        by, bx = np.divmod(np.arange(block * block), block)
        floats = {"block_x": x * block, "block_y": y * block, "part_x": bx, "part_y": by}
        for name, value in floats.items():
            self.register_buffer(name, torch.tensor(value, dtype=torch.float32), persistent=False)
        self.padded_columns = self.map_columns + 2 * REACH
        reach = np.arange(WINDOW)
        window = (reach[:, None] * self.padded_columns + reach[None]).reshape(1, -1)
        self.register_buffer("window", torch.tensor(window), persistent=False)  # [1, 81]
        sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
        self.register_buffer("sobel", torch.stack([sobel, sobel.t()])[:, None], persistent=False)
        self.register_buffer("last_cell", torch.tensor([self.map_columns - 1.0, self.map_rows - 1.0]), persistent=False)
        self.register_buffer("centre", torch.tensor(g.CENTRE, dtype=torch.float32), persistent=False)

    def to_normalised(self, cells: Tensor) -> Tensor:
        """Cell coordinates [n, 2] -> normalised frame."""
        return ((cells + 0.5) * self.cell - 0.5 - self.centre) * (1 / g.SCALE)

    def to_cells(self, points: Tensor) -> Tensor:
        """Inverse of to_normalised."""
        return (points * g.SCALE + self.centre + 0.5) * (1 / self.cell) - 0.5

    def queries(self, luma: Tensor) -> Tensor:
        """The strongest Shi-Tomasi corner of every block of luma [1, 1, h, w]: whole cells [n, 2], floats."""
        half = F.avg_pool2d(luma, 2)
        slope = F.conv2d(pad_border(half), self.sobel)
        gx, gy = slope[:, 0:1], slope[:, 1:2]
        tensor = F.avg_pool2d(torch.cat([gx * gx, gy * gy, gx * gy], 1), 5, 1, 2, count_include_pad=False)
        xx, yy, xy = tensor[:, 0], tensor[:, 1], tensor[:, 2]
        strength = 0.5 * (xx + yy) - torch.sqrt(0.25 * (xx - yy) ** 2 + xy * xy + 1e-6)
        n = self.block
        strength = strength[0, : self.rows * n, : self.columns * n].reshape(self.rows, n, self.columns, n)
        best = strength.permute(0, 2, 1, 3).reshape(self.rows * self.columns, n * n).argmax(1)
        x = self.block_x + self.part_x.index_select(0, best)
        y = self.block_y + self.part_y.index_select(0, best)
        return torch.stack([x, y], 1)

    def describe(self, normalised: Tensor) -> Tensor:
        """Locally normalised luma [N, 1, h, w] -> descriptors [N, 16, rows, columns]."""
        return self.net.describe(normalised)

    def match(self, a: Tensor, b: Tensor, cells: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
        """Searches queries at `cells` [n, 2] of a in windows of b around whole cells `centres` [n, 2].

        Returns the positions found [n, 2], normalised frame of b, and weights [n].
        """
        flat = a[0].permute(1, 2, 0).reshape(-1, FINE_CHANNELS)
        query = flat.index_select(0, (cells[:, 1] * self.map_columns + cells[:, 0]).long())
        padded = pad_zero(b, REACH)[0].permute(1, 2, 0).reshape(-1, FINE_CHANNELS)
        first = (centres[:, 1] * self.padded_columns + centres[:, 0]).long()
        index = (first.unsqueeze(1) + self.window).reshape(-1)
        windows = padded.index_select(0, index).view(-1, WINDOW * WINDOW, FINE_CHANNELS)
        offset, log_variance, _ = self.net.match(query, windows)
        return self.to_normalised(centres + offset), torch.exp(-log_variance.clamp(-7, 4))

    def nearest_cells(self, points: Tensor) -> Tensor:
        """Whole cells [n, 2] nearest to points [n, 2], held inside the map."""
        cells = torch.floor(self.to_cells(points) + 0.5)
        return torch.minimum(cells.clamp(min=0), self.last_cell)
