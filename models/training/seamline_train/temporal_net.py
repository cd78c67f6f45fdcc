"""TemporalNet: luma of two successive frames of one camera -> homography between them.

Three levels of the fine net, coarse to fine, in one pass each; windows are read at the whole cell nearest to where the level
above expects the point, so nothing of the previous frame has to be warped and its descriptors can be kept for the next call.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import geometry as g
from .features import FINE_CHANNELS, FineNet, local_normalise
from .fine_match import Level
from .fitting import Homography, damping, project, project_inside
from .polish import HALF_HEIGHT, HALF_WIDTH, Polish

INSIDE_X, INSIDE_Y = 0.98, 0.73
_SHIFT = damping(10, 1e3, translation=1e-6)
_AFFINE = damping(1e-4, 1e3)
_FULL = damping(1e-5, 3e-4)
# Per level: width, block, (residual scale in px, damping) of every pass.
LEVELS = (
    (60, 2, ((40.0, _SHIFT), (24.0, _SHIFT))),
    (120, 3, ((14.0, _AFFINE), (8.0, _AFFINE))),
    (240, 6, ((5.0, _FULL), (2.0, _FULL))),
)
Described = tuple[Tensor, Tensor, Tensor, Tensor]


class TemporalNet(nn.Module):
    """Frames `prev`, `cur` -> where what `cur` shows lay in `prev`."""

    def __init__(self, fine: FineNet):
        super().__init__()
        self.levels = nn.ModuleList(Level(fine, w, w * g.HEIGHT // g.WIDTH, block) for w, block, _ in LEVELS)
        self.fits = nn.ModuleList(
            Homography(tuple(s for s, _ in passes), [d for _, d in passes]) for _, _, passes in LEVELS
        )
        self.polish = Polish((1.0, 0.7))
        self.register_buffer("eye3", torch.eye(3), persistent=False)

    @staticmethod
    def pyramid(luma: Tensor) -> list[Tensor]:
        """Luma [1, 1, 360, 480] at widths 60, 120 and 240."""
        half = F.avg_pool2d(luma, 2)
        quarter = F.avg_pool2d(half, 2)
        return [F.avg_pool2d(quarter, 2), quarter, half]

    def describe(self, pyramid: list[Tensor]) -> Described:
        """What the next call needs of a frame: descriptors of the three levels and the normalised half-size luma."""
        normalised = [local_normalise(pyramid[0]), local_normalise(pyramid[1]), local_normalise(pyramid[2], 2)]
        d = [level.describe(x) for level, x in zip(self.levels, normalised)]
        return d[0], d[1], d[2], normalised[2]

    def forward(self, prev: Tensor, cur: Tensor) -> tuple[Tensor, Tensor]:
        """Luma [1, 1, 360, 480] of two frames.

        Returns h [3, 3] (cur -> prev, normalised frame, last entry 1) and stats [3] (inlier share, share inside, log mean
        weight).
        """
        pyramid = self.pyramid(cur)
        return self.compare(self.describe(self.pyramid(prev)), pyramid, self.describe(pyramid))

    def compare(self, before: Described, pyramid: list[Tensor], now: Described) -> tuple[Tensor, Tensor]:
        """As forward, with the frames already described."""
        h = self.eye3
        points = found = weight = inside = h
        for k, (level, fit, luma) in enumerate(zip(self.levels, self.fits, pyramid)):
            cells = level.queries(luma)
            points = level.to_normalised(cells)
            expected, inside = project_inside(h, points, INSIDE_X, INSIDE_Y)
            found, weight = level.match(now[k], before[k], cells, level.nearest_cells(expected))
            weight = weight * inside
            h = fit(points, found, weight, h)
        h = h @ self.polish(now[3], before[3], h)
        h = h / h[2:3, 2:3]
        image, _ = project(h, points)
        r2 = ((found - image) ** 2).sum(1)
        count = inside.sum() + 1e-3
        good = inside / (1 + r2 * g.SCALE**2) ** 2
        share = count * (1 / points.shape[0])
        stats = torch.stack([good.sum() / count, share, torch.log(weight.sum() / count + 1e-6)])
        return h, stats


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

    def forward(self, state: Tensor, cur: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """state [1, STATE_LENGTH]: the last output of that name (zeros at first: the motion is then meaningless).

        Returns h and stats as TemporalNet, and the state for the next frame.
        """
        parts, start = [], 0
        for shape in STATE_SHAPES:
            parts.append(state[:, start : start + _volume(shape)].view(*shape))
            start += _volume(shape)
        pyramid = self.net.pyramid(cur)
        now = self.net.describe(pyramid)
        h, stats = self.net.compare((parts[0], parts[1], parts[2], parts[3]), pyramid, now)
        return h, stats, torch.cat([x.reshape(1, -1) for x in now], 1)
