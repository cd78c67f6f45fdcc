"""Mesh of what a homography leaves: matches give a start, Gauss-Newton on the pictures refines every control point.

Matches have 0.3 to 0.6 px of noise each, and a mesh soft enough for parallax follows it. Therefore they only start the
mesh. The sums of the polish, weighted with the hat function of each control point instead of summed over the picture, give
a 2 x 2 system per control point; stiffness holds them together. How stiff, the pair says itself: where a step finds next to
nothing, the next is made stiff, and what remains below the noise is taken away, so that flat scenes keep their homography.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from . import geometry as g
from .fitting import Mesh, WithoutNoise
from .mesh_grid import MeshGrid
from .polish import HALF_HEIGHT, HALF_WIDTH, Polish, product_maps, sample

COUNT = g.MESH_COLUMNS * g.MESH_ROWS
# Displacements, px, that are noise rather than depth: of the matches' mesh, of the refined one.
MATCH_NOISE, PICTURE_NOISE = 0.5, 0.25
# Weight of the pictures against the stiffness.
PICTURE_WEIGHT = 10.0
# Stiffness of the first step; of the others at least, and times the squared noise over the squared motion.
FIRST_STIFFNESS, LEAST_STIFFNESS, NOISE_STIFFNESS = 0.3, 0.05, 0.4


class MeshPolish(nn.Module):
    """Fits a mesh to what a homography and a first mesh leave of matches, then refines both meshes on the pictures."""

    def __init__(self, polish: Polish, residual_scales: tuple[float, ...], match_steps: int = 12, picture_steps: int = 6):
        """One step on the pictures per scale of the robust weight, in deviations of the normalised pictures."""
        super().__init__()
        self.residual_scales = residual_scales
        # Stiff and forgiving: where the picture has parallax, most matches are far from the homography.
        self.without_noise = WithoutNoise()
        self.first = Mesh(stiffness=0.3, iterations=match_steps)
        self.level = polish.level
        self.solver_steps = picture_steps
        self.forgiving = (g.SCALE / 16.0) ** 2
        self.grid = MeshGrid(HALF_WIDTH, HALF_HEIGHT)
        across, down = self.grid.across, self.grid.down
        rough = g.mesh_roughness()
        buffers = {
            "across": across[1:-1].numpy(),
            "down_t": down[1:-1].t().contiguous().numpy(),
            # All unknowns: x of every control point, then y.
            "rough": np.kron(np.eye(2), rough),  # [260, 260]
            "rough_diagonal": np.tile(np.diag(rough), 2)[:, None],
            "same": np.eye(2 * COUNT),
            "other": np.kron([[0, 1], [1, 0]], np.eye(COUNT)),
        }
        for name, value in buffers.items():
            self.register_buffer(name, torch.tensor(np.ascontiguousarray(value), dtype=torch.float32), persistent=False)

    def forward(
        self, a: Tensor, b: Tensor, homography: Tensor, start: Tensor, matches: tuple[Tensor, Tensor, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Displacement [130, 2] of the control points, normalised, and how well the pictures then agree.

        a, b: normalised pictures [1, 1, 180, 240]; start [130, 2]: the first mesh, from which the matches were searched and
        whose bends cost nothing; matches: basis [n, 130] of their points, what homography and start leave of them [n, 2],
        weight [n]. The agreement is the correlation of the normalised pictures over the overlap before the last step, -1 to 1.
        """
        basis, residual, weight = matches
        held = weight / (1 + (residual**2).sum(1) * self.forgiving)
        u = self.without_noise(self.first(basis, residual, held / (held.max() + 1e-6)), MATCH_NOISE)
        grid = self.grid.of(homography)
        within = self.level.within(grid(start))
        seen = (self.down_t @ (within @ self.across)).reshape(COUNT, 1)
        warped = b
        for k, residual_scale in enumerate(self.residual_scales):
            stiffness = self._stiffness(start + u, seen) if k else FIRST_STIFFNESS
            warped = sample(b, grid(start + u))
            u = self._step(a, warped, within, u, stiffness, residual_scale)
        return self.without_noise(start + u, PICTURE_NOISE), self._agreement(a, warped, within)

    @staticmethod
    def _stiffness(u: Tensor, seen: Tensor) -> Tensor:
        """The less the mesh u [130, 2] moves over the overlap (seen, [130, 1]), the stiffer."""
        motion = (seen * (u * u).sum(1, keepdim=True)).sum() * g.SCALE**2 / (seen.sum() + 1e-6)  # px2, mean
        return LEAST_STIFFNESS + NOISE_STIFFNESS / (motion + 0.003)

    @staticmethod
    def _agreement(a: Tensor, warped: Tensor, within: Tensor) -> Tensor:
        x, y = a[0, 0, 1:-1, 1:-1], warped[0, 0, 1:-1, 1:-1]
        seen = x * within
        power = (seen * x).sum() * (y * y * within).sum()
        return (seen * y).sum() / torch.sqrt(power + 1.0)

    def _step(self, a: Tensor, warped: Tensor, within: Tensor, u: Tensor, stiffness: Tensor | float, residual_scale: float) -> Tensor:
        """One Gauss-Newton step of u [130, 2], the mesh beside its start."""
        r, gx, gy = self.level.slopes(warped, a)
        q = 1 + r * r * (1 / residual_scale**2)
        w = within * (PICTURE_WEIGHT / g.SCALE**2) / (q * q)
        sums = (self.down_t @ (product_maps(w, r, gx, gy) @ self.across)).reshape(6, COUNT)
        xx, xy, xr, _, yy, yr = sums.split(1)
        own, mixed = torch.cat([xx, yy], 1).t(), torch.cat([xy, xy], 1).t()  # [260, 1]
        rough = self.rough * stiffness
        matrix = rough + self.same * own + self.other * mixed
        gain = -torch.cat([xr, yr], 1).t() - rough @ u.t().reshape(-1, 1)
        moved = self._solve(matrix, 1 / (self.rough_diagonal * stiffness + own), gain)
        return u + moved.view(2, COUNT).t()

    def _solve(self, matrix: Tensor, inverse: Tensor, right: Tensor) -> Tensor:
        """Conjugate gradients from zero, preconditioned by the inverse diagonal: [260, 260], [260, 1], [260, 1]."""
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
