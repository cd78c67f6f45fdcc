"""Measures shared by the evaluations, and SIFT + RANSAC as the yardstick."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from .. import geometry as g
from ..pairs import Pair
from ..spatial_net import SpatialNet

# A pair is aligned when the mean error over the overlap is below 1 % of the width.
SUCCESS_PX = 0.01 * g.WIDTH
# What a failure counts as in medians.
FAILED_PX = 999.0


def to_tensor(luma: np.ndarray) -> torch.Tensor:
    """uint8 [360, 480] -> float32 [1, 1, 360, 480]."""
    return torch.from_numpy(luma.astype(np.float32))[None, None]


def align(net: SpatialNet, a: np.ndarray, b: np.ndarray) -> dict[str, np.ndarray]:
    """Runs SpatialNet on two luma pictures: homography (px), mesh (px, [130, 2]), stats [10], confidence."""
    with torch.no_grad():
        h, mesh, stats, _, confidence = net(to_tensor(a), to_tensor(b))
    return {
        "homography": g.homography_to_pixels(h.numpy()),
        "mesh": mesh.numpy().astype(np.float64) * g.SCALE,
        "stats": stats.numpy(),
        "confidence": confidence.numpy()[0],
    }


def with_mesh(result: dict[str, np.ndarray], points: np.ndarray) -> np.ndarray:
    """Where points [n, 2] of A lie in B by homography and mesh."""
    return g.apply(result["homography"], points + g.hat_basis(points) @ result["mesh"])


def overlap_error(truth: np.ndarray, found: np.ndarray | None) -> float:
    """Mean distance in px between two homographies over the part of A that truly lies in B."""
    if found is None:
        return FAILED_PX
    target = g.apply(truth, g.OVERLAP_POINTS)
    seen = g.inside(target)
    distance = np.linalg.norm(g.apply(found, g.OVERLAP_POINTS[seen]) - target[seen], axis=1)
    mean = float(distance.mean())
    return mean if np.isfinite(mean) else FAILED_PX


def textured(pair: Pair) -> bool:
    """Whether at least a tenth of the overlap has structure: 16 px blocks of A with a deviation above 4 grey values."""
    blocks = pair.a[: g.HEIGHT // 16 * 16].reshape(-1, 16, g.WIDTH // 16, 16).astype(np.float32)
    deviation = blocks.std((1, 3)).reshape(-1)
    y, x = np.divmod(np.arange(deviation.size), g.WIDTH // 16)
    centres = np.stack([x, y], -1) * 16 + 7.5
    seen = g.inside(g.apply(pair.homography, centres))
    return bool(seen.any() and (deviation[seen] > 4).mean() >= 0.1)


class Sift:
    """SIFT + RANSAC on luma, as most stitchers do it."""

    def __init__(self) -> None:
        self._sift = cv2.SIFT_create(4000)
        self._matcher = cv2.BFMatcher(cv2.NORM_L2)

    def __call__(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray | None, int]:
        """(homography A -> B in px or None, inliers)."""
        ka, da = self._sift.detectAndCompute(a, None)
        kb, db = self._sift.detectAndCompute(b, None)
        if da is None or db is None or len(ka) < 4 or len(kb) < 4:
            return None, 0
        matches = self._matcher.knnMatch(da, db, k=2)
        good = [m[0] for m in matches if len(m) == 2 and m[0].distance < 0.75 * m[1].distance]
        if len(good) < 4:
            return None, 0
        pa = np.array([ka[m.queryIdx].pt for m in good], np.float32)
        pb = np.array([kb[m.trainIdx].pt for m in good], np.float32)
        cv2.setRNGSeed(1)
        found, mask = cv2.findHomography(pa, pb, cv2.RANSAC, 3.0, maxIters=5000, confidence=0.999)
        return (None, 0) if found is None else (found, int(mask.sum()))


def summary(errors: list[float]) -> dict[str, float]:
    """Count, median, quartile, shares below 0.24 px and below 1 % of the width."""
    e = np.array(errors)
    if not len(e):
        return {"pairs": 0}
    return {
        "pairs": len(e),
        "median_px": round(float(np.median(e)), 4),
        "p75_px": round(float(np.percentile(e, 75)), 4),
        "below_0.24_px": round(float((e < 0.24).mean()), 4),
        "success": round(float((e < SUCCESS_PX).mean()), 4),
    }
