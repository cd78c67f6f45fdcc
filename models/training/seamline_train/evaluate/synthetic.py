"""Synthetic pairs of held-out photographs: planes by overlap and arrangement, bent scenes, unrelated pairs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .. import geometry as g
from ..bundle import Confidence
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


def _features(stats: np.ndarray) -> np.ndarray:
    return np.array([np.log(1e-3 + stats[0]), np.log(1e-3 + stats[1]), stats[4]], np.float64)


def fit_logistic(features: np.ndarray, good: np.ndarray, ridge: float = 0.02) -> np.ndarray:
    """Newton's method for a logistic regression on [n, k]: weights [k + 1], bias last; classes weigh the same."""
    x = np.c_[features, np.ones(len(features))]
    balance = np.where(good, 0.5 / max(1, good.sum()), 0.5 / max(1, (~good).sum()))
    w = np.zeros(x.shape[1])
    penalty = ridge * np.diag([1.0] * features.shape[1] + [0.0]) / features.shape[1]
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (balance * (p - good)) + penalty @ w
        hessian = (x * (balance * p * (1 - p))[:, None]).T @ x + penalty + 1e-9 * np.eye(len(w))
        w = w - np.linalg.solve(hessian, gradient)
    return w


def confidence(net: SpatialNet, maker: PairMaker, count: int, progress: Progress) -> tuple[dict, Confidence]:
    """Fits the logistic on half of `count` overlapping and `count` unrelated pairs and measures on the other half."""
    rng = np.random.default_rng([22])
    features, good, related = [], [], []
    while len(features) < count:
        pair = maker.make(rng, Recipe(0.3, 0.95))
        if not textured(pair):
            continue
        result = align(net, pair.a, pair.b)
        features.append(_features(result["stats"]))
        good.append(overlap_error(pair.homography, result["homography"]) < SUCCESS_PX)
        related.append(True)
    for _ in range(count):
        a, b = maker.make_unrelated(rng)
        features.append(_features(align(net, a, b)["stats"]))
        good.append(False)
        related.append(False)
    x, y, r = np.array(features), np.array(good), np.array(related)
    fit, test = np.arange(len(x)) % 2 == 0, np.arange(len(x)) % 2 == 1
    # Misaligned pairs that do overlap are negatives too, but count among neither of the two classes measured.
    w = fit_logistic(x[fit], y[fit])
    score = 1 / (1 + np.exp(-(np.c_[x, np.ones(len(x))] @ w)))
    bound = float(np.quantile(score[test & ~r], 0.98))
    threshold = min(0.95, max(0.5, bound + 1e-3))
    accepted, wrong = score >= threshold, r & ~y
    entry = {
        "pairs_of_each": count,
        "unrelated_score_p98": round(bound, 4),
        "threshold": round(threshold, 4),
        "unrelated_rejected": round(float((~accepted[test & ~r]).mean()), 4),
        "good_accepted": round(float(accepted[test & y].mean()), 4),
        "misaligned_pairs": int(wrong.sum()),
        "misaligned_rejected": round(float((~accepted[wrong]).mean()), 4) if wrong.any() else None,
    }
    progress(f"confidence: {entry}")
    return entry, Confidence((float(w[0]), float(w[1]), float(w[2])), float(w[3]), round(threshold, 4))


def acceptance(net: SpatialNet, maker: PairMaker, count: int, threshold: float, progress: Progress) -> dict:
    """The confidence as it ships, on `count` overlapping and `count` unrelated pairs that the fit has not seen."""
    rng = np.random.default_rng([24])
    unrelated = np.array([align(net, *maker.make_unrelated(rng))["confidence"] for _ in range(count)])
    right, wrong = [], []
    while len(right) + len(wrong) < count:
        pair = maker.make(rng, Recipe(0.3, 0.95))
        if not textured(pair):
            continue
        result = align(net, pair.a, pair.b)
        aligned = overlap_error(pair.homography, result["homography"]) < SUCCESS_PX
        (right if aligned else wrong).append(float(result["confidence"]))
    entry = {
        "unrelated_pairs": count,
        "unrelated_rejected": round(float((unrelated < threshold).mean()), 4),
        "unrelated_largest": round(float(unrelated.max()), 4),
        "aligned_pairs": len(right),
        "aligned_accepted": round(float((np.array(right) >= threshold).mean()), 4),
        "aligned_p5": round(float(np.quantile(right, 0.05)), 4),
        "misaligned_pairs": len(wrong),
        "misaligned_accepted": int((np.array(wrong) >= threshold).sum()),
    }
    progress(f"acceptance: {entry}")
    return entry
