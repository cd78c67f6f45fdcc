"""SpatialNet: luma of two views -> homography A -> B, residual mesh, confidence."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import geometry as g
from .coarse_match import CoarseHomography
from .features import CoarseNet, FineNet, local_normalise
from .fine_match import Level
from .fitting import Homography, damping, project, project_inside
from .mesh_polish import MeshPolish
from .polish import Polish

# Matches that land nearer than this to B's border do not count (normalised frame).
INSIDE_X, INSIDE_Y = 0.985, 0.735
# Profiles: pyramid width, block of cells per query, residual scales of its fit in px; steps of the polish that are made at
# half its size, robust scale of every step of the mesh.
PROFILES: dict[str, tuple[int, int, tuple[float, ...], int, tuple[float, ...]]] = {
    "default": (240, 4, (8, 4, 2), 1, (1.0, 0.7, 0.7, 0.5)),
    "quality": (480, 8, (6, 3, 1.5), 0, (1.5, 1.0, 1.0, 1.0, 0.7, 0.7, 0.7, 0.5)),
}


class SpatialNet(nn.Module):
    """Coarse homography, fine round, polish, mesh of what they leave."""

    def __init__(self, coarse: CoarseNet, fine: FineNet, profile: str = "default"):
        super().__init__()
        width, block, scales, small_steps, mesh_scales = PROFILES[profile]
        self.coarse = CoarseHomography(coarse)
        self.level = Level(fine, width, width * g.HEIGHT // g.WIDTH, block)
        self.halve = width < g.WIDTH
        self.polish = Polish((1.0, 0.7, 0.5), small_steps)
        self.mesh = MeshPolish(self.polish, mesh_scales)
        self.fit = Homography(scales, [damping(1e-6, 1e-4)] * len(scales))
        self.register_buffer("eye3", torch.eye(3), persistent=False)
        # Logistic of log(1e-3 + vote), log(1e-3 + inlier mass), log(0.1 + fine inlier share), agreement; see `evaluate`.
        self.register_buffer("confidence_weight", torch.tensor([2.0, 2.0, 0.0, 0.0]))
        self.register_buffer("confidence_bias", torch.tensor([-4.0]))

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Luma [1, 1, 360, 480], 0..255, of both views.

        Returns h [3, 3] (normalised frame, h33 = 1), mesh [130, 2] (residual motion of the control points of A, normalised:
        x goes to h(x + mesh(x))), stats [9], h0 [3, 3] (before the polish), confidence [1]. Stats: vote score, coarse inlier
        mass, overlap share, share of fine queries inside, fine inlier share, log mean fine weight, mean probability inside,
        weighted fine inlier share, agreement of the aligned pictures (see MeshPolish).
        """
        h, vote, mass, overlap, probability = self.coarse(a, b)
        a_half, b_half = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
        a_polish, b_polish = local_normalise(a_half, 2), local_normalise(b_half, 2)
        a_level, b_level = (a_polish, b_polish) if self.halve else (local_normalise(a), local_normalise(b))
        cells = self.level.queries(a_half if self.halve else a)
        points = self.level.to_normalised(cells)
        warped = self.level.describe(self.level.warp(b_level, h))
        found, weight = self.level.match(self.level.describe(a_level), warped, cells, cells)
        _, inside = project_inside(h, points, INSIDE_X, INSIDE_Y)
        weight = weight * inside
        fitted = self.fit(points, found, weight, self.eye3)
        h0 = h @ fitted
        h0 = h0 / h0[2:3, 2:3]
        correction = self.polish(a_polish, b_polish, h0)
        h = h0 @ correction
        h = h / h[2:3, 2:3]
        # What of the matches the homography leaves; the frames of both differ by a few px, so that differences agree.
        reached, _ = project(fitted @ correction, points)
        residual = found - reached
        r2 = (residual**2).sum(1)
        mesh, agreement = self.mesh(a_polish, b_polish, h, points, residual, weight)
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
            agreement,
        ]
        features = torch.stack([torch.log(vote[0] + 1e-3), torch.log(mass + 1e-3), torch.log(stats[4] + 0.1), agreement])
        logit = (features * self.confidence_weight).sum() + self.confidence_bias
        return h, mesh, torch.stack(stats), h0, torch.sigmoid(logit)
