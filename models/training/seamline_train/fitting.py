"""Closed-form fits inside the graphs, written so that tracing leaves no conditions, booleans or loops behind.

Everything is in the normalised frame (see geometry). Float32 suffices: every pass solves for a small correction.
"""

from __future__ import annotations

import numpy as np
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


def inverse(homography: Tensor) -> Tensor:
    """Inverse of [3, 3] up to scale, last entry 1: cofactors, since the exporter knows no inverse."""
    a, b, c = homography.unbind(0)
    columns = [_cross(b, c), _cross(c, a), _cross(a, b)]
    back = torch.stack(columns, 1)
    return back / back[2:3, 2:3]


def _cross(a: Tensor, b: Tensor) -> Tensor:
    (ax, ay, az), (bx, by, bz) = a.split(1), b.split(1)
    return torch.cat([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def project_inside(homography: Tensor, points: Tensor, width: float, height: float) -> tuple[Tensor, Tensor]:
    """As project, with a float mask [n] of points that land within +-width, +-height and in front of the camera."""
    q, z = project(homography, points)
    mask = positive(width - q[:, 0].abs()) * positive(height - q[:, 1].abs()) * positive(z[:, 0] - 0.1)
    return q, mask


class Homography(nn.Module):
    """Robust fit of a homography to matches by reweighting: one Gauss-Newton step per residual scale.

    A step solves for a small addition to the matrix. Its 8 x 8 system consists of one 3 x 3 block A for both
    coordinates, two 3 x 2 blocks and a 2 x 2 block for the perspective, so that cofactors of A and of the remaining
    2 x 2 system solve it in half the nodes of an elimination: a fit costs what its many tiny nodes cost.
    """

    def __init__(self, scales_px: tuple[float, ...], dampings: list[list[float]], gauss: bool = False):
        super().__init__()
        self.gauss = gauss
        self.inverse_squares = [(g.SCALE / s) ** 2 for s in scales_px]
        select, bias = _assembly(dampings)
        self.register_buffer("select", torch.tensor(select, dtype=torch.float32), persistent=False)  # [63, 63]
        self.register_buffer("bias", torch.tensor(bias, dtype=torch.float32), persistent=False)  # [passes, 63]
        self.register_buffer("zero", torch.zeros(1), persistent=False)
        # a b r / c d s as [6]: factors of the numerators and of the determinant of the 2 x 2 solution.
        self.register_buffer("factors", torch.tensor([4, 0, 0, 2, 5, 4, 1, 3, 1, 5, 2, 3]), persistent=False)

    def forward(self, points: Tensor, targets: Tensor, weight: Tensor, start: Tensor) -> Tensor:
        """H [3, 3] with H points ~ targets; points, targets [n, 2], weight [n], start [3, 3] with last entry 1."""
        p, t = points.t(), targets.t()
        flat = torch.cat([p, p[0:1] * 0 + 1], 0)  # [3, n]
        mixed = (t.unsqueeze(1) * p.unsqueeze(0)).reshape(4, -1)
        rows = torch.cat([flat, mixed], 0)  # x, y, 1, ux, uy, vx, vy
        weight = weight.unsqueeze(0)
        h = start
        for k, inverse_square in enumerate(self.inverse_squares):
            q = h @ flat
            z = q[2:3].clamp(min=0.05)
            error = t - q[:2] / z
            r2 = (error * error).sum(0, keepdim=True)
            w = weight * self._kernel(r2, inverse_square) / (z * z)
            sums = (rows * w) @ torch.cat([rows, error * z], 0).t()  # [7, 9]
            sums = sums / (sums[2:3, 2:3] + 1e-6)
            h = h + self._solve(sums.reshape(1, -1) @ self.select + self.bias[k : k + 1])
        return h

    def _kernel(self, r2: Tensor, inverse_square: float) -> Tensor:
        if self.gauss:
            return torch.exp(r2 * (-0.5 * inverse_square))
        q = r2 * inverse_square + 1
        return 1 / (q * q)

    def _solve(self, parts: Tensor) -> Tensor:
        """What _assembly selects, [1, 63] -> the addition [3, 3], last entry 0."""
        first, second, third, fourth, top, blocks, corner = parts.split([9, 9, 9, 9, 3, 18, 6], 1)
        cofactors = first * second - third * fourth
        inverse = (cofactors / (cofactors[:, :3] * top).sum(1, keepdim=True)).view(3, 3)
        blocks = blocks.view(2, 3, 3)
        solved = inverse @ blocks  # [2, 3, 3]: both perspective columns and the right-hand side
        rest = corner.view(2, 3) - (blocks[:, :, :2].transpose(1, 2) @ solved).sum(0)
        a, b, c, d = rest.reshape(-1).index_select(0, self.factors).split(3)
        x = a * b - c * d
        perspective = x[:2] / x[2:3]
        linear = solved[:, :, 2] - (solved[:, :, :2] * perspective).sum(2)
        return torch.cat([linear.reshape(-1), perspective, self.zero]).view(3, 3)


def _assembly(dampings: list[list[float]]) -> tuple[np.ndarray, np.ndarray]:
    """Which sums [7 x 9] the solution of Homography takes where, as a matrix [63, 63], and the damping added [passes, 63]."""
    select, bias = np.zeros((63, 63)), np.zeros((len(dampings), 63))
    column = 0

    def take(*entries: tuple[int, int, float]) -> None:
        nonlocal column
        for i, j, sign in entries:
            select[i * 9 + j, column] += sign
        column += 1

    def take_damped(i: int, j: int) -> None:
        if i == j:
            bias[:, column] = [d[i] for d in dampings]
        take((i, j, 1))

    # The four factors of every cofactor, cyclic indices.
    for down, right in ((1, 1), (2, 2), (1, 2), (2, 1)):
        for i in range(3):
            for j in range(3):
                take_damped((i + down) % 3, (j + right) % 3)
    for j in range(3):
        take_damped(0, j)
    for first, error in ((3, 7), (5, 8)):
        for i in range(3):
            for j in (first, first + 1):
                take((i, j, -1))
            take((i, error, 1))
    for i in range(2):
        for j in range(2):
            if i == j:
                bias[:, column] = [d[6 + i] for d in dampings]
            take((3 + i, 3 + j, 1), (5 + i, 5 + j, 1))
        take((3 + i, 7, -1), (5 + i, 8, -1))
    return select, bias


def eliminate(matrix: Tensor, right: Tensor, damping: Tensor, eye: Tensor) -> Tensor:
    """Solves (matrix + diag(damping)) x = right, [8, 8] and [8, 1]: unrolled Gauss-Jordan without pivoting."""
    m = torch.cat([matrix + eye * damping, right], 1)
    for k in range(8):
        m = m - (m[:, k : k + 1] - eye[:, k : k + 1]) @ (m[k : k + 1] / m[k : k + 1, k : k + 1])
    return m[:, 8:9]


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

    def forward(self, b: Tensor, residual: Tensor, weight: Tensor, start: Tensor | None = None) -> Tensor:
        """Displacement [130, 2] of the control points from residuals [n, 2], their basis [n, 130], weights [n] up to 1.

        start [130, 2]: where the conjugate gradients begin, zero if not given.
        """
        bw = (b * weight.unsqueeze(1)).t()
        a = bw @ b + self.roughness
        r = bw @ residual
        inverse = 1 / (a * self.eye).sum(1, keepdim=True)
        u = r * 0
        if start is not None:
            u = start
            r = r - a @ start
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


class WithoutNoise(nn.Module):
    """Takes away of a mesh what is noise rather than depth in a whole neighbourhood."""

    # Control points this near share the evidence for depth, px.
    NEIGHBOURHOOD = 100.0

    def __init__(self) -> None:
        super().__init__()
        c = g.control_points()
        near = np.exp(-((c[:, None] - c[None]) ** 2).sum(-1) / (2 * self.NEIGHBOURHOOD**2))
        near /= near.sum(1, keepdims=True)
        self.register_buffer("near", torch.tensor(near, dtype=torch.float32), persistent=False)  # [130, 130]

    def forward(self, u: Tensor, noise: float) -> Tensor:
        """Of u [130, 2], normalised, what is above `noise` px."""
        power = self.near @ (u * u).sum(1, keepdim=True) * (g.SCALE / noise) ** 2
        square = power * power
        return u * (square / (square + 1))
