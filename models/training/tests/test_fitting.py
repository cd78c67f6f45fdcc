"""Closed-form fits against known answers."""

import numpy as np
import torch
import torch.nn.functional as F

from seamline_train import geometry as g
from seamline_train.coarse_match import CELLS, CoarseMatch, Vote, _cell_centres
from seamline_train.evaluate.scoring import to_tensor
from seamline_train.features import CoarseNet, local_normalise
from seamline_train.fitting import Homography, Mesh, damping, eliminate, pad_border, pad_zero, project
from seamline_train.mesh_polish import MeshPolish
from seamline_train.pairs import PairMaker, Recipe
from seamline_train.photos import TextureStore
from seamline_train.polish import Polish, WarpGrid, assembly, sample


def test_robust_fit_ignores_a_third_of_outliers(rng):
    truth = g.from_corners(g.CORNERS, g.CORNERS + rng.normal(0, 2, (4, 2)))
    points = torch.tensor(g.to_normalised(rng.uniform(0, 1, (300, 2)) * [479, 359]), dtype=torch.float32)
    h = torch.tensor(g.homography_to_normalised(truth), dtype=torch.float32)
    targets, _ = project(h, points)
    targets[:100] += torch.tensor(rng.normal(0, 0.1, (100, 2)), dtype=torch.float32)
    fit = Homography((10, 6, 4, 2, 1, 1), [damping(1e-6, 1e-4)] * 6)
    found = fit(points, targets, torch.ones(300), torch.eye(3))
    error = np.abs(g.corner_motion(g.homography_to_pixels(found.numpy()), 480, 360) - g.corner_motion(truth, 480, 360))
    assert error.max() < 0.05


def test_solver_matches_numpy(rng):
    m = rng.normal(0, 1, (20, 8))
    a, b = m.T @ m, rng.normal(0, 1, (8, 1))
    d = torch.full((8,), 1e-3)
    got = eliminate(torch.tensor(a, dtype=torch.float32), torch.tensor(b, dtype=torch.float32), d, torch.eye(8))
    assert np.abs(got.numpy() - np.linalg.solve(a + 1e-3 * np.eye(8), b)).max() < 1e-3


def test_one_step_of_the_fit_solves_the_weighted_normal_equations(rng):
    p = rng.uniform(-1, 1, (60, 2)) * [1, 0.75]
    t = p * 1.05 + 0.1 + rng.normal(0, 0.02, (60, 2))
    weight = rng.uniform(0, 1, 60)
    x, y, u, v = p[:, 0], p[:, 1], t[:, 0], t[:, 1]
    one, none = np.ones(60), np.zeros(60)
    of_u = np.stack([x, y, one, none, none, none, -u * x, -u * y], 1)
    of_v = np.stack([none, none, none, x, y, one, -v * x, -v * y], 1)
    rows = np.r_[of_u, of_v]
    square = ((t - p) ** 2).sum(1) / (20 / g.SCALE) ** 2
    w = np.tile(weight / (1 + square) ** 2, 2)
    w /= w[:60].sum()
    d = damping(1e-3, 1e-2, translation=1e-4)
    expected = np.linalg.solve((rows * w[:, None]).T @ rows + np.diag(d), (rows * w[:, None]).T @ np.r_[u - x, v - y])
    got = Homography((20,), [d])(*(torch.tensor(a, dtype=torch.float32) for a in (p, t, weight)), torch.eye(3))
    assert np.abs(got.numpy().reshape(-1)[:8] - np.eye(3).reshape(-1)[:8] - expected).max() < 1e-5


def test_mesh_follows_a_smooth_residual_and_stays_still_without_one(rng):
    points = g.sample_grid(12)
    residual = np.stack([3 * np.sin(points[:, 0] / 120), np.cos(points[:, 1] / 90)], -1) / g.SCALE
    p, r = (torch.tensor(x, dtype=torch.float32) for x in (g.to_normalised(points), residual))
    mesh = Mesh()
    u = mesh(mesh.basis(p), r, torch.ones(len(p)))
    assert (mesh.basis(p) @ u - r).abs().max() * g.SCALE < 0.5
    assert mesh(mesh.basis(p), r * 0, torch.ones(len(p))).abs().max() == 0
    assert np.abs(mesh.basis(p).numpy() - g.hat_basis(points)).max() < 1e-4


