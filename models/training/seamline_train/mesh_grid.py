"""Sampling grid of a homography together with a mesh of residual motion."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from . import geometry as g
from .fitting import project
from .polish import WarpGrid


class MeshGrid(nn.Module):
    """The control points' motion in B, spread bilinearly over the grid of the homography."""

    def __init__(self, width: int, height: int):
        super().__init__()
        self.width, self.height = width, height
        self.rest = WarpGrid(width, height)
        control = g.to_normalised(g.control_points()).reshape(g.MESH_ROWS, g.MESH_COLUMNS, 2)
        per = (g.MESH_COLUMNS - 1) / 2
        x, y = self.rest.x.numpy(), self.rest.rows[:, 0:1].numpy()
        across = np.maximum(0, 1 - np.abs(x - control[0, :, 0]) * per)  # [width, 13]
        down = np.maximum(0, 1 - np.abs(y - control[:, 0, 1]) * per)  # [height, 10]
        buffers = {
            "across": across,
            "down": down,
            # x and y in turn on both sides.
            "spread": np.kron(across.T, np.eye(2)),  # [26, 2 width]
            "control": control.reshape(-1, 2),
            "scale": self.rest.scale.numpy().T,  # [1, 2]
        }
        for name, value in buffers.items():
            self.register_buffer(name, torch.tensor(np.ascontiguousarray(value), dtype=torch.float32), persistent=False)

    def of(self, homography: Tensor) -> BentGrid:
        """What grids of one homography [3, 3] and different meshes share."""
        anchor, _ = project(homography, self.control)
        return BentGrid(self, homography, self.rest(homography), anchor)


class BentGrid:
    """Grids of one homography."""

    def __init__(self, maker: MeshGrid, homography: Tensor, rest: Tensor, anchor: Tensor):
        self._maker, self._homography, self._rest, self._anchor = maker, homography, rest, anchor

    def __call__(self, u: Tensor) -> Tensor:
        """Grid [1, height, width, 2] for `sample` with the mesh u [130, 2], normalised."""
        maker = self._maker
        moved, _ = project(self._homography, maker.control + u)
        field = maker.down @ ((moved - self._anchor) * maker.scale).view(g.MESH_ROWS, -1) @ maker.spread
        return self._rest + field.view(1, maker.height, maker.width, 2)
