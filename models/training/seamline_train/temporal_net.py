"""TemporalNet: luma of two successive frames of one camera -> motion of the control points.

Three levels of the fine net, coarse to fine, in one pass each; windows are read at the whole cell nearest to where the level
above expects the point, so nothing of the previous frame has to be warped and its descriptors can be kept for the next call.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import geometry as g
from .features import FINE_CHANNELS, FineNet
from .fine_match import Level
from .fitting import Homography, Mesh, damping, project, project_inside, scales_px
from .polish import HALF_HEIGHT, HALF_WIDTH, Polish

INSIDE_X, INSIDE_Y = 0.98, 0.73
_SHIFT = damping(10, 1e3, translation=1e-6)
_AFFINE = damping(1e-4, 1e3)
_FULL = damping(1e-5, 3e-4)
# Per level: width, block, (residual scale in px, damping) of every pass.
LEVELS = (
    (60, 2, ((48.0, _SHIFT), (32.0, _SHIFT), (24.0, _SHIFT))),
    (120, 2, ((20.0, _SHIFT), (14.0, _SHIFT), (10.0, _AFFINE), (8.0, _AFFINE), (6.0, _AFFINE))),
    (240, 6, ((6.0, _AFFINE), (4.0, _FULL), (2.0, _FULL), (1.5, _FULL))),
)
Described = tuple[Tensor, Tensor, Tensor, Tensor]


class TemporalNet(nn.Module):
    """Frames `prev`, `cur` -> where every control point of `cur` lay in `prev`."""

    def __init__(self, fine: FineNet, polish_steps: int = 2, stiffness: float = 0.1):
        super().__init__()
        self.levels = nn.ModuleList(Level(fine, w, w * g.HEIGHT // g.WIDTH, block) for w, block, _ in LEVELS)
        for k, (_, _, passes) in enumerate(LEVELS):
            self.register_buffer(f"scales{k}", scales_px(*(s for s, _ in passes)), persistent=False)
            self.register_buffer(f"damping{k}", torch.tensor([d for _, d in passes]), persistent=False)
        self.fit = Homography()
        self.polish = Polish(polish_steps)
        self.mesh = Mesh(stiffness)

    @staticmethod
    def pyramid(luma: Tensor) -> list[Tensor]:
        """Luma [1, 1, 360, 480] at widths 60, 120 and 240."""
        half = F.avg_pool2d(luma, 2)
        quarter = F.avg_pool2d(half, 2)
        return [F.avg_pool2d(quarter, 2), quarter, half]

    def describe(self, luma: Tensor) -> Described:
        """What the next call needs of a frame: descriptors of the three levels and the normalised half-size luma."""
        d = [level.describe(x) for level, x in zip(self.levels, self.pyramid(luma))]
        return d[0], d[1], d[2], self.polish.prepare(luma)

    def forward(self, prev: Tensor, cur: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Luma [1, 1, 360, 480] of two frames.

        Returns motion [130, 2] px (control point of cur -> where it lay in prev, minus itself), stats [3] (inlier share, share
        inside, log mean weight), h [3, 3] (cur -> prev, normalised frame).
        """
        return self.compare(self.describe(prev), cur, self.describe(cur))

    def compare(self, before: Described, cur: Tensor, now: Described) -> tuple[Tensor, Tensor, Tensor]:
        """As forward, with the frames already described."""
        h = self.fit.eye3
        points = found = weight = inside = cur
        for k, (level, luma) in enumerate(zip(self.levels, self.pyramid(cur))):
            cells = level.queries(luma)
            points = level.to_normalised(cells)
            expected, inside = project_inside(h, points, INSIDE_X, INSIDE_Y)
            found, weight = level.match(now[k], before[k], cells, level.nearest_cells(expected))
            weight = weight * inside
            scales, dampings = getattr(self, f"scales{k}"), getattr(self, f"damping{k}")
            h = self.fit.robust(expected, found, weight, scales, dampings) @ h
        h = self.polish(now[3], before[3], h / h[2:3, 2:3])
        # The motion between two frames is close to a shift, so the residual in prev is that in cur.
        image, _ = project(h, points)
        residual = found - image
        r2 = (residual**2).sum(1)
        held = weight / (1 + r2 * (g.SCALE / 4.0) ** 2)
        mesh = self.mesh(points, residual, held / (held.max() + 1e-6))
        moved, _ = project(h, self.mesh.control + mesh)
        count = inside.sum() + 1e-3
        good = inside / (1 + r2 * g.SCALE**2) ** 2
        share = count * (1 / points.shape[0])
        stats = torch.stack([good.sum() / count, share, torch.log(weight.sum() / count + 1e-6)])
        return (moved - self.mesh.control) * g.SCALE, stats, h


# Shapes of a described frame, in the order in which they lie in the state vector.
STATE_SHAPES = (
    (1, FINE_CHANNELS, 23, 30),
    (1, FINE_CHANNELS, 45, 60),
    (1, FINE_CHANNELS, 90, 120),
    (1, 1, HALF_HEIGHT, HALF_WIDTH),
)


def _volume(shape: tuple[int, ...]) -> int:
    out = 1
    for n in shape:
        out *= n
    return out


STATE_LENGTH = sum(_volume(s) for s in STATE_SHAPES)


class TemporalNetWithState(nn.Module):
    """TemporalNet that keeps what it needs of the previous frame in one vector: a third less work per frame."""

    def __init__(self, net: TemporalNet):
        super().__init__()
        self.net = net

    def forward(self, state: Tensor, cur: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """state [1, STATE_LENGTH]: the last output of that name (zeros at first: the motion is then meaningless).

        Returns motion, stats, h as TemporalNet, and the state for the next frame.
        """
        parts, start = [], 0
        for shape in STATE_SHAPES:
            parts.append(state[:, start : start + _volume(shape)].view(*shape))
            start += _volume(shape)
        now = self.net.describe(cur)
        motion, stats, h = self.net.compare((parts[0], parts[1], parts[2], parts[3]), cur, now)
        return motion, stats, h, torch.cat([x.reshape(1, -1) for x in now], 1)
