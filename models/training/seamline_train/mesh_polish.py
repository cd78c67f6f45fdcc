"""Gauss-Newton on locally normalised luma for every control point of a mesh, held together by matches and stiffness.

The matches of a window have 0.3 to 0.6 px of noise each, and a mesh that is soft enough for parallax follows it. The pictures
themselves say more: the sums of the polish, weighted with the hat function of each control point instead of summed over the
picture, give a 2 x 2 system per control point that is solved together with the matches and the stiffness.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import geometry as g
from .fitting import Mesh, pad_border, positive
from .polish import HALF_HEIGHT, HALF_WIDTH, Polish

COUNT = g.MESH_COLUMNS * g.MESH_ROWS


class MeshPolish(nn.Module):
    """Fits the mesh of residual motion to matches, then refines it on the pictures."""

    def __init__(self, polish: Polish, iterations: int = 2, stiffness: float = 0.1, picture_weight: float = 2.0):
        super().__init__()
        # Matches alone, stiff and forgiving: where the picture has parallax, most matches are far from the homography.
        self.first = Mesh(stiffness=0.3)
        self.iterations = iterations
        self.solver_steps = 12
        self.first_kernel = (g.SCALE / 16.0) ** 2
        self.second_kernel = (g.SCALE / 6.0) ** 2
        self.picture_weight = picture_weight / g.SCALE**2
        self.residual_kernel = 1 / 0.5**2
        grid = polish.grid
        per = (g.MESH_COLUMNS - 1) / 2
        control = self.first.control.view(g.MESH_ROWS, g.MESH_COLUMNS, 2)
        across = torch.relu(1 - (grid.x - control[0, :, 0].unsqueeze(0)).abs() * per)
        down = torch.relu(1 - (grid.rows[:, 0:1] - control[:, 0, 1].unsqueeze(0)).abs() * per)
        rough = torch.tensor(g.mesh_roughness() * stiffness, dtype=torch.float32)
        buffers = {
            "across": across,  # [240, 13]
            "across_t": across.t().contiguous(),
            "down": down,  # [180, 10]
            "down_t": down.t().contiguous(),
            "rest_x": grid.x.view(1, HALF_WIDTH),
            "rest_y": grid.rows[:, 0:1],
            "to_grid": torch.cat([grid.scale, torch.ones(1, 1)], 0),  # [3, 1]
            "limit": polish.limit,
            "gradient": polish.gradient,
            "stiffness": rough,
            "eye": torch.eye(COUNT),
        }
        for name, value in buffers.items():
            self.register_buffer(name, value.clone(), persistent=False)

    def forward(
        self, a: Tensor, b: Tensor, homography: Tensor, points: Tensor, residual: Tensor, weight: Tensor
    ) -> Tensor:
        """Displacement [130, 2] of the control points, normalised.

        a, b: prepared pictures [1, 1, 180, 240]; residual [n, 2] of matches at points [n, 2], weight [n].
        """
        u = self.first(points, residual, self._held(residual, weight, self.first_kernel))
        basis = self.first.basis(points)
        held = self._held(residual - basis @ u, weight, self.second_kernel)
        weighted = (basis * held.unsqueeze(1)).t()
        system = weighted @ basis + self.stiffness
        right = weighted @ residual
        for _ in range(self.iterations):
            u = self._step(a, b, homography, u, system, right)
        return u

    @staticmethod
    def _held(residual: Tensor, weight: Tensor, kernel: float) -> Tensor:
        held = weight / (1 + (residual**2).sum(1) * kernel)
        return held / (held.max() + 1e-6)

    def _warp(self, b: Tensor, homography: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
        """B through homography and mesh, [1, 1, 180, 240], and which pixels lie inside B."""
        field = self.down @ u.t().reshape(2, g.MESH_ROWS, g.MESH_COLUMNS) @ self.across_t  # [2, 180, 240]
        x = (field[0] + self.rest_x).reshape(1, -1)
        y = (field[1] + self.rest_y).reshape(1, -1)
        h = homography * self.to_grid
        image = h[:, :2] @ torch.cat([x, y], 0) + h[:, 2:3]  # [3, 43200]
        image = image[:2] * (1 / image[2:3])
        within = positive(self.limit.unsqueeze(1) - image.abs())
        grid = image.t().reshape(1, HALF_HEIGHT, HALF_WIDTH, 2)
        warped = F.grid_sample(b, grid, mode="bilinear", padding_mode="border", align_corners=True)
        return warped, (within[0] * within[1]).view(HALF_HEIGHT, HALF_WIDTH)

    def _step(self, a: Tensor, b: Tensor, homography: Tensor, u: Tensor, system: Tensor, right: Tensor) -> Tensor:
        warped, within = self._warp(b, homography, u)
        slope = F.conv2d(pad_border(warped + a), self.gradient)
        gx, gy = slope[0, 0], slope[0, 1]
        r = (warped - a)[0, 0]
        q = 1 + r * r * self.residual_kernel
        w = within * self.picture_weight / (q * q)
        wx, wy = w * gx, w * gy
        maps = torch.stack([wx * gx, wx * gy, wy * gy, wx * r, wy * r], 0)  # [5, 180, 240]
        sums = (self.down_t @ (maps @ self.across)).reshape(5, COUNT)
        xx, xy, yy = (self.eye * sums[k].unsqueeze(1) for k in range(3))
        whole = torch.cat([torch.cat([system + xx, xy], 1), torch.cat([xy, system + yy], 1)], 0)  # [260, 260]
        # The gain of a step counts from where the mesh is now.
        current = torch.cat([u[:, 0:1], u[:, 1:2]], 0)
        gain = right.t().reshape(-1, 1) - torch.cat([sums[3], sums[4]], 0).unsqueeze(1)
        residual = gain - torch.cat([system @ u[:, 0:1], system @ u[:, 1:2]], 0)
        moved = current + self._solve(whole, residual)
        return torch.cat([moved[:COUNT], moved[COUNT:]], 1)

    def _solve(self, matrix: Tensor, right: Tensor) -> Tensor:
        """Jacobi-preconditioned conjugate gradients from zero: [260, 260], [260, 1]."""
        inverse = 1 / torch.cat([(matrix[:COUNT, :COUNT] * self.eye).sum(1), (matrix[COUNT:, COUNT:] * self.eye).sum(1)])
        inverse = inverse.unsqueeze(1)
        u = right * 0
        r = right
        z = inverse * r
        d = z
        rz = (r * z).sum()
        for _ in range(self.solver_steps):
            ad = matrix @ d
            alpha = rz / ((d * ad).sum() + 1e-20)
            u = u + alpha * d
            r = r - alpha * ad
            z = inverse * r
            new = (r * z).sum()
            d = z + (new / (rz + 1e-20)) * d
            rz = new
        return u
