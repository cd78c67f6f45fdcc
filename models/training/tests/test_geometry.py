"""Geometry conventions."""

import numpy as np

from seamline_train import geometry as g
from seamline_train.golden import write_cases


def random_homography(rng: np.random.Generator) -> np.ndarray:
    return g.from_corners(g.CORNERS, g.CORNERS + rng.normal(0, 20, (4, 2)) + [150, 5])


def test_normalised_homography_maps_the_same_points(rng):
    h = random_homography(rng)
    points = rng.uniform(0, 1, (20, 2)) * [479, 359]
    by_frame = g.to_pixels(g.apply(g.homography_to_normalised(h), g.to_normalised(points)))
    assert np.abs(by_frame - g.apply(h, points)).max() < 1e-9
    assert np.abs(g.homography_to_pixels(g.homography_to_normalised(h)) - h).max() < 1e-9


def test_view_conversion_agrees_with_integer_centres(rng):
    h = random_homography(rng)
    to_view = g.homography_between_views(g.homography_to_normalised(h), (480, 360), (480, 360))
    points = rng.uniform(0, 300, (10, 2))
    assert np.abs(g.apply(to_view, points + 0.5) - 0.5 - g.apply(h, points)).max() < 1e-9


def test_mid_plane_halves_the_corner_offsets_and_keeps_views_together(rng):
    h = random_homography(rng)
    to_a, to_b = g.mid_plane(h, 480, 360)
    corners = g.view_corners(480, 360)
    assert np.abs(g.apply(to_b, corners) - (corners + g.apply(h, corners)) / 2).max() < 1e-8
    points = rng.uniform(0, 300, (10, 2))
    assert np.abs(g.apply(h, g.apply(to_a, points)) - g.apply(to_b, points)).max() < 1e-7


def test_control_points_are_the_corners_of_the_continuous_frame():
    c = g.control_points()
    assert c.shape == (130, 2)
    assert c[0].tolist() == [-0.5, -0.5] and c[-1].tolist() == [479.5, 359.5]
    assert np.abs(g.to_normalised(c)).max(0).tolist() == [1.0, 0.75]


def test_hat_basis_reproduces_linear_functions(rng):
    points = rng.uniform(0, 1, (50, 2)) * [479, 359]
    basis = g.hat_basis(points)
    assert np.abs(basis.sum(1) - 1).max() < 1e-12
    assert np.abs(basis @ g.control_points() - points).max() < 1e-9


def test_thin_plate_spline_passes_through_its_points(rng):
    source = rng.uniform(0, 1, (20, 2)) * [800, 400]
    target = source * 0.5 + rng.normal(0, 3, (20, 2))
    assert np.abs(g.thin_plate(source, target, source, (800, 400), (480, 360)) - target).max() < 1e-6


def test_golden_cases_are_the_same_every_time(tmp_path):
    first = [p.read_text() for p in write_cases(tmp_path / "a")]
    assert first == [p.read_text() for p in write_cases(tmp_path / "b")]
