"""Synthetic pairs of held-out photographs: planes by overlap and arrangement, bent scenes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .. import geometry as g
from ..pairs import PairMaker, Recipe
from ..spatial_net import SpatialNet
from .scoring import FAILED_PX, SUCCESS_PX, Sift, align, overlap_error, summary, textured, with_mesh

BUCKETS = ((0.15, 0.3), (0.3, 0.5), (0.5, 0.95))
ARRANGEMENTS = ("right", "left", "vertical")
Progress = Callable[[str], None]


def planes(net: SpatialNet, maker: PairMaker, count: int, with_sift: bool, progress: Progress) -> dict:
    """Per bucket: errors of textured pairs, by arrangement and in all, and of pairs without texture apart.

    Little overlap is measured with `count` pairs for every arrangement, the others with `count` in all.
    """
    sift = Sift()
    out = {}
    for low, high in BUCKETS:
        each = count if low < 0.3 else -(-count // 3)
        ours: dict[str, list[float]] = {}
        theirs: list[float] = []
        with_mesh_errors: list[float] = []
        for number, arrangement in enumerate(ARRANGEMENTS):
            rng = np.random.default_rng([20, int(100 * low), number])
            kept = 0
            while kept < each:
                recipe = Recipe.plane(low, high)
                recipe.arrangement = arrangement
                pair = maker.make(rng, recipe)
                result = align(net, pair.a, pair.b)
                error = overlap_error(pair.homography, result["homography"])
                if not textured(pair):
                    ours.setdefault("without texture", []).append(error)
                    continue
                kept += 1
                ours.setdefault(arrangement, []).append(error)
                with_mesh_errors.append(_mesh_error(pair.homography, result))
                if with_sift:
                    theirs.append(overlap_error(pair.homography, sift(pair.a, pair.b)[0]))
            progress(f"planes {low}-{high} {arrangement}: {summary(ours[arrangement])}")
        everything = [e for name in ARRANGEMENTS for e in ours[name]]
        entry = {"all": summary(everything), **{name: summary(v) for name, v in ours.items()}}
        entry["with mesh"] = summary(with_mesh_errors)
        if theirs:
            entry["sift"] = summary(theirs)
        out[f"{low}-{high}"] = entry
    return out


def _mesh_error(truth: np.ndarray, result: dict[str, np.ndarray]) -> float:
    target = g.apply(truth, g.OVERLAP_POINTS)
    seen = g.inside(target)
    points = g.OVERLAP_POINTS[seen]
    mean = float(np.linalg.norm(with_mesh(result, points) - target[seen], axis=1).mean())
    return mean if np.isfinite(mean) else FAILED_PX


def parallax(net: SpatialNet, maker: PairMaker, count: int, progress: Progress) -> dict:
    """Bent scenes (smooth field of 2 to 8 px): dense error of homography, mesh and SIFT's homography."""
    sift = Sift()
    out = {}
    for low, high in BUCKETS:
        rng = np.random.default_rng([21, int(100 * low)])
        rows = []
        while len(rows) < count:
            recipe = Recipe(low, high, parallax=float(rng.uniform(2, 8)), layers=0, lens=False)
            pair = maker.make(rng, recipe)
            if not textured(pair):
                continue
            target, seen = pair.flow_at(g.OVERLAP_POINTS)
            points, target = g.OVERLAP_POINTS[seen], target[seen]
            result = align(net, pair.a, pair.b)
            found, _ = sift(pair.a, pair.b)
            guesses = [g.apply(result["homography"], points), with_mesh(result, points)]
            guesses.append(g.apply(found, points) if found is not None else target + FAILED_PX)
            rows.append([float(np.linalg.norm(guess - target, axis=1).mean()) for guess in guesses])
        r = np.array(rows)
        names = ("homography", "mesh", "sift")
        entry = {f"{name}_median_px": round(float(np.median(r[:, k])), 3) for k, name in enumerate(names)}
        entry["mesh_to_sift"] = round(entry["mesh_median_px"] / entry["sift_median_px"], 3)
        both = (r < SUCCESS_PX * 2).all(1)
        entry["mesh_to_sift_of_pairs_both_solved"] = round(float(np.median(r[both, 1]) / np.median(r[both, 2])), 3)
        entry["pairs"] = count
        out[f"{low}-{high}"] = entry
        progress(f"parallax {low}-{high}: {entry}")
    return out
