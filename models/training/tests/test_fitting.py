"""Closed-form fits against known answers."""

import numpy as np
import torch
import torch.nn.functional as F

from seamline_train import geometry as g
from seamline_train.coarse_match import CELLS, CoarseMatch, CoarseMatches, Vote, _cell_centres
from seamline_train.coarse_mesh import CoarseMesh
from seamline_train.evaluate.scoring import to_tensor
from seamline_train.features import CoarseNet, local_normalise
from seamline_train.fitting import Homography, Mesh, damping, eliminate, inverse, pad_border, pad_zero, project
from seamline_train.mesh_grid import MeshGrid
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
    vote = Vote()
    similarity, score = vote(cells, CoarseMatches(matched, probability, vote.best_of_tiles(probability)))
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
            u, agreement = mesh(a, b, h, torch.zeros(130, 2), (mesh.first.basis(p), r, w))
        error = np.linalg.norm(g.hat_basis(points) @ u.numpy() * g.SCALE - back, axis=1)[seen].mean()
        before = np.linalg.norm(back, axis=1)[seen].mean()
        assert error < (0.05 if bend == 0 else 0.5 * before)
        assert agreement > 0.5


def test_inverse_undoes_a_homography(rng):
    h = g.homography_to_normalised(g.from_corners(g.CORNERS, g.CORNERS + rng.normal(30, 20, (4, 2))))
    back = inverse(torch.tensor(h, dtype=torch.float32)).numpy()
    assert np.abs(back - g.unit(np.linalg.inv(h))).max() < 1e-4


def test_a_grid_with_a_mesh_moves_what_the_control_points_move(rng):
    h = torch.tensor(g.homography_to_normalised(g.from_corners(g.CORNERS, g.CORNERS + [40, 9])), dtype=torch.float32)
    grid = MeshGrid(240, 180).of(h)
    assert torch.allclose(grid(torch.zeros(130, 2)), WarpGrid(240, 180)(h), atol=1e-5)
    moved = (grid(torch.full((130, 2), 6 / g.SCALE)) - grid(torch.zeros(130, 2))).view(-1, 2)
    assert torch.allclose(moved, torch.tensor([6 / 240, 6 / 180]), atol=1e-5)


def coarse_matches(pair, rng) -> CoarseMatches:
    """What a perfect coarse net would find, with a cell's noise."""
    cells = g.to_pixels(_cell_centres())
    target, seen = pair.flow_at(cells)
    noisy = np.where(seen[:, None], target + rng.normal(0, 3, target.shape), rng.uniform(0, 360, target.shape))
    position = torch.tensor(g.to_normalised(noisy), dtype=torch.float32)
    probability = torch.tensor(np.where(seen, 0.5, 0.02), dtype=torch.float32)
    return CoarseMatches(position, probability, Vote().best_of_tiles(probability))


def test_coarse_mesh_carries_near_ground_and_leaves_a_flat_scene_alone(rng):
    maker = PairMaker(TextureStore(3, seed=7))
    bend = CoarseMesh(torch.tensor(_cell_centres(), dtype=torch.float32))
    points = g.sample_grid(24)
    for ground in (0.0, 60.0):
        pair = maker.make(rng, Recipe(0.6, 0.9, parallax=0.0, layers=0, lens=False, photometry=0.3, ground=ground))
        a, b = (local_normalise(F.avg_pool2d(to_tensor(x), 2), 2) for x in (pair.a, pair.b))
        h = torch.tensor(g.homography_to_normalised(pair.homography), dtype=torch.float32)
        matches = coarse_matches(pair, rng)
        target, seen = pair.flow_at(points)
        back = (g.apply(np.linalg.inv(pair.homography), target) - points)[seen]
        with torch.no_grad():
            u = bend(h, matches, a, b)
            elsewhere = [float(bend.elsewhere(h, x, matches)) for x in (torch.zeros(130, 2), u)]
        left = np.linalg.norm((g.hat_basis(points) @ u.numpy() * g.SCALE)[seen] - back, axis=1).mean()
        if ground == 0:
            assert left < 0.1
            assert max(elsewhere) < 0.05
        else:
            assert left < 0.3 * np.linalg.norm(back, axis=1).mean()
            assert elsewhere[0] > 0.1 and elsewhere[1] < 0.4 * elsewhere[0]


def test_coarse_matches_that_the_pictures_contradict_bend_nothing(rng):
    maker = PairMaker(TextureStore(3, seed=7))
    bend = CoarseMesh(torch.tensor(_cell_centres(), dtype=torch.float32))
    pair = maker.make(rng, Recipe(0.6, 0.9, parallax=0.0, layers=0, lens=False, photometry=0.3))
    a, b = (local_normalise(F.avg_pool2d(to_tensor(x), 2), 2) for x in (pair.a, pair.b))
    h = torch.tensor(g.homography_to_normalised(pair.homography), dtype=torch.float32)
    matches = coarse_matches(pair, rng)
    low = torch.tensor(_cell_centres()[:, 1:2] > 0.1) * torch.tensor([60 / g.SCALE, 0])
    with torch.no_grad():
        u = bend(h, matches._replace(position=matches.position + low.float()), a, b)
    assert float(u.abs().max()) * g.SCALE < 0.1


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
