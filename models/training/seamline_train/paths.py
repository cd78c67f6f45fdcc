"""Synthetic paths of a shaken camera's control points, and what a smoother is measured by."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from .geometry import MESH_COLUMNS, MESH_ROWS

# Shift x, shift y, rotation, zoom: relative size of shake, in px at the frame's edge.
_SHAKE = (1.0, 0.8, 0.3, 0.1)
_JUMP = (25.0, 15.0, 4.0, 4.0)
# Frames at the start of a path that are not measured.
SETTLE = 12


class PathMaker:
    """Draws paths; all random numbers come from one generator."""

    def __init__(self, seed: int):
        self._g = Generator().manual_seed(seed)
        y = torch.linspace(-0.75, 0.75, MESH_ROWS)
        x = torch.linspace(-1, 1, MESH_COLUMNS)
        self._y, self._x = torch.meshgrid(y, x, indexing="ij")

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self._g)

    def _uniform(self, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=self._g)

    def _to_mesh(self, motion: Tensor) -> Tensor:
        """[N, T, 4] -> [N, 2, T, 10, 13]."""
        tx, ty, turn, zoom = (motion[..., i][:, :, None, None] for i in range(4))
        return torch.stack([tx - turn * self._y + zoom * self._x, ty + turn * self._x + zoom * self._y], 1)

    def _intended(self, count: int, frames: int) -> Tensor:
        """Still or slowly panning cameras, some turned once by someone: [N, T, 4]."""
        t = torch.arange(frames).float()
        pans = (self._uniform(count, 1) < 0.35).float()
        out = torch.zeros(count, frames, 4)
        out[:, :, :2] = pans[:, :, None] * self._normal(count, 1, 2) * 0.8 * t[None, :, None]
        jumps = self._uniform(count) < 0.25
        when = (self._uniform(count) * frames).long()
        for n in torch.nonzero(jumps).flatten().tolist():
            out[n, when[n] :] += self._normal(4) * torch.tensor(_JUMP)
        return out

    def _shake(self, count: int, frames: int) -> Tensor:
        """Three sinusoids and a first-order noise process; a quarter of the cameras stands still: [N, T, 4]."""
        t = torch.arange(frames).float()[None, :, None]
        size = torch.tensor(_SHAKE)
        out = torch.zeros(count, frames, 4)
        for _ in range(3):
            frequency = 0.02 + self._uniform(count, 1, 1) * 0.3
            phase = self._uniform(count, 1, 4) * 2 * math.pi
            out += torch.exp(self._normal(count, 1, 1) * 0.8) * 1.2 * size * torch.sin(
                2 * math.pi * frequency * t + phase
            )
        state = torch.zeros(count, 4)
        memory = 0.6 + 0.35 * self._uniform(count, 1)
        sigma = torch.exp(self._normal(count, 1) * 0.7) * 0.5
        for k in range(frames):
            state = memory * state + sigma * self._normal(count, 4) * size
            out[:, k] += state
        return out * (self._uniform(count) > 0.25).float()[:, None, None]

    def make(self, count: int, frames: int) -> tuple[Tensor, Tensor]:
        """(measured paths, intended paths), both [N, 2, T, 10, 13] px at 480 wide."""
        intended = self._intended(count, frames)
        raw = self._to_mesh(intended + self._shake(count, frames))
        noise = torch.exp(self._normal(count, 1, 1, 1, 1) * 0.6) * 0.08
        grid = (MESH_ROWS, MESH_COLUMNS)
        uneven = F.interpolate(self._normal(count, 2 * frames, 3, 4), size=grid, mode="bilinear", align_corners=True)
        raw = raw + noise * self._normal(count, 2, frames, 1, 1) + 0.7 * noise * uneven.view(count, 2, frames, *grid)
        spikes = (self._uniform(count, 1, frames, 1, 1) < 0.01).float()
        return raw + spikes * self._normal(count, 2, frames, 1, 1) * 12, self._to_mesh(intended)


def acceleration(paths: Tensor) -> Tensor:
    """Second differences along time of [N, 2, T, ...]: [N, 2, T - 2, ...]."""
    return paths[:, :, 2:] - 2 * paths[:, :, 1:-1] + paths[:, :, :-2]


def velocity(paths: Tensor) -> Tensor:
    """First differences along time: [N, 2, T - 1, ...]."""
    return paths[:, :, 1:] - paths[:, :, :-1]


def _length(x: Tensor) -> Tensor:
    return x.pow(2).sum(1).sqrt()


def measure(out: Tensor, raw: Tensor, intended: Tensor) -> dict[str, float]:
    """Mean px: acceleration, velocity error (median), distance from raw, from the intended path, its 95th percentile."""
    off = _length(out - intended)
    late = off[:, SETTLE:].flatten()
    return {
        "acceleration": float(_length(acceleration(out))[:, SETTLE:].mean()),
        "velocity_error": float(_length(velocity(out) - velocity(intended))[:, SETTLE:].median()),
        "from_raw": float(_length(out - raw).mean()),
        "from_intended": float(off.mean()),
        "from_intended_p95": float(late[::37].quantile(0.95)),
    }


def exponential(raw: Tensor, share: float) -> Tensor:
    """The baseline: out += share * (raw - out)."""
    out = [raw[:, :, 0]]
    for k in range(1, raw.shape[2]):
        out.append(out[-1] + share * (raw[:, :, k] - out[-1]))
    return torch.stack(out, 2)


def smoothing_loss(out: Tensor, raw: Tensor) -> Tensor:
    """Little acceleration and velocity, close to the raw path, no drift of the mean, no tearing of the mesh."""

    def charbonnier(x: Tensor) -> Tensor:
        return (x.pow(2).sum(1) + 1e-4).sqrt().mean()

    still = 4 * charbonnier(acceleration(out)) + 2 * charbonnier(velocity(out))
    d = out - raw
    close = 2 * ((1 + d.pow(2).sum(1) / 16).sqrt() - 1).mean() + 0.15 * charbonnier(out.mean(2) - raw.mean(2))
    torn = (d[..., 1:] - d[..., :-1]).pow(2).mean() + (d[..., 1:, :] - d[..., :-1, :]).pow(2).mean()
    return still + close + 2 * torn
