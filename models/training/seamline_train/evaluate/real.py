"""Real pairs against SIFT + RANSAC: SSIM over the common overlap, as the metric of the picture collection defines it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from .. import geometry as g
from ..spatial_net import SpatialNet
from .scoring import Sift, align, with_mesh

LEAST_INLIERS = 25
# Differences of SSIM that cannot be seen; told beside the strict figure, which decides.
INVISIBLE = 0.002


def ssim_map(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """SSIM of two grey pictures 0..255: Gaussian window 11 x 11, sigma 1.5, population variances."""
    a, b = a.astype(np.float64), b.astype(np.float64)

    def blur(x: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(x, (11, 11), 1.5)

    ma, mb = blur(a), blur(b)
    va, vb, cov = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return ((2 * ma * mb + c1) * (2 * cov + c2)) / ((ma * ma + mb * mb + c1) * (va + vb + c2))


def _warp(image: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Picture and coverage mask at positions [h, w, 2]."""
    p = positions.astype(np.float32)
    warped = cv2.remap(image, p, None, cv2.INTER_LINEAR)
    solid = cv2.remap(np.full(image.shape[:2], 255, np.uint8), p, None, cv2.INTER_LINEAR) == 255
    return warped, cv2.erode(solid.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0


def _core(mask: np.ndarray) -> np.ndarray:
    return cv2.erode(mask.astype(np.uint8), np.ones((11, 11), np.uint8), borderValue=0) > 0


def _mean(values: np.ndarray, mask: np.ndarray) -> float | None:
    return float(values[mask].mean()) if mask.sum() > 200 else None


def plausible(homography: np.ndarray | None, width: int, height: int) -> bool:
    """Whether the mapped frame keeps orientation, stays convex and of sane size, away from infinity."""
    if homography is None:
        return False
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    if (np.c_[corners, np.ones(4)] @ homography[2]).min() <= 0.05:
        return False
    quad = g.apply(homography, corners).astype(np.float32)
    return bool(cv2.isContourConvex(quad)) and 0.2 < cv2.contourArea(quad, oriented=True) / (width * height) < 8


def _to_480(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    return cv2.resize(image, (480, round(height * 480 / width)), interpolation=cv2.INTER_AREA)


def one_pair(net: SpatialNet, sift: Sift, left: np.ndarray, right: np.ndarray) -> dict:
    """Both methods on one pair of grey pictures of any size."""
    a, b = _to_480(left), _to_480(right)
    squeezed = [cv2.resize(x, (g.WIDTH, g.HEIGHT), interpolation=cv2.INTER_AREA) for x in (left, right)]
    result = align(net, squeezed[0], squeezed[1])
    height, width = a.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    pixels = np.stack([x, y], -1).reshape(-1, 2)
    frame = np.array([g.WIDTH, g.HEIGHT], np.float64)
    in_frame = (pixels + 0.5) * frame / [width, height] - 0.5
    target = (with_mesh(result, in_frame) + 0.5) * [b.shape[1], b.shape[0]] / frame - 0.5
    ours, our_mask = _warp(b, target.reshape(height, width, 2))
    our_map = ssim_map(a, ours)
    back, inliers = sift(b, a)
    usable = inliers >= LEAST_INLIERS and plausible(back, b.shape[1], b.shape[0])
    row = {
        "confidence": round(float(result["confidence"]), 4),
        "ours": _mean(our_map, _core(our_mask)),
        "inliers": inliers,
        "baseline_solved": usable,
        "overlap": round(float(our_mask.mean()), 3),
    }
    if back is not None:
        forth = g.apply(np.linalg.inv(back), pixels).reshape(height, width, 2)
        theirs, their_mask = _warp(b, forth)
        common = _core(our_mask & their_mask)
        row["ours_common"] = _mean(our_map, common)
        row["baseline_common"] = _mean(ssim_map(a, theirs), common)
    return row


def at_least(row: dict, threshold: float, tolerance: float = 0.0) -> bool:
    """Our alignment counts as at least as good; where the baseline failed, ours must be confident."""
    ours, theirs = row.get("ours_common"), row.get("baseline_common")
    if row["baseline_solved"]:
        return ours is not None and theirs is not None and ours >= theirs - tolerance
    return row["confidence"] >= threshold and row["ours"] is not None


def figures_of(rows: dict[str, dict], threshold: float) -> dict:
    """Sums over the pairs."""
    solved = [r for r in rows.values() if r["baseline_solved"] and r.get("ours_common") is not None]
    gain = np.array([r["ours_common"] - r["baseline_common"] for r in solved])

    def share(hits: list[bool]) -> float:
        return round(float(np.mean(hits)), 4)

    return {
        "pairs": len(rows),
        "at_least_baseline": share([at_least(r, threshold) for r in rows.values()]),
        "at_least_baseline_visibly": share([at_least(r, threshold, INVISIBLE) for r in rows.values()]),
        "at_least_baseline_where_it_solved": round(float((gain >= 0).mean()), 4),
        "within_0.02": round(float((gain >= -0.02).mean()), 4),
        "mean_gain": round(float(gain.mean()), 4),
        "median_gain": round(float(np.median(gain)), 4),
        "accepted": share([r["confidence"] >= threshold for r in rows.values()]),
        "median_ssim": round(float(np.median([r["ours"] or 0 for r in rows.values()])), 4),
    }


def real_pairs(net: SpatialNet, folder: Path, threshold: float, progress: Callable[[str], None]) -> dict:
    """All folders NAME with left.jpg and right.jpg below `folder`."""
    sift = Sift()
    rows = {}
    for sub in sorted(p for p in folder.iterdir() if (p / "left.jpg").exists()):
        left, right = (cv2.imread(str(sub / f"{side}.jpg"), cv2.IMREAD_GRAYSCALE) for side in ("left", "right"))
        rows[sub.name] = one_pair(net, sift, left, right)
    out = figures_of(rows, threshold)
    progress(f"real pairs: {out}")
    return {**out, "by_pair": rows}
