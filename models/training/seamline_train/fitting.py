"""Closed-form fits inside the graphs, written so that tracing leaves no conditions, booleans or loops behind.

Everything is in the normalised frame (see geometry). Float32 suffices: every pass solves for a small correction.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from . import geometry as g


def pad_border(x: Tensor) -> Tensor:
    """Repeats the border of [N, C, h, w] once on every side. F.pad would leave shape arithmetic in the graph."""
    x = torch.cat([x[:, :, :1], x, x[:, :, -1:]], 2)
    return torch.cat([x[:, :, :, :1], x, x[:, :, :, -1:]], 3)


def pad_zero(x: Tensor, size: int) -> Tensor:
    """Zeros of `size` cells around [N, C, h, w], for h, w >= size."""
    rows = x[:, :, :size] * 0
    x = torch.cat([rows, x, rows], 2)
    columns = x[:, :, :, :size] * 0
    return torch.cat([columns, x, columns], 3)


def positive(x: Tensor) -> Tensor:
    """1 where x > 0, else 0, as floats: comparisons would leave boolean nodes in the graph."""
    return torch.relu(torch.sign(x))


def project(homography: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """Maps points [n, 2] by [3, 3]: (images [n, 2], homogeneous weights [n, 1]); weights below 0.05 are held there."""
    q = points @ homography[:, :2].t() + homography[:, 2].unsqueeze(0)
    return q[:, :2] / q[:, 2:3].clamp(min=0.05), q[:, 2:3]


def project_inside(homography: Tensor, points: Tensor, width: float, height: float) -> tuple[Tensor, Tensor]:
    """As project, with a float mask [n] of points that land within +-width, +-height and in front of the camera."""
    q, z = project(homography, points)
    mask = positive(width - q[:, 0].abs()) * positive(height - q[:, 1].abs()) * positive(z[:, 0] - 0.1)
    return q, mask


class Homography(nn.Module):
    """Weighted fit of small homographic corrections; buffers instead of constants made while tracing."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("eye3", torch.eye(3), persistent=False)
        self.register_buffer("eye8", torch.eye(8), persistent=False)
        self.register_buffer("zero", torch.zeros(1), persistent=False)

    def solve8(self, matrix: Tensor, right: Tensor, damping: Tensor) -> Tensor:
        """Solves (matrix + diag(damping)) x = right, [8, 8] and [8, 1]: unrolled Gauss-Jordan without pivoting."""
        m = torch.cat([matrix + self.eye8 * damping, right], 1)
        for k in range(8):
            m = m - (m[:, k : k + 1] - self.eye8[:, k : k + 1]) @ (m[k : k + 1] / m[k : k + 1, k : k + 1])
        return m[:, 8:9]

    def step(self, points: Tensor, targets: Tensor, weight: Tensor, damping: Tensor) -> Tensor:
        """The correction D [3, 3] with (I + D) points ~ targets; points, targets [n, 2], weight [n]."""
        x, y = points[:, 0:1], points[:, 1:2]
        u, v = targets[:, 0:1], targets[:, 1:2]
        w = weight.unsqueeze(1)
        one = x * 0 + 1
        none = x * 0
        rows_x = torch.cat([x, y, one, none, none, none, -u * x, -u * y], 1)
        rows_y = torch.cat([none, none, none, x, y, one, -v * x, -v * y], 1)
        scale = 1 / (weight.sum() + 1e-6)
        wx, wy = rows_x * w * scale, rows_y * w * scale
        matrix = wx.t() @ rows_x + wy.t() @ rows_y
        right = wx.t() @ (u - x) + wy.t() @ (v - y)
        return torch.cat([self.solve8(matrix, right, damping)[:, 0], self.zero]).view(3, 3)

    def robust(self, points: Tensor, targets: Tensor, weight: Tensor, scales: Tensor, dampings: Tensor) -> Tensor:
        """G [3, 3] with G points ~ targets by reweighting; one pass per scale [k] (normalised) and damping [k, 8]."""
        out = self.eye3
        for k in range(scales.shape[0]):
            image, _ = project(out, points)
            ratio = ((targets - image) ** 2).sum(1) / (scales[k] * scales[k])
            w = weight / ((1 + ratio) * (1 + ratio))
            out = out + self.step(image, targets, w, dampings[k]) @ out
        return out


def scales_px(*values: float) -> Tensor:
    """Residual scales given in px, as a tensor in the normalised frame."""
    return torch.tensor(values, dtype=torch.float32) / g.SCALE


def damping(linear: float, perspective: float, translation: float | None = None) -> list[float]:
    """Damping of the 8 unknowns: four linear ones, two translations (like the linear ones if not given), two perspective."""
    t = linear if translation is None else translation
    return [linear, linear, t, linear, linear, t, perspective, perspective]


class Mesh(nn.Module):
    """Regularised least squares on 13 x 10 control points: (B'WB + R) u = B'We."""

    def __init__(self, stiffness: float = 0.1, iterations: int = 24):
        super().__init__()
        self.iterations = iterations
        control = torch.tensor(g.to_normalised(g.control_points()), dtype=torch.float32)
        self.register_buffer("control", control, persistent=False)  # [130, 2]
        roughness = torch.tensor(g.mesh_roughness() * stiffness, dtype=torch.float32)
        self.register_buffer("roughness", roughness, persistent=False)  # [130, 130]
        # Points of the graph are at integer pixels, inside the hull of the control points.
        self.per_column = (g.MESH_COLUMNS - 1) * g.SCALE / g.WIDTH
        self.per_row = (g.MESH_ROWS - 1) * g.SCALE / g.HEIGHT
        eye = torch.eye(g.MESH_COLUMNS * g.MESH_ROWS)
        self.register_buffer("eye", eye, persistent=False)

    def basis(self, points: Tensor) -> Tensor:
        """Bilinear weights [n, 130] at points [n, 2]."""
        bx = torch.relu(1 - (points[:, 0:1] - self.control[:, 0].unsqueeze(0)).abs() * self.per_column)
        by = torch.relu(1 - (points[:, 1:2] - self.control[:, 1].unsqueeze(0)).abs() * self.per_row)
        return bx * by

    def forward(self, points: Tensor, residual: Tensor, weight: Tensor) -> Tensor:
        """Displacement [130, 2] of the control points from residuals [n, 2] at points [n, 2], weights [n] up to 1."""
        b = self.basis(points)
        bw = (b * weight.unsqueeze(1)).t()
        a = bw @ b + self.roughness
        r = bw @ residual
        inverse = 1 / (a * self.eye).sum(1, keepdim=True)
        u = r * 0
        z = inverse * r
        d = z
        rz = (r * z).sum(0, keepdim=True)
        for _ in range(self.iterations):
            ad = a @ d
            alpha = rz / ((d * ad).sum(0, keepdim=True) + 1e-20)
            u = u + alpha * d
            r = r - alpha * ad
            z = inverse * r
            rz_new = (r * z).sum(0, keepdim=True)
            d = z + (rz_new / (rz + 1e-20)) * d
            rz = rz_new
        return u
