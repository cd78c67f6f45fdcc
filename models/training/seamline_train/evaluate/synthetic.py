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
    return np.array([np.log(1e-3 + stats[0]), np.log(1e-3 + stats[1]), np.log(0.1 + stats[4]), stats[8]], np.float64)


def fit_logistic(
    features: np.ndarray, good: np.ndarray, group: np.ndarray | None = None, ridge: float = 0.02
) -> np.ndarray:
    """Newton's method for a logistic regression on [n, k]: weights [k + 1], bias last.

    Good and bad weigh the same, and so do the groups [n] (small integers) that the bad are of.
    """
    x = np.c_[features, np.ones(len(features))]
    balance = np.where(good, 0.5 / max(1, good.sum()), 0.0)
    kinds = np.zeros(len(x), np.int64) if group is None else group
    present = np.unique(kinds[~good])
    for kind in present:
        members = ~good & (kinds == kind)
        balance[members] = 0.5 / len(present) / members.sum()
    w = np.zeros(x.shape[1])
    penalty = ridge * np.diag([1.0] * features.shape[1] + [0.0]) / features.shape[1]
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (balance * (p - good)) + penalty @ w
        hessian = (x * (balance * p * (1 - p))[:, None]).T @ x + penalty + 1e-9 * np.eye(len(w))
        w = w - np.linalg.solve(hessian, gradient)
    return w


# Generated pairs would bear 0.5, but right alignments of real scenes with strong parallax score 0.2 to 0.5.
LEAST_THRESHOLD = 0.2
# Pairs that overlap and yet are often aligned wrongly: little overlap, cameras that differ much.
HARD = Recipe(0.08, 0.3, photometry=1.6)


def _judged(net: SpatialNet, maker: PairMaker, rng: np.random.Generator, recipe: Recipe) -> tuple[dict, bool, bool]:
    """One textured pair: result, whether it is right, and whether it is clearly wrong (over 2 % of the width)."""
    while True:
        pair = maker.make(rng, recipe)
        if textured(pair):
            break
    result = align(net, pair.a, pair.b)
    # What is drawn counts, homography and mesh: of a bent scene the plane's own homography is not the best one.
    target, seen = pair.flow_at(g.OVERLAP_POINTS)
    points = g.OVERLAP_POINTS[seen]
    error = float(np.linalg.norm(with_mesh(result, points) - target[seen], axis=1).mean()) if len(points) else FAILED_PX
    return result, error < SUCCESS_PX, not error <= 2 * SUCCESS_PX


def confidence(net: SpatialNet, maker: PairMaker, count: int, progress: Progress) -> tuple[dict, Confidence]:
    """Fits the logistic on half of the pairs and measures on the others.

    `count` pairs each that overlap well, that overlap little, and that are unrelated.
    """
    rng = np.random.default_rng([22])
    features, good, kind = [], [], []
    # Hard pairs that are neither right nor clearly wrong would only blur the line.
    for number, recipe in enumerate((Recipe(0.3, 0.95), HARD)):
        for _ in range(count):
            result, right, wrong = _judged(net, maker, rng, recipe)
            if right or wrong:
                features.append(_features(result["stats"]))
                good.append(right)
                kind.append(number)
    for _ in range(count):
        a, b = maker.make_unrelated(rng)
        features.append(_features(align(net, a, b)["stats"]))
        good.append(False)
        kind.append(2)
    x, y, k = np.array(features), np.array(good), np.array(kind)
    fit, test = np.arange(len(x)) % 2 == 0, np.arange(len(x)) % 2 == 1
    unrelated = k == 2
    w = fit_logistic(x[fit], y[fit], unrelated[fit].astype(np.int64))
    score = 1 / (1 + np.exp(-(np.c_[x, np.ones(len(x))] @ w)))
    bound = float(np.quantile(score[test & unrelated], 0.98))
    threshold = max(bound + 1e-3, LEAST_THRESHOLD)
    accepted, wrong = score >= threshold, test & ~unrelated & ~y
    entry = {
        "pairs_of_each": count,
        "unrelated_score_p98": round(bound, 4),
        "threshold": round(threshold, 4),
        "unrelated_rejected": round(float((~accepted[test & unrelated]).mean()), 4),
        "good_accepted": round(float(accepted[test & y & (k == 0)].mean()), 4),
        "good_of_little_overlap_accepted": round(float(accepted[test & y & (k == 1)].mean()), 4),
        "misaligned_pairs": int(wrong.sum()),
        "misaligned_rejected": round(float((~accepted[wrong]).mean()), 4) if wrong.any() else None,
    }
    progress(f"confidence: {entry}")
    v = [float(value) for value in w]
    return entry, Confidence((v[0], v[1], v[2], v[3]), v[4], round(threshold, 4))


def acceptance(net: SpatialNet, maker: PairMaker, count: int, threshold: float, progress: Progress) -> dict:
    """The confidence as it ships, on pairs that the fit has not seen.

    `count` pairs each that overlap well, that overlap little ("hard"), and that are unrelated.
    """
    rng = np.random.default_rng([24])
    unrelated = np.array([align(net, *maker.make_unrelated(rng))["confidence"] for _ in range(count)])
    entry: dict = {
        "unrelated_pairs": count,
        "unrelated_rejected": round(float((unrelated < threshold).mean()), 4),
        "unrelated_largest": round(float(unrelated.max()), 4),
    }
    for name, recipe in (("", Recipe(0.3, 0.95)), ("hard_", HARD)):
        judged = [_judged(net, maker, rng, recipe) for _ in range(count)]
        right = np.array([float(r["confidence"]) for r, is_right, _ in judged if is_right])
        wrong = np.array([float(r["confidence"]) for r, is_right, _ in judged if not is_right])
        entry[f"{name}aligned_pairs"] = len(right)
        entry[f"{name}aligned_accepted"] = round(float((right >= threshold).mean()), 4)
        entry[f"{name}aligned_p5"] = round(float(np.quantile(right, 0.05)), 4)
        entry[f"{name}misaligned_pairs"] = len(wrong)
        entry[f"{name}misaligned_accepted"] = int((wrong >= threshold).sum())
    progress(f"acceptance: {entry}")
    return entry
