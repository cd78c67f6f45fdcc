"""SpatialNet: luma of two views -> homography A -> B, residual mesh, confidence."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import geometry as g
from .coarse_match import CoarseHomography
from .coarse_mesh import CoarseMesh
from .features import CoarseNet, FineNet, local_normalise
from .fine_match import Level
from .fitting import Homography, damping, project, project_inside
from .mesh_grid import MeshGrid
from .mesh_polish import MeshPolish
from .polish import Polish, sample

# Matches that land nearer than this to B's border do not count (normalised frame).
INSIDE_X, INSIDE_Y = 0.985, 0.735
# Profiles: pyramid width, block of cells per query, residual scales of its fit in px; steps of the polish that are made at
# half its size, robust scale of every step of the mesh.
PROFILES: dict[str, tuple[int, int, tuple[float, ...], int, tuple[float, ...]]] = {
    "default": (240, 4, (8, 4, 2), 1, (1.0, 0.7, 0.7, 0.5)),
    "quality": (480, 8, (6, 3, 1.5), 0, (1.5, 1.0, 1.0, 1.0, 0.7, 0.7, 0.7, 0.5)),
}


class SpatialNet(nn.Module):
    """Coarse homography and mesh, fine round, polish, mesh of what they leave."""

    def __init__(self, coarse: CoarseNet, fine: FineNet, profile: str = "default"):
        super().__init__()
        width, block, scales, small_steps, mesh_scales = PROFILES[profile]
        self.coarse = CoarseHomography(coarse)
        self.level = Level(fine, width, width * g.HEIGHT // g.WIDTH, block)
        self.halve = width < g.WIDTH
        self.polish = Polish((1.0, 0.7, 0.5), small_steps)
        self.mesh = MeshPolish(self.polish, mesh_scales)
        self.bend = CoarseMesh(self.coarse.match.cells)
        self.grid = self.mesh.grid if self.halve else MeshGrid(width, width * g.HEIGHT // g.WIDTH)
        self.fit = Homography(scales, [damping(1e-6, 1e-4)] * len(scales))
        self.register_buffer("eye3", torch.eye(3), persistent=False)
        # Two logistics; what they stand for and their features: `bundle.Confidence`, `evaluate.confidence`.
        self.register_buffer("confidence_weight", torch.zeros(2, 5))
        self.register_buffer("confidence_bias", torch.zeros(2))

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Luma [1, 1, 360, 480], 0..255, of both views.

        Returns h [3, 3] (normalised frame, h33 = 1), mesh [130, 2] (residual motion of the control points of A, normalised:
        x goes to h(x + mesh(x))), stats [10], h0 [3, 3] (before the polish), confidence [1]. Stats: vote score, coarse inlier
        mass, overlap share, share of fine queries inside, fine inlier share, log mean fine weight, mean probability inside,
        weighted fine inlier share, agreement of the aligned pictures (see MeshPolish), share of the coarse matches that lie
        elsewhere (see CoarseMesh).
        """
        h, vote, mass, overlap, coarse = self.coarse(a, b)
        a_half, b_half = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
        a_polish, b_polish = local_normalise(a_half, 2), local_normalise(b_half, 2)
        a_level, b_level = (a_polish, b_polish) if self.halve else (local_normalise(a), local_normalise(b))
        cells = self.level.queries(a_half if self.halve else a)
        points = self.level.to_normalised(cells)
        bend = self.bend(h, coarse, a_polish, b_polish)
        # The exporter does not know the shape that grid_sample gives.
        warped = sample(b_level, self.grid.of(h)(bend)).view(1, 1, self.grid.height, self.grid.width)
        found, weight = self.level.match(self.level.describe(a_level), self.level.describe(warped), cells, cells)
        basis = self.bend.fit.basis(points)
        bent = basis @ bend
        _, inside = project_inside(h, points + bent, INSIDE_X, INSIDE_Y)
        weight = weight * inside
        fitted = self.fit(points, found + bent, weight, self.eye3)
        h0 = h @ fitted
        h0 = h0 / h0[2:3, 2:3]
        correction = self.polish(a_polish, b_polish, h0)
        h = h0 @ correction
        h = h / h[2:3, 2:3]
        # What of the matches homography and bend leave; the frames of both differ by a few px, so that differences agree.
        reached, _ = project(fitted @ correction, points)
        residual = found - reached
        r2 = (residual**2).sum(1)
        mesh, agreement = self.mesh(a_polish, b_polish, h, bend, (basis, residual, weight))
        count = inside.sum() + 1e-3
        good = inside / (1 + r2 * (g.SCALE / 1.5) ** 2) ** 2
        total = weight.sum()
        stats = [
            vote[0],
            mass,
            overlap.mean(),
            count * (1 / cells.shape[0]),
            good.sum() / count,
            torch.log(total / count + 1e-6),
            (coarse.probability * overlap).sum() / (overlap.sum() + 1),
            (good * weight).sum() / (total + 1e-6),
            agreement,
            self.bend.elsewhere(h, mesh, coarse),
        ]
        features = torch.stack(
            [
                torch.log(vote[0] + 1e-3),
                torch.log(mass + 1e-3),
                torch.log(stats[4] + 0.1),
                agreement,
                torch.log(stats[9] + 0.02),
            ]
        )
        related, placed = (self.confidence_weight @ features + self.confidence_bias).split(1)
        return h, mesh, torch.stack(stats), h0, torch.sigmoid(torch.minimum(related, placed))
