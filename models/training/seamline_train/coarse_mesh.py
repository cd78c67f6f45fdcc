"""Mesh of what a homography leaves, from the coarse matches: the ground before a wall, a bent lens, a near thing.

The fine matches search 16 px around the homography. What lies farther away, the coarse matches have found all the same, and
this mesh carries it there, so that the fine matches and the refinement on the pictures start near it. It is used only where it
brings coarse matches into place and the blurred pictures agree better with it: flat scenes keep their homography.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import geometry as g
from .coarse_match import CoarseMatches, in_frame
from .fitting import Mesh, WithoutNoise, inverse, positive, project, project_inside
from .mesh_grid import MeshGrid
from .polish import sample

# Stiffness of the mesh, and scales (px) of the robust weight of its three passes.
STIFFNESS, SCALES = 0.05, (96.0, 32.0, 16.0)
SOLVER_STEPS = 10
# Matches farther than this from the homography do not count, normalised: half a view's width.
REACH = 1.0
# Matches that the homography puts farther beside B than this do not count, normalised: nothing else holds the mesh there.
MARGIN = 40.0 / g.SCALE
# Half of a match counts as elsewhere when it lies this far from where it is drawn, px.
AWAY = 24.0
# Share of the matches that the mesh must bring from elsewhere into place, and what the correlation of the blurred pictures must
# gain, for the mesh to be used wholly; with less it is used in part.
FULL_GAIN, FULL_AGREEMENT = 0.015, 0.02
# Size of the blurred pictures, and what they are made smaller by.
BLURRED_WIDTH, BLURRED_HEIGHT = 60, 45
BLUR = 4
# Displacements that are noise of the coarse matches rather than depth, px; what is smaller the fine matches find.
NOISE = 8.0


class CoarseMesh(nn.Module):
    """Fits a mesh to the best coarse match of every tile, and says how many matches lie elsewhere than where they are drawn."""

    def __init__(self, cells: Tensor):
        """cells [1200, 2], normalised."""
        super().__init__()
        self.without_noise = WithoutNoise()
        self.fit = Mesh(STIFFNESS, SOLVER_STEPS)
        self.inverse_squares = [(g.SCALE / scale) ** 2 for scale in SCALES]
        self.away = (g.SCALE / AWAY) ** 2
        self.grid = MeshGrid(BLURRED_WIDTH, BLURRED_HEIGHT)
        limit = torch.tensor([0.985, 0.98]).repeat(BLURRED_WIDTH).unsqueeze(0)
        self.register_buffer("limit", limit, persistent=False)  # x and y in turn
        self.register_buffer("cells", cells.clone(), persistent=False)
        self.register_buffer("basis", self.fit.basis(cells), persistent=False)  # [1200, 130]

    def forward(self, homography: Tensor, matches: CoarseMatches, a: Tensor, b: Tensor) -> Tensor:
        """Displacement [130, 2] of the control points, normalised, for a homography [3, 3].

        a, b: normalised pictures [1, 1, 180, 240].
        """
        u = self._fitted(homography, matches)
        gain = self._brought(homography, u, matches)
        u = self.without_noise(u, NOISE) * (gain * (1 / FULL_GAIN)).clamp(0, 1)
        gain = self._agreement_gained(homography, u, F.avg_pool2d(a, BLUR), F.avg_pool2d(b, BLUR))
        return u * (gain * (1 / FULL_AGREEMENT)).clamp(0, 1)

    def _fitted(self, homography: Tensor, matches: CoarseMatches) -> Tensor:
        cells = self.cells.index_select(0, matches.best)
        back, _ = project(inverse(homography), matches.position.index_select(0, matches.best))
        residual = back - cells
        _, near = project_inside(homography, cells, 1 + MARGIN, 0.75 + MARGIN)
        within = near * positive(REACH**2 - (residual**2).sum(1))
        residual = residual * within.unsqueeze(1)
        weight = matches.probability.index_select(0, matches.best) * within
        basis = self.basis.index_select(0, matches.best)
        u = torch.zeros_like(self.fit.control)
        for inverse_square in self.inverse_squares:
            q = 1 + ((residual - basis @ u) ** 2).sum(1) * inverse_square
            u = self.fit(basis, residual, weight / (q * q), u)
        return u

    def _brought(self, homography: Tensor, u: Tensor, matches: CoarseMatches) -> Tensor:
        """Share of the matches that the mesh u [130, 2] brings from elsewhere into place."""
        flat, _ = project(homography, self.cells)
        return self._elsewhere(flat, flat, matches) - self._elsewhere(self._image(homography, u), flat, matches)

    def _agreement_gained(self, homography: Tensor, u: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """What the mesh u [130, 2] adds to the correlation of the blurred pictures [1, 1, 45, 60], where both fill A."""
        grid = self.grid.of(homography)
        grids = grid(u * 0), grid(u)
        within = self._within(grids[0]) * self._within(grids[1])
        flat, bent = (self._correlation(a, sample(b, where), within) for where in grids)
        return bent - flat

    def _within(self, grid: Tensor) -> Tensor:
        lies = positive(self.limit - grid.view(BLURRED_HEIGHT, 2 * BLURRED_WIDTH).abs())
        x, y = lies.view(1, 1, BLURRED_HEIGHT, BLURRED_WIDTH, 2).unbind(4)
        return x * y

    @staticmethod
    def _correlation(a: Tensor, b: Tensor, within: Tensor) -> Tensor:
        x, y, w = (F.avg_pool2d(picture, 2) for picture in (a, b, within))
        seen = x * w
        return (seen * y).sum() / torch.sqrt((seen * x).sum() * (y * y * w).sum() + 1.0)

    def elsewhere(self, homography: Tensor, u: Tensor, matches: CoarseMatches) -> Tensor:
        """Share of the matches in the overlap that lie elsewhere than homography and mesh u [130, 2] draw them, 0 to 1."""
        image = self._image(homography, u)
        return self._elsewhere(image, image, matches)

    def _image(self, homography: Tensor, u: Tensor) -> Tensor:
        image, _ = project(homography, self.cells + self.basis @ u)
        return image

    def _elsewhere(self, image: Tensor, frame: Tensor, matches: CoarseMatches) -> Tensor:
        """By the square of their probability; `frame` says which cells lie in B."""
        weight = matches.probability**2 * in_frame(frame)
        r2 = ((matches.position - image) ** 2).sum(1) * self.away
        return (weight * (r2 / (r2 + 1))).sum() / (weight.sum() + 1e-6)
