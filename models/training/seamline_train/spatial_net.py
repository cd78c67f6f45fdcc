"""SpatialNet: luma of two views -> homography A -> B, residual mesh, confidence."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import geometry as g
from .coarse_match import CoarseHomography
from .features import CoarseNet, FineNet
from .fine_match import Level
from .fitting import Homography, damping, project_inside, scales_px
from .mesh_polish import MeshPolish
from .polish import Polish

# Matches that land nearer than this to B's border do not count (normalised frame).
INSIDE_X, INSIDE_Y = 0.985, 0.735
# Profiles: pyramid width, block of cells per query, residual scales of the first round in px.
PROFILES: dict[str, tuple[int, int, tuple[float, ...]]] = {
    "default": (240, 4, (10, 6, 4, 3, 2)),
    "quality": (480, 8, (6, 4, 3, 2, 1.5)),
}
CONFIDENCE_FEATURES = 3


class SpatialNet(nn.Module):
    """Coarse homography, fine round, polish, fine round for the mesh, polish of the mesh."""

    def __init__(self, coarse: CoarseNet, fine: FineNet, profile: str = "default"):
        super().__init__()
        width, block, scales = PROFILES[profile]
        self.coarse = CoarseHomography(coarse)
        self.level = Level(fine, width, width * g.HEIGHT // g.WIDTH, block)
        self.halve = width < g.WIDTH
        self.polish = Polish(3)
        self.mesh = MeshPolish(self.polish)
        self.fit = Homography()
        self.register_buffer("scales", scales_px(*scales), persistent=False)
        self.register_buffer("damping", torch.tensor([damping(1e-6, 1e-4)] * len(scales)), persistent=False)
        # Logistic of (log(1e-3 + vote), log(1e-3 + inlier mass), fine inlier share); fitted by `evaluate`.
        self.register_buffer("confidence_weight", torch.tensor([2.0, 2.0, 0.0]))
        self.register_buffer("confidence_bias", torch.tensor([-4.0]))

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Luma [1, 1, 360, 480], 0..255, of both views.

        Returns h [3, 3] (normalised frame, h33 = 1), mesh [130, 2] (residual motion of the control points of A, normalised:
        x goes to h(x + mesh(x))), stats [8], h0 [3, 3] (before the polish), confidence [1]. Stats: vote score, coarse inlier
        mass, overlap share, share of fine queries inside, fine inlier share, log mean fine weight, mean probability inside,
        weighted fine inlier share.
        """
        h, vote, mass, overlap, probability = self.coarse(a, b)
        a_level, b_level = (F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)) if self.halve else (a, b)
        cells = self.level.queries(a_level)
        points = self.level.to_normalised(cells)
        described = self.level.describe(a_level)
        found, weight, _ = self._round(described, b_level, cells, points, h)
        h0 = h @ self.fit.robust(points, found, weight, self.scales, self.damping)
        h0 = h0 / h0[2:3, 2:3]
        a_prepared, b_prepared = self.polish.prepare(a), self.polish.prepare(b)
        h = self.polish(a_prepared, b_prepared, h0)
        found, weight, inside = self._round(described, b_level, cells, points, h)
        residual = found - points
        r2 = (residual**2).sum(1)
        mesh = self.mesh(a_prepared, b_prepared, h, points, residual, weight)
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
            (probability * overlap).sum() / (overlap.sum() + 1),
            (good * weight).sum() / (total + 1e-6),
        ]
        features = torch.stack([torch.log(vote[0] + 1e-3), torch.log(mass + 1e-3), stats[4]])
        logit = (features * self.confidence_weight).sum() + self.confidence_bias
        return h, mesh, torch.stack(stats), h0, torch.sigmoid(logit)

    def _round(
        self, described: Tensor, b: Tensor, cells: Tensor, points: Tensor, h: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Matches A's queries in B warped by h: positions in A's frame [n, 2], weights [n], inside mask [n]."""
        warped = self.level.describe(self.level.warp(b, h))
        found, weight = self.level.match(described, warped, cells, cells)
        _, inside = project_inside(h, points, INSIDE_X, INSIDE_Y)
        return found, weight * inside, inside
