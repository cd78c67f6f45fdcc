"""Closed-form fits against known answers."""

import numpy as np
import torch

from seamline_train import geometry as g
from seamline_train.coarse_match import CELLS, Vote, _cell_centres
from seamline_train.fitting import Homography, Mesh, damping, pad_border, pad_zero, project, scales_px
from seamline_train.polish import WarpGrid, assembly


def test_robust_fit_ignores_a_third_of_outliers(rng):
    truth = g.from_corners(g.CORNERS, g.CORNERS + rng.normal(0, 2, (4, 2)))
    points = torch.tensor(g.to_normalised(rng.uniform(0, 1, (300, 2)) * [479, 359]), dtype=torch.float32)
    h = torch.tensor(g.homography_to_normalised(truth), dtype=torch.float32)
    targets, _ = project(h, points)
    targets[:100] += torch.tensor(rng.normal(0, 0.1, (100, 2)), dtype=torch.float32)
    fit = Homography()
    found = fit.robust(points, targets, torch.ones(300), scales_px(10, 6, 4, 2, 1, 1), torch.tensor([damping(1e-6, 1e-4)] * 6))
    error = np.abs(g.corner_motion(g.homography_to_pixels(found.numpy()), 480, 360) - g.corner_motion(truth, 480, 360))
    assert error.max() < 0.05


def test_solver_matches_numpy(rng):
    m = rng.normal(0, 1, (20, 8))
    a, b = m.T @ m, rng.normal(0, 1, (8, 1))
    d = torch.full((8,), 1e-3)
    got = Homography().solve8(torch.tensor(a, dtype=torch.float32), torch.tensor(b, dtype=torch.float32), d)
    assert np.abs(got.numpy() - np.linalg.solve(a + 1e-3 * np.eye(8), b)).max() < 1e-3


def test_mesh_follows_a_smooth_residual_and_stays_still_without_one(rng):
    points = g.sample_grid(12)
    residual = np.stack([3 * np.sin(points[:, 0] / 120), np.cos(points[:, 1] / 90)], -1) / g.SCALE
    p, r = (torch.tensor(x, dtype=torch.float32) for x in (g.to_normalised(points), residual))
    mesh = Mesh()
    u = mesh(p, r, torch.ones(len(p)))
    assert (mesh.basis(p) @ u - r).abs().max() * g.SCALE < 0.5
    assert mesh(p, r * 0, torch.ones(len(p))).abs().max() == 0
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
    maps = [w * gx * gx, w * gx * gy, w * gy * gy, w * gx * r, w * gy * r]
    moments = [np.array([[(m * y**q * x**p).sum() for p in range(5)] for q in range(5)]).ravel() for m in maps]
    system, right = assembly()
    weighted = j * w.ravel()[:, None]
    assert np.abs((np.concatenate(moments[:3]) @ system).reshape(8, 8) - weighted.T @ j).max() < 1e-9
    assert np.abs(np.concatenate(moments[3:]) @ right - weighted.T @ r.ravel()).max() < 1e-9


def test_warp_grid_of_the_identity_hits_pixel_centres():
    grid = WarpGrid(240, 180)(torch.eye(3))[0]
    assert torch.allclose(grid[0, 0], torch.tensor([-1.0, -1.0]), atol=1e-5)
    assert torch.allclose(grid[-1, -1], torch.tensor([1.0, 1.0]), atol=1e-5)


def test_padding_equals_torch():
    x = torch.randn(1, 3, 9, 8)
    assert torch.equal(pad_zero(x, 4), torch.nn.functional.pad(x, (4, 4, 4, 4)))
    assert torch.equal(pad_border(x), torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate"))
