"""The learned parts of SpatialNet and TemporalNet: coarse descriptors for the whole view, fine ones for windows."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Input of the coarse net and its grid of descriptors.
COARSE_WIDTH, COARSE_HEIGHT = 320, 240
COARSE_COLUMNS, COARSE_ROWS = 40, 30
COARSE_CHANNELS = 64
FINE_CHANNELS = 16
# Side of the window of fine cells that is searched.
WINDOW = 9


def conv_norm(inputs: int, outputs: int, stride: int = 1, dilation: int = 1, size: int = 3) -> nn.Sequential:
    """Convolution without bias, batch norm, ReLU."""
    conv = nn.Conv2d(inputs, outputs, size, stride, dilation * (size // 2), dilation, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside the identity."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = conv_norm(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, h, w] -> the same shape."""
        return F.relu(x + self.second(self.first(x)))


def unit_length(x: Tensor) -> Tensor:
    """L2 normalisation over the channels of [N, C, h, w]."""
    return x * torch.rsqrt((x * x).sum(1, keepdim=True) + 1e-6)


class CoarseNet(nn.Module):
    """Descriptors of 8 x 8 px cells: luma [N, 1, 240, 320] (0..255) -> [N, 64, 30, 40], unit length."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_norm(1, 16, 2), conv_norm(16, 32, 2), conv_norm(32, 32))
        self.body = nn.Sequential(conv_norm(32, 48, 2), Residual(48))
        self.wide = nn.Sequential(conv_norm(48, 96, 2), Residual(96), nn.Conv2d(96, 48, 1))
        self.head = nn.Sequential(conv_norm(48, 64), nn.Conv2d(64, COARSE_CHANNELS, 1))
        # Logarithm of the logit scale, and the logit of "no partner".
        self.log_scale = nn.Parameter(torch.tensor(math.log(14.0)))
        self.dustbin = nn.Parameter(torch.tensor(6.0))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        mean = x.mean((2, 3), keepdim=True)
        spread = torch.sqrt(((x - mean) ** 2).mean((2, 3), keepdim=True))
        x = self.body(self.stem((x - mean) / (spread + 4.0)))
        side = F.interpolate(self.wide(x), size=(COARSE_ROWS, COARSE_COLUMNS), mode="bilinear", align_corners=False)
        return unit_length(self.head(x + side))


def local_normalise(x: Tensor, block: int = 4) -> Tensor:
    """(x - m) / sqrt(v + 25) of luma [N, 1, h, w]; m and v of 9 x 9 boxes of `block`-pixel blocks."""

    def smooth(y: Tensor) -> Tensor:
        return F.avg_pool2d(F.avg_pool2d(y, block), 9, 1, 4, count_include_pad=False)

    mean = smooth(x)
    var = (smooth(x * x) - mean * mean).clamp(min=0)
    size = [int(x.shape[2]), int(x.shape[3])]
    mean = F.interpolate(mean, size=size, mode="bilinear", align_corners=False)
    var = F.interpolate(var, size=size, mode="bilinear", align_corners=False)
    return (x - mean) * torch.rsqrt(var + 25.0)


class FineNet(nn.Module):
    """Descriptors of 2 x 2 px cells, and a head that judges a window: luma [N, 1, h, w] -> [N, 16, h/2, w/2]."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_norm(1, 16, 2, size=5), conv_norm(16, 16), conv_norm(16, 16, dilation=2))
        self.out = nn.Conv2d(16, FINE_CHANNELS, 1)
        self.log_scale = nn.Parameter(torch.tensor(math.log(12.0)))
        self.judge = nn.Sequential(nn.Linear(WINDOW * WINDOW, 32), nn.ReLU(), nn.Linear(32, 1))
        reach = torch.arange(WINDOW, dtype=torch.float32) - WINDOW // 2
        y, x = torch.meshgrid(reach, reach, indexing="ij")
        offsets = torch.stack([x.flatten(), y.flatten()], -1)  # [81, 2], cells
        self.register_buffer("offsets", offsets, persistent=False)
        # Row k: 1 for the cells of the 3 x 3 neighbourhood of window cell k.
        near = (offsets[:, None] - offsets[None]).abs().amax(-1) < 1.5
        self.register_buffer("near", near.float(), persistent=False)  # [81, 81]

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return self.describe(local_normalise(x))

    def describe(self, normalised: Tensor) -> Tensor:
        """Descriptors of locally normalised luma; a picture that is warped need not be normalised again."""
        return unit_length(self.out(self.stem(normalised)))

    def match(self, query: Tensor, window: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Finds queries [P, 16] in windows [P, 81, 16].

        Returns the offset [P, 2] in cells, the log variance [P] and the probabilities [P, 81]. The position is the mean of
        the 3 x 3 cells around the peak: a mean over the whole window is drawn to its centre.
        """
        scores = (window @ query.unsqueeze(2)).squeeze(2) * torch.exp(self.log_scale)
        p = torch.softmax(scores, -1)
        around = p * self.near[p.argmax(-1)]
        offset = (around @ self.offsets) / around.sum(-1, keepdim=True)
        return offset, self.judge(p).squeeze(-1), p


def fold_batch_norm(module: nn.Module) -> nn.Module:
    """Folds every batch norm that follows a convolution into it, in place; the module must be in eval mode."""
    for name, child in list(module.named_children()):
        layers = list(child.children())
        if isinstance(child, nn.Sequential) and len(layers) >= 2 and isinstance(layers[1], nn.BatchNorm2d):
            fused = torch.nn.utils.fusion.fuse_conv_bn_eval(layers[0], layers[1])
            setattr(module, name, nn.Sequential(fused, *layers[2:]))
        else:
            fold_batch_norm(child)
    return module
