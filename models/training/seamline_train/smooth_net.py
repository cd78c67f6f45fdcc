"""SmoothNet: the newest smoothed position of every control point as a convex combination of what was seen and put out."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .geometry import MESH_COLUMNS, MESH_ROWS

WINDOW = 7
HISTORY = WINDOW - 1
CANDIDATES = WINDOW + HISTORY + 1
# Displacements are divided by this (px) before they are squashed.
UNIT = 8.0


class SmoothNet(nn.Module):
    """Weights of 7 raw positions, 6 own outputs and their extrapolation; cannot leave the hull of these, so no drift."""

    def __init__(self, channels: int = 32):
        super().__init__()
        self.enter = nn.Conv2d(2 * (WINDOW + HISTORY), channels, 1)
        self.mix = nn.Conv2d(channels, channels, 3, 1, 1)
        self.whole = nn.Linear(channels, channels)
        self.choose = nn.Conv2d(channels, CANDIDATES, 1)
        nn.init.zeros_(self.choose.weight)
        nn.init.zeros_(self.choose.bias)

    def forward(self, raw: Tensor, prev: Tensor) -> Tensor:
        """raw [N, 2, 7, 10, 13] positions (px, any origin), prev [N, 2, 6, 10, 13] own outputs -> [N, 2, 10, 13]."""
        newest = raw[:, :, WINDOW - 1 : WINDOW]
        r, q = raw - newest, prev - newest
        grid = (MESH_ROWS, MESH_COLUMNS)
        x = torch.cat([r.reshape(-1, 2 * WINDOW, *grid), q.reshape(-1, 2 * HISTORY, *grid)], 1) * (1 / UNIT)
        # Large jumps saturate.
        x = x / (1 + x.abs())
        h = F.relu(self.enter(x))
        h = F.relu(h + self.mix(h))
        # Shake is mostly the same everywhere.
        h = h + self.whole(h.mean((2, 3))).unsqueeze(2).unsqueeze(3)
        weight = torch.softmax(self.choose(F.relu(h)), 1)
        ahead = 2 * q[:, :, HISTORY - 1 : HISTORY] - q[:, :, HISTORY - 2 : HISTORY - 1]
        candidates = torch.cat([r, q, ahead], 2)
        return (candidates * weight.unsqueeze(1)).sum(2) + newest[:, :, 0]


def roll_out(net: nn.Module, raw: Tensor) -> Tensor:
    """Smooths paths [N, 2, T, 10, 13] frame by frame, as online; the first frame fills all slots. Same shape."""
    first = raw[:, :, :1]
    padded = torch.cat([first] * HISTORY + [raw], 2)
    out = [raw[:, :, 0]] * WINDOW
    for k in range(1, raw.shape[2]):
        out.append(net(padded[:, :, k : k + WINDOW], torch.stack(out[-HISTORY:], 2)))
    return torch.stack(out[HISTORY:], 2)
