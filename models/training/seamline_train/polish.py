"""Robust Gauss-Newton on locally normalised luma at 240 x 180; nothing learned.

The normal equations need no Jacobian per pixel: every entry is a sum of one of five maps times x^p y^q with p, q <= 4. The
25 moments of each map are two small matrix products, and one constant matrix assembles the system from them.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import geometry as g
from .features import local_normalise
from .fitting import Homography, pad_border, positive

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


def assembly() -> tuple[np.ndarray, np.ndarray]:
    """Constant matrices [75, 64] and [50, 8] that take moments to the system and its right-hand side."""
    n = _POWERS * _POWERS
    system, right = np.zeros((3 * n, 64)), np.zeros((2 * n, 8))
    for i in range(8):
        for j in range(8):
            pairs = [
                (0, _ALONG_X[i], _ALONG_X[j]),
                (1, _ALONG_X[i], _ALONG_Y[j]),
                (1, _ALONG_Y[i], _ALONG_X[j]),
                (2, _ALONG_Y[i], _ALONG_Y[j]),
            ]
            for block, a, b in pairs:
                for (px, py), c in _product(a, b).items():
                    system[block * n + py * _POWERS + px, i * 8 + j] += c
        for block, a in ((0, _ALONG_X[i]), (1, _ALONG_Y[i])):
            for (px, py), c in a.items():
                right[block * n + py * _POWERS + px, i] += c
    return system, right


class WarpGrid(nn.Module):
    """Sampling grid of a homography for F.grid_sample (align_corners=True) at width x height.

    Numerator and denominator are rank-two products (h x 2)(2 x 2w) with x and y interleaved, so that no broadcast runs along
    a last axis of length two: that division alone once cost 1.4 ms.
    """

    def __init__(self, width: int, height: int):
        super().__init__()
        self.width, self.height = width, height
        step = g.WIDTH / width
        x = ((np.arange(width) + 0.5) * step - 0.5 - g.CENTRE[0]) / g.SCALE
        y = ((np.arange(height) + 0.5) * step - 0.5 - g.CENTRE[1]) / g.SCALE
        self.register_buffer("x", torch.tensor(x, dtype=torch.float32).view(width, 1), persistent=False)
        self.register_buffer("ones", torch.ones(width, 1), persistent=False)
        rows = torch.tensor(np.stack([y, np.ones(height)], 1), dtype=torch.float32)
        self.register_buffer("rows", rows, persistent=False)  # [h, 2]
        # Normalised frame -> -1..1 between the centres of the outermost pixels.
        scale = [[g.SCALE / step / ((width - 1) / 2)], [g.SCALE / step / ((height - 1) / 2)]]
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


class Polish(nn.Module):
    """Refines a homography A -> B from a start within about 2 px."""

    def __init__(self, iterations: int, residual_scale: float = 0.5):
        super().__init__()
        self.iterations = iterations
        self.inverse_scale = 1 / (residual_scale * residual_scale)
        self.grid = WarpGrid(HALF_WIDTH, HALF_HEIGHT)
        self.fit = Homography()
        x, y = self.grid.x[:, 0].numpy(), self.grid.rows[:, 0].numpy()
        moments_x = np.stack([x.astype(np.float64) ** k for k in range(_POWERS)], 1)
        moments_y = np.stack([y.astype(np.float64) ** k for k in range(_POWERS)], 0)
        system, right = assembly()
        for name, value in (("moments_x", moments_x), ("moments_y", moments_y), ("system", system), ("right", right)):
            self.register_buffer(name, torch.tensor(value, dtype=torch.float32), persistent=False)
        # Central differences in the normalised frame, of the sum of both pictures.
        kernel = torch.zeros(2, 1, 3, 3)
        kernel[0, 0, 1] = kernel[1, 0, :, 1] = torch.tensor([-0.25, 0.0, 0.25]) * (g.SCALE / 2)
        self.register_buffer("gradient", kernel, persistent=False)
        # Pixels that land nearer than this to B's border do not count; in grid_sample's coordinates.
        limit = torch.tensor([0.985, 0.735]) * self.grid.scale[:, 0]
        self.register_buffer("limit", limit, persistent=False)
        self.register_buffer("damping", torch.tensor([1e-6] * 6 + [1e-5] * 2), persistent=False)

    @staticmethod
    def prepare(luma: Tensor) -> Tensor:
        """Luma [1, 1, 360, 480] -> locally normalised [1, 1, 180, 240]."""
        return local_normalise(F.avg_pool2d(luma, 2), 2)

    def forward(self, a: Tensor, b: Tensor, homography: Tensor) -> Tensor:
        """Prepared pictures [1, 1, 180, 240] and a start [3, 3] -> the refined homography, last entry 1."""
        for _ in range(self.iterations):
            grid = self.grid(homography)
            warped = F.grid_sample(b, grid, mode="bilinear", padding_mode="border", align_corners=True)
            slope = F.conv2d(pad_border(warped + a), self.gradient)
            gx, gy = slope[0, 0], slope[0, 1]
            r = (warped - a)[0, 0]
            within = positive(self.limit - grid[0].abs())
            q = 1 + r * r * self.inverse_scale
            w = within[..., 0] * within[..., 1] / (q * q)
            wx, wy = w * gx, w * gy
            maps = torch.stack([wx * gx, wx * gy, wy * gy, wx * r, wy * r], 0)  # [5, 180, 240]
            moments = (self.moments_y @ (maps @ self.moments_x)).reshape(5, -1)  # [5, 25]
            scale = 1 / (w.sum() * 900 + 1e-6)
            system = (moments[:3].reshape(1, -1) @ self.system).view(8, 8) * scale
            right = (moments[3:].reshape(1, -1) @ self.right).view(8, 1) * scale
            d = self.fit.solve8(system, -right, self.damping)[:, 0]
            homography = homography @ (self.fit.eye3 + torch.cat([d, self.fit.zero]).view(3, 3))
        return homography / homography[2:3, 2:3]
