"""Robust Gauss-Newton on locally normalised luma at 240 x 180, begun at half of that; nothing learned.

The normal equations need no Jacobian per pixel: every entry is a sum of one of six maps times x^p y^q with p, q <= 4. The
25 moments of each map are two small matrix products, and one constant matrix assembles the system from them.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import geometry as g
from .fitting import eliminate, positive

HALF_WIDTH, HALF_HEIGHT = g.WIDTH // 2, g.HEIGHT // 2
_POWERS = 5
_Monomial = dict[tuple[int, int], float]
# d(u)/d(unknown) = gx * _ALONG_X + gy * _ALONG_Y as polynomials of x, y.
_ALONG_X: list[_Monomial] = [{(1, 0): 1}, {(0, 1): 1}, {(0, 0): 1}, {}, {}, {}, {(2, 0): -1}, {(1, 1): -1}]
_ALONG_Y: list[_Monomial] = [{}, {}, {}, {(1, 0): 1}, {(0, 1): 1}, {(0, 0): 1}, {(1, 1): -1}, {(0, 2): -1}]


def _product(a: _Monomial, b: _Monomial) -> _Monomial:
    out: _Monomial = {}
    for (px, py), c in a.items():
        for (qx, qy), d in b.items():
            out[px + qx, py + qy] = out.get((px + qx, py + qy), 0) + c * d
    return out


def assembly() -> np.ndarray:
    """Constant matrix [150, 72] that takes the moments of product_maps to the system with its right-hand side, [8, 9]."""
    n = _POWERS * _POWERS
    out = np.zeros((6 * n, 8, 9))
    for i in range(8):
        for block, along in ((0, _ALONG_X[i]), (3, _ALONG_Y[i])):
            for j in range(8):
                for part, other in ((0, _ALONG_X[j]), (1, _ALONG_Y[j])):
                    for (px, py), c in _product(along, other).items():
                        out[(block + part) * n + py * _POWERS + px, i, j] += c
            for (px, py), c in along.items():
                out[(block + 2) * n + py * _POWERS + px, i, 8] += c
    return out.reshape(6 * n, 72)


class WarpGrid(nn.Module):
    """Sampling grid of a homography for `sample` at width x height.

    Numerator and denominator are rank-two products (h x 2)(2 x 2w) with x and y interleaved, so that no broadcast runs along
    a last axis of length two: that division alone once cost 1.4 ms.
    """

    def __init__(self, width: int, height: int):
        super().__init__()
        self.width, self.height = width, height
        # Pixels of the 480 x 360 frame per pixel.
        self.step = g.WIDTH / width
        x = ((np.arange(width) + 0.5) * self.step - 0.5 - g.CENTRE[0]) / g.SCALE
        y = ((np.arange(height) + 0.5) * self.step - 0.5 - g.CENTRE[1]) / g.SCALE
        self.register_buffer("x", torch.tensor(x, dtype=torch.float32).view(width, 1), persistent=False)
        self.register_buffer("ones", torch.ones(width, 1), persistent=False)
        rows = torch.tensor(np.stack([y, np.ones(height)], 1), dtype=torch.float32)
        self.register_buffer("rows", rows, persistent=False)  # [h, 2]
        # Normalised frame -> -1..1 between the outer edges of the outermost pixels.
        scale = [[1.0], [g.WIDTH / g.HEIGHT]]
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32), persistent=False)

    def _plane(self, m: Tensor) -> Tensor:
        """[2, 3] -> [h, 2w], columns interleaved."""
        by_y = (self.ones * m[:, 1].unsqueeze(0)).reshape(-1)
        by_x = (self.x * m[:, 0].unsqueeze(0) + m[:, 2].unsqueeze(0)).reshape(-1)
        return self.rows @ torch.stack([by_y, by_x], 0)

    def forward(self, homography: Tensor) -> Tensor:
        """[3, 3] -> [1, h, w, 2]."""
        bottom = homography[2:3]
        plane = self._plane(self.scale * homography[:2]) / self._plane(torch.cat([bottom, bottom], 0))
        return plane.view(1, self.height, self.width, 2)


def sample(normalised: Tensor, grid: Tensor) -> Tensor:
    """Normalised picture [1, 1, h, w] at a grid [1, h', w', 2]; their mean, zero, outside: the kind ONNX Runtime is fast at."""
    return F.grid_sample(normalised, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def product_maps(w: Tensor, residual: Tensor, gx: Tensor, gy: Tensor) -> Tensor:
    """w times gx gx, gx gy, gx r, gy gx, gy gy, gy r: [6, 178, 238]."""
    both = torch.stack([gx, gy], 0)
    return ((both * w).unsqueeze(1) * torch.cat([both, residual.unsqueeze(0)], 0).unsqueeze(0)).reshape(6, *w.shape)


class PolishLevel(nn.Module):
    """What one size of the pictures needs: grid, the part of it that counts, slopes, and the sums of a Gauss-Newton step."""

    def __init__(self, width: int, height: int):
        super().__init__()
        self.grid = WarpGrid(width, height)
        self.width, self.height = width, height
        self.slope = g.SCALE / (4 * self.grid.step)
        x, y = self.grid.x[1:-1, 0].numpy(), self.grid.rows[1:-1, 0].numpy()
        moments_x = np.stack([x.astype(np.float64) ** k for k in range(_POWERS)], 1)
        moments_y = np.stack([y.astype(np.float64) ** k for k in range(_POWERS)], 0)
        # Pixels that land nearer than this to B's border do not count; in the grid's coordinates, x and y in turn.
        limit = np.tile([0.985, 0.98], width)[None]
        for name, value in {"moments_x": moments_x, "moments_y": moments_y, "limit": limit}.items():
            self.register_buffer(name, torch.tensor(value, dtype=torch.float32), persistent=False)

    def within(self, grid: Tensor) -> Tensor:
        """Which pixels of a sampling grid [1, h, w, 2] lie inside B, without the outermost: floats [h - 2, w - 2]."""
        # As one row per row of the picture: a broadcast along a last axis of length two is slow.
        lies = positive(self.limit - grid.view(self.height, 2 * self.width).abs())[1:-1]
        x, y = lies.view(self.height - 2, self.width, 2)[:, 1:-1].unbind(2)
        return x * y

    def slopes(self, warped: Tensor, a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Residual and gradients (x, y) of the mean of both pictures, without their outermost pixels.

        [1, 1, h, w] twice -> three [h - 2, w - 2]; gradients per unit of the normalised frame. Slices, since a convolution
        would cost the change of memory layout twice.
        """
        total = (warped + a)[0, 0] * self.slope
        residual = (warped - a)[0, 0, 1:-1, 1:-1]
        middle = total[1:-1]
        gx = middle[:, 2:] - middle[:, :-2]
        gy = total[2:, 1:-1] - total[:-2, 1:-1]
        return residual, gx, gy

    def moments(self, a: Tensor, warped: Tensor, within: Tensor, residual_scale: float) -> Tensor:
        """Moments [1, 150] of the products, over their total weight and the square of the slopes' unit."""
        residual, gx, gy = self.slopes(warped, a)
        q = 1 + residual * residual * (1 / residual_scale**2)
        w = within / (q * q)
        sums = (self.moments_y @ (product_maps(w, residual, gx, gy) @ self.moments_x)).reshape(1, -1)
        return sums * (1 / (w.sum() * self.slope**2 + 1e-6))


