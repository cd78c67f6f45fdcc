"""Interfaces of the networks, independent of how well they are trained."""

import math

import torch

from seamline_train.bundle import Confidence
from seamline_train.features import CoarseNet, FineNet, fold_batch_norm
from seamline_train.paths import PathMaker, exponential, measure
from seamline_train.smooth_net import SmoothNet, roll_out
from seamline_train.spatial_net import SpatialNet
from seamline_train.temporal_net import STATE_LENGTH, TemporalNet, TemporalNetWithState


def trained_a_little(net: torch.nn.Module) -> torch.nn.Module:
    """Random weights with batch statistics that are not the initial ones."""
    torch.manual_seed(0)
    net.train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.rand(2, 1, 240, 320) * 255)
    return net.eval()


def test_folding_batch_norm_changes_nothing():
    for net in (CoarseNet(), FineNet()):
        trained_a_little(net)
        x = torch.rand(1, 1, 240, 320) * 255
        with torch.no_grad():
            before = net(x)
            assert torch.allclose(fold_batch_norm(net)(x), before, atol=1e-4)


def test_spatial_net_gives_finite_outputs_of_the_stated_shapes():
    coarse, fine = trained_a_little(CoarseNet()), trained_a_little(FineNet())
    a, b = torch.rand(1, 1, 360, 480) * 255, torch.zeros(1, 1, 360, 480)
    for profile in ("default", "quality"):
        with torch.no_grad():
            h, mesh, stats, h0, confidence = SpatialNet(coarse, fine, profile).eval()(a, b)
        shapes = [tuple(x.shape) for x in (h, mesh, stats, h0, confidence)]
        assert shapes == [(3, 3), (130, 2), (10,), (3, 3), (1,)]
        assert all(torch.isfinite(x).all() for x in (h, mesh, stats, h0, confidence))
        assert 0 <= float(confidence) <= 1


def test_the_smaller_of_both_logistics_is_the_confidence():
    net = SpatialNet(trained_a_little(CoarseNet()), trained_a_little(FineNet())).eval()
    a = torch.rand(1, 1, 360, 480) * 255
    for biases in ((2.0, -3.0), (-3.0, 2.0)):
        Confidence(tuple((0.0,) * 5 + (bias,) for bias in biases)).apply_to(net)
        with torch.no_grad():
            assert abs(float(net(a, a)[4]) - 1 / (1 + math.exp(3))) < 1e-6


def test_temporal_net_gives_no_motion_for_equal_frames_and_the_state_keeps_a_frame():
    net = TemporalNet(trained_a_little(FineNet())).eval()
    frame = torch.nn.functional.interpolate(torch.rand(1, 1, 90, 120), size=(360, 480), mode="bicubic") * 255
    other = torch.roll(frame, (3, -5), (2, 3))
    with torch.no_grad():
        h, stats = net(frame, frame)
        _, unlike = net(frame, torch.rand_like(frame) * 255)
        # Random features match equal pictures only in part, yet far better than unlike ones.
        assert (h - torch.eye(3)).abs().max() * 240 < 0.05 and stats[0] > 2 * unlike[0]
        kept = TemporalNetWithState(net)
        _, _, state = kept(torch.zeros(1, STATE_LENGTH), frame)
        assert state.shape == (1, STATE_LENGTH)
        assert torch.allclose(kept(state, other)[0], net(frame, other)[0], atol=1e-4)


def test_smooth_net_stays_in_the_hull_and_starts_still():
    net = SmoothNet().eval()
    raw, _ = PathMaker(2).make(3, 30)
    with torch.no_grad():
        out = roll_out(net, raw)
        still = roll_out(net, raw[:, :, :1].expand(-1, -1, 12, -1, -1))
    assert out.shape == raw.shape
    assert torch.allclose(still, raw[:, :, :1].expand_as(still), atol=1e-3)


def test_exponential_smoothing_trades_acceleration_for_fidelity():
    raw, intended = PathMaker(1).make(16, 80)
    rows = [measure(exponential(raw, share), raw, intended) for share in (0.5, 0.2, 0.05)]
    accelerations = [row["acceleration"] for row in rows]
    distances = [row["from_raw"] for row in rows]
    assert accelerations == sorted(accelerations, reverse=True) and distances == sorted(distances)
