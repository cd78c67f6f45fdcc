"""TemporalNet on synthetic frames, SmoothNet on unseen paths."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from .. import geometry as g
from ..paths import PathMaker, exponential, measure
from ..sequences import FrameMaker
from ..smooth_net import SmoothNet, roll_out
from ..temporal_net import TemporalNet
from .scoring import overlap_error, to_tensor

SHIFTS = (0, 4, 8, 16, 28)
# A frame counts as lost when its homography is off by more than this, px.
LOST_PX = 2.0
PATH_SEED = 770_000_001


def temporal(net: TemporalNet, maker: FrameMaker, count: int, progress: Callable[[str], None]) -> dict:
    """Per shift: error of the homography over what both frames show."""
    out = {}
    for shift in SHIFTS:
        rng = np.random.default_rng([23, shift])
        errors = []
        for _ in range(count):
            prev, cur, truth = maker.make(rng, shift)
            with torch.no_grad():
                h, _ = net(to_tensor(prev), to_tensor(cur))
            errors.append(overlap_error(truth, g.homography_to_pixels(h.numpy())))
        e = np.array(errors)
        out[str(shift)] = {
            "frames": count,
            "median_px": round(float(np.median(e)), 4),
            "p90_px": round(float(np.percentile(e, 90)), 4),
            "lost": round(float((e > LOST_PX).mean()), 4),
        }
        progress(f"temporal {shift} px: {out[str(shift)]}")
    return out


def smoothing(net: SmoothNet, paths: int, frames: int, progress: Callable[[str], None]) -> dict:
    """Unseen paths: SmoothNet, exponential smoothers, and the exponential one that is as true to the intended path."""
    raw, intended = PathMaker(PATH_SEED).make(paths, frames)
    with torch.no_grad():
        ours = measure(roll_out(net, raw), raw, intended)
    out: dict = {"paths": paths, "frames": frames, "none": measure(raw, raw, intended), "ours": ours}
    shares = np.geomspace(0.5, 0.03, 24)
    table = [measure(exponential(raw, float(share)), raw, intended) for share in shares]
    for share in (0.3, 0.2, 0.1, 0.05):
        out[f"exponential {share}"] = measure(exponential(raw, share), raw, intended)
    # Calmest exponential smoother that is at least as true; the truest of all where none is.
    as_true = [row for row in table if row["from_intended"] <= ours["from_intended"]]
    truest = min(table, key=lambda row: row["from_intended"])
    fair = min(as_true, key=lambda row: row["acceleration"]) if as_true else truest
    out["same fidelity"] = {"reached": bool(as_true), **fair}
    out["acceleration_to_same_fidelity"] = round(ours["acceleration"] / fair["acceleration"], 4)
    # The same by distance from the raw path, which a smoother can choose freely.
    near = min(table, key=lambda row: abs(row["from_raw"] - ours["from_raw"]))
    out["same distance from raw"] = near
    out["acceleration_to_same_distance"] = round(ours["acceleration"] / near["acceleration"], 4)
    progress(f"smoothing: {ours}, of the same fidelity's {out['acceleration_to_same_fidelity']}")
    return out