class Polish(nn.Module):
    """Refines a homography A -> B from a start within about 2 px."""

    def __init__(self, residual_scales: tuple[float, ...], small_steps: int = 1):
        """One step per scale of the robust weight, in deviations of the normalised pictures; the first few at half the size."""
        super().__init__()
        self.residual_scales = residual_scales
        self.small_steps = small_steps
        self.level = PolishLevel(HALF_WIDTH, HALF_HEIGHT)
        self.small = PolishLevel(HALF_WIDTH // 2, HALF_HEIGHT // 2)
        buffers = {
            "assembled": assembly(),
            "eye3": np.eye(3),
            "eye8": np.eye(8),
            "zero": np.zeros(1),
            "damping": np.array([1e-6] * 6 + [1e-5] * 2),
        }
        for name, value in buffers.items():
            self.register_buffer(name, torch.tensor(value, dtype=torch.float32), persistent=False)

    def forward(self, a: Tensor, b: Tensor, homography: Tensor) -> Tensor:
        """Normalised pictures [1, 1, 180, 240] and a start [3, 3] -> the correction Q [3, 3]: homography @ Q is better."""
        correction = self.eye3
        within = a
        small = [F.avg_pool2d(x, 2) for x in (a, b)] if self.small_steps else [a, b]
        for k, residual_scale in enumerate(self.residual_scales):
            level, (x, y) = (self.small, small) if k < self.small_steps else (self.level, (a, b))
            grid = level.grid(homography @ correction if k else homography)
            if k in (0, self.small_steps):
                within = level.within(grid)
            moments = level.moments(x, sample(y, grid), within, residual_scale)
            system = (moments @ self.assembled).view(8, 9)
            d = eliminate(system[:, :8], -system[:, 8:], self.damping, self.eye8)[:, 0]
            step = self.eye3 + torch.cat([d, self.zero]).view(3, 3)
            correction = correction @ step if k else step
        return correction
