"""The confidence: fitted on generated pairs, and measured on others.

Two logistics, of which the smaller counts: whether the views have anything in common, fitted to right pairs and to unrelated
ones, blank ones (dark, fog, a lit bare wall) and plainly wrong alignments; and whether what they have in common is drawn in the same place, fitted to right and wrong pairs that overlap.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .. import geometry as g
from ..bundle import FEATURES, Confidence
from ..pairs import PairMaker, Recipe
from ..spatial_net import SpatialNet
from .scoring import FAILED_PX, SUCCESS_PX, align, textured, with_mesh

Progress = Callable[[str], None]
# Generated pairs would bear a higher one, but right alignments of real scenes with strong parallax score lower.
LEAST_THRESHOLD = 0.1
# Which features each logistic may use.
RELATED = ("vote", "mass", "fine", "agreement")
PLACED = FEATURES
# Pairs that overlap and yet are often aligned wrongly: little overlap, cameras that differ much.
HARD = Recipe(0.08, 0.3, photometry=1.6)


def recipes(rng: np.random.Generator) -> dict[str, Recipe]:
    """Pairs that overlap: as they are trained on, hard ones, ground before a wall, and a near thing."""
    return {
        "well": Recipe(0.3, 0.95),
        "hard": HARD,
        "ground": Recipe(0.15, 0.95, parallax=0.0, layers=0, lens=False, ground=float(rng.uniform(10, 90))),
        "near": Recipe(0.3, 0.95, parallax=0.0, layers=0, lens=False, near=float(rng.uniform(20, 140))),
    }


def _features(stats: np.ndarray) -> np.ndarray:
    """As SpatialNet has them, see FEATURES."""
    vote, mass, fine, agreement, elsewhere = stats[[0, 1, 4, 8, 9]].astype(np.float64)
    return np.array([np.log(1e-3 + vote), np.log(1e-3 + mass), np.log(0.1 + fine), agreement, np.log(0.02 + elsewhere)])


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


def _fit(features: np.ndarray, good: np.ndarray, group: np.ndarray, used: tuple[str, ...]) -> list[float]:
    """Weights of all features, zero for those not used, and the bias."""
    columns = [FEATURES.index(name) for name in used]
    w = fit_logistic(features[:, columns], good, group)
    out = np.zeros(len(FEATURES) + 1)
    out[columns], out[-1] = w[:-1], w[-1]
    return [float(v) for v in out]


def _logits(features: np.ndarray, weights: list[float]) -> np.ndarray:
    return features @ np.array(weights[:-1]) + weights[-1]


def _below_threshold(logits: np.ndarray) -> float:
    """What to add for 99 % of the logits to lie below the threshold: right pairs have room, and these nothing in common."""
    return min(0.0, float(np.log(LEAST_THRESHOLD / (1 - LEAST_THRESHOLD)) - np.quantile(logits, 0.99)))


def confidence(net: SpatialNet, maker: PairMaker, count: int, progress: Progress) -> tuple[dict, Confidence]:
    """Fits both logistics on half of the pairs and measures on the others: `count` pairs of each kind and unrelated ones."""
    rng = np.random.default_rng([22])
    features, good, kind = [], [], []
    names = [*recipes(rng), "unrelated", "blank"]
    # Pairs that are neither right nor clearly wrong would only blur the line.
    for number, name in enumerate(names[:-2]):
        for _ in range(count):
            result, right, wrong = _judged(net, maker, rng, recipes(rng)[name])
            if right or wrong:
                features.append(_features(result["stats"]))
                good.append(right)
                kind.append(number)
        progress(f"{name}: {sum(right for right, k in zip(good, kind) if k == number)} of {kind.count(number)} right")
    for number, make in ((names.index("unrelated"), maker.make_unrelated), (names.index("blank"), maker.make_blank)):
        for _ in range(count):
            features.append(_features(align(net, *make(rng))["stats"]))
            good.append(False)
            kind.append(number)
    x, y, k = np.array(features), np.array(good), np.array(kind)
    fit, test = np.arange(len(x)) % 2 == 0, np.arange(len(x)) % 2 == 1
    unrelated, blank = k == names.index("unrelated"), k == names.index("blank")
    strange, plain = unrelated | blank, k < names.index("ground")
    chosen = fit & (y | strange | plain)
    related = _fit(x[chosen], y[chosen], np.where(plain, 0, k)[chosen], RELATED)
    related[-1] += _below_threshold(_logits(x[fit & strange], related))
    placed = _fit(x[fit & ~strange], y[fit & ~strange], k[fit & ~strange], PLACED)
    score = 1 / (1 + np.exp(-np.minimum(_logits(x, related), _logits(x, placed))))
    bound = float(np.quantile(score[test & unrelated], 0.98))
    threshold = max(bound + 1e-3, LEAST_THRESHOLD)
    accepted = score >= threshold
    entry: dict = {
        "pairs_of_each": count,
        "unrelated_score_p98": round(bound, 4),
        "threshold": round(threshold, 4),
        "unrelated_rejected": round(float((~accepted[test & unrelated]).mean()), 4),
        "blank_rejected": round(float((~accepted[test & blank]).mean()), 4),
    }
    for number, name in enumerate(names[:-2]):
        right, wrong = test & y & (k == number), test & ~y & (k == number)
        entry[f"{name}_right_accepted"] = round(float(accepted[right].mean()), 4) if right.any() else None
        entry[f"{name}_wrong"] = int(wrong.sum())
        entry[f"{name}_wrong_rejected"] = int((~accepted[wrong]).sum())
    progress(f"confidence: {entry}")
    return entry, Confidence((tuple(related), tuple(placed)), round(threshold, 4))


def acceptance(net: SpatialNet, maker: PairMaker, count: int, threshold: float, progress: Progress) -> dict:
    """The confidence as it ships, on pairs that the fit has not seen: `count` of each kind and unrelated ones."""
    rng = np.random.default_rng([24])
    unrelated = np.array([align(net, *maker.make_unrelated(rng))["confidence"] for _ in range(count)])
    entry: dict = {
        "unrelated_pairs": count,
        "unrelated_rejected": round(float((unrelated < threshold).mean()), 4),
        "unrelated_largest": round(float(unrelated.max()), 4),
    }
    blank = np.array([align(net, *maker.make_blank(np.random.default_rng([25, i])))["confidence"] for i in range(count)])
    entry["blank_rejected"] = round(float((blank < threshold).mean()), 4)
    entry["blank_largest"] = round(float(blank.max()), 4)
    for name in recipes(rng):
        judged = [_judged(net, maker, rng, recipes(rng)[name]) for _ in range(count)]
        right = np.array([float(r["confidence"]) for r, is_right, _ in judged if is_right])
        wrong = np.array([float(r["confidence"]) for r, _, is_wrong in judged if is_wrong])
        entry[f"{name}_right_pairs"] = len(right)
        entry[f"{name}_right_accepted"] = round(float((right >= threshold).mean()), 4)
        entry[f"{name}_right_p5"] = round(float(np.quantile(right, 0.05)), 4)
        entry[f"{name}_between_pairs"] = count - len(right) - len(wrong)
        entry[f"{name}_wrong_pairs"] = len(wrong)
        entry[f"{name}_wrong_accepted"] = int((wrong >= threshold).sum())
        progress(f"acceptance, {name}: {entry}")
    return entry