def test_vote_finds_a_similarity_among_mostly_wrong_matches(rng):
    cells = torch.tensor(_cell_centres(), dtype=torch.float32)
    z, t = 1.1 * np.exp(0.2j), 0.7 - 0.1j
    a = cells[:, 0].numpy() + 1j * cells[:, 1].numpy()
    b = z * a + t
    wrong = rng.random(CELLS) < 0.7
    b[wrong] = rng.uniform(-1, 1, wrong.sum()) + 1j * rng.uniform(-0.75, 0.75, wrong.sum())
    matched = torch.tensor(np.stack([b.real, b.imag], -1), dtype=torch.float32)
    probability = torch.tensor(rng.uniform(0.2, 1, CELLS), dtype=torch.float32)
    similarity, score = Vote()(cells, matched, probability)
    expected = np.array([[z.real, -z.imag, t.real], [z.imag, z.real, t.imag], [0, 0, 1]])
    assert np.abs(similarity.numpy() - expected).max() < 0.02
    assert float(score) > 10


def test_moment_form_equals_the_dense_normal_equations(rng):
    x, y = np.meshgrid(np.linspace(-1, 1, 12), np.linspace(-0.75, 0.75, 9))
    gx, gy, w, r = (rng.normal(0, 1, x.shape) for _ in range(4))
    w = np.abs(w)
    rows = [gx * x, gx * y, gx, gy * x, gy * y, gy, -(gx * x + gy * y) * x, -(gx * x + gy * y) * y]
    j = np.stack([row.ravel() for row in rows], 1)
    maps = [w * gx * gx, w * gx * gy, w * gx * r, w * gy * gx, w * gy * gy, w * gy * r]
    moments = [np.array([[(m * y**q * x**p).sum() for p in range(5)] for q in range(5)]).ravel() for m in maps]
    got = (np.concatenate(moments) @ assembly()).reshape(8, 9)
    weighted = j * w.ravel()[:, None]
    assert np.abs(got[:, :8] - weighted.T @ j).max() < 1e-9
    assert np.abs(got[:, 8] - weighted.T @ r.ravel()).max() < 1e-9


def test_best_cell_is_the_arg_max():
    score = torch.randn(CELLS, CELLS)
    assert torch.equal(CoarseMatch(CoarseNet())._best_cell(score), score.argmax(1))


def test_mesh_keeps_the_homography_of_a_flat_scene_and_follows_a_bent_one(rng):
    maker = PairMaker(TextureStore(3, seed=7))
    polish = Polish((1.0, 0.7, 0.5))
    mesh = MeshPolish(polish, (1.0, 0.7, 0.7, 0.5))
    points = g.sample_grid(24)
    for bend in (0.0, 5.0):
        pair = maker.make(rng, Recipe(0.6, 0.9, parallax=bend, layers=0, lens=False, photometry=0.3))
        target, seen = pair.flow_at(points)
        h = g.homography_to_normalised(pair.homography)
        back = g.apply(np.linalg.inv(pair.homography), target) - points
        noisy = (back + rng.normal(0, 0.4, back.shape)) / g.SCALE
        a, b = (local_normalise(F.avg_pool2d(to_tensor(x), 2), 2) for x in (pair.a, pair.b))
        h, p, r, w = (torch.tensor(x, dtype=torch.float32) for x in (h, g.to_normalised(points), noisy, seen * 1.0))
        with torch.no_grad():
            u, agreement = mesh(a, b, h, p, r, w)
        error = np.linalg.norm(g.hat_basis(points) @ u.numpy() * g.SCALE - back, axis=1)[seen].mean()
        before = np.linalg.norm(back, axis=1)[seen].mean()
        assert error < (0.05 if bend == 0 else 0.5 * before)
        assert agreement > 0.5


def test_sampling_with_the_grid_of_the_identity_changes_nothing():
    picture = torch.randn(1, 1, 180, 240)
    assert torch.allclose(sample(picture, WarpGrid(240, 180)(torch.eye(3))), picture, atol=1e-3)


def test_a_grid_moves_by_pixels_of_the_full_frame():
    picture = torch.randn(1, 1, 90, 120)
    shift = torch.tensor([[1.0, 0, 8 / 240], [0, 1, 4 / 240], [0, 0, 1]])
    moved = sample(picture, WarpGrid(120, 90)(shift))
    assert torch.allclose(moved[0, 0, :-1, :-2], picture[0, 0, 1:, 2:], atol=1e-3)


def test_padding_equals_torch():
    x = torch.randn(1, 3, 9, 8)
    assert torch.equal(pad_zero(x, 4), torch.nn.functional.pad(x, (4, 4, 4, 4)))
    assert torch.equal(pad_border(x), torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate"))
