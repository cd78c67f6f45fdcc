"""The generator's truth is exact, and its pairs are what was asked for."""

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from seamline_train import geometry as g
from seamline_train.evaluate.scoring import overlap_error, to_tensor
from seamline_train.features import local_normalise
from seamline_train.motion import arrangement, sample_relative
from seamline_train.pairs import Recipe
from seamline_train.photos import is_held_out, split
from seamline_train.polish import Polish
from seamline_train.render import Lens
from seamline_train.sequences import FrameMaker


def polished_error(polish, pair, rng) -> float:
    jitter = g.from_corners(g.CORNERS, g.CORNERS + rng.normal(0, 0.7, (4, 2)))
    start = torch.tensor(g.homography_to_normalised(pair.homography @ jitter), dtype=torch.float32)
    with torch.no_grad():
        a, b = (local_normalise(F.avg_pool2d(to_tensor(x), 2), 2) for x in (pair.a, pair.b))
        found = start @ polish(a, b, start)
    return overlap_error(pair.homography, g.homography_to_pixels(found.numpy()))


def test_noiseless_pairs_polish_to_a_tenth_of_a_pixel(maker, rng):
    polish = Polish((0.5,) * 8)
    errors = [polished_error(polish, maker.make(rng, Recipe.clean(0.3, 0.95)), rng) for _ in range(12)]
    assert np.median(errors) < 0.1


def residual(pair) -> float:
    """Median grey difference between A and what the truth fetches from B, over visible points."""
    points = g.sample_grid(6)
    target, seen = pair.flow_at(points)
    fetched = g.sample(pair.b.astype(np.float32), target[seen])
    return float(np.median(np.abs(fetched - g.sample(pair.a.astype(np.float32), points[seen]))))


def test_truth_fetches_the_same_grey_through_bend_layers_and_lens(maker, rng):
    for recipe in (
        Recipe(0.4, 0.9, parallax=6.0, layers=0, lens=False, photometry=0.0),
        Recipe(0.4, 0.9, parallax=0.0, layers=4, lens=False, photometry=0.0),
        Recipe(0.4, 0.9, parallax=4.0, layers=3, lens=True, photometry=0.0),
        Recipe(0.4, 0.9, parallax=0.0, layers=0, lens=False, photometry=0.0, ground=40.0),
        Recipe(0.4, 0.9, parallax=0.0, layers=0, lens=False, photometry=0.0, near=60.0),
    ):
        pair = maker.make(rng, recipe)
        true = residual(pair)
        pair.homography = pair.homography @ np.array([[1, 0, 4.0], [0, 1, 0], [0, 0, 1]])
        assert true < 4
        assert residual(pair) > 1.5 * true


def test_overlap_and_arrangement_are_as_asked(rng):
    seen = set()
    for _ in range(40):
        relative, share = sample_relative(rng, 0.15, 0.3)
        assert 0.15 <= share <= 0.3
        assert abs(share - g.least_overlap(relative)) < 1e-12
        seen.add(arrangement(relative))
    assert seen == {"right", "left", "vertical"}


def test_lens_inverts(rng):
    lens = Lens(-0.06)
    points = rng.uniform(0, 1, (50, 2)) * [479, 359]
    assert np.abs(lens.from_ideal(lens.to_ideal(points)) - points).max() < 1e-3
    assert np.abs(lens.ideal_grid()[100, 50] - lens.to_ideal(np.array([50.0, 100.0]))).max() < 1e-3


def test_same_seed_makes_the_same_pair(maker):
    a, b = (maker.make(np.random.default_rng(3), Recipe()) for _ in range(2))
    assert (a.a == b.a).all() and (a.b == b.b).all() and (a.homography == b.homography).all()


def test_frames_show_the_same_scene_shifted(photos, rng):
    prev, cur, step = FrameMaker(photos).make(rng, 16)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpPerspective(prev, step, (480, 360), flags=flags)
    inner = slice(40, -40)
    assert np.abs(moved[inner, inner].astype(float) - cur[inner, inner]).mean() < 12


def test_held_out_pictures_are_chosen_by_name_alone(tmp_path):
    for k in range(60):
        (tmp_path / f"photo_{k}.jpg").write_bytes(b"")
    training, held_out = split(tmp_path)
    assert len(training) + len(held_out) == 60 and 2 <= len(held_out) <= 20
    assert all(is_held_out(p) for p in held_out) and not any(is_held_out(p) for p in training)
