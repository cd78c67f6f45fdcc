"""Training runs, resumes and exports."""

import argparse
import json

import numpy as np
import onnx
import pytest
import torch

from seamline_train.config import Config
from seamline_train.evaluate.confidence import fit_logistic
from seamline_train.export_onnx import ALLOWED, write
from seamline_train.features import CoarseNet, FineNet, fold_batch_norm
from seamline_train.loop import load_checkpoint, rate_at
from seamline_train.losses import bilinear_cells
from seamline_train.smooth_net import SmoothNet
from seamline_train.spatial_net import SpatialNet
from seamline_train.train import make_trainer


@pytest.mark.parametrize("network", ["coarse", "fine", "smooth"])
def test_smoke_training_lowers_the_loss_and_can_go_on(network, tmp_path):
    path = tmp_path / "net.pt"
    config = Config.smoke(network)
    trainer = make_trainer(config, path)
    trainer.run()
    assert trainer.step == 20
    assert trainer.history[-1]["loss"] < trainer.history[0]["loss"]
    resumed = make_trainer(config, path)
    resumed.resume(load_checkpoint(path), restart_schedule=False)
    assert resumed.step == 20 and resumed.seconds == trainer.seconds
    assert load_checkpoint(path)["config"]["network"] == network


def test_rate_rises_then_falls_to_its_floor():
    config = Config(warmup_steps=10, learning_rate=1.0, final_rate=0.02)
    assert rate_at(config, 0, 0.0) == pytest.approx(0.1)
    assert rate_at(config, 50, 0.0) == pytest.approx(1.0)
    assert rate_at(config, 50, 1.0) == pytest.approx(0.02)


def test_config_survives_the_checkpoint():
    config = Config.for_network("smooth")
    assert Config.from_dict({**config.to_dict(), "gone": 1}) == config


def test_bilinear_cells_share_out_a_position():
    index, weight = bilinear_cells(torch.tensor([[1.25, 2.5], [-3.0, 0.0]]), 10, 8)
    assert index[0].tolist() == [21, 22, 31, 32]
    assert weight[0].tolist() == pytest.approx([0.375, 0.125, 0.375, 0.125])
    assert weight.sum(1).tolist() == pytest.approx([1.0, 1.0])


def test_logistic_separates_two_classes(rng):
    x = np.r_[rng.normal(0, 1, (200, 2)), rng.normal(4, 1, (200, 2))]
    good = np.arange(400) >= 200
    w = fit_logistic(x, good)
    assert (((np.c_[x, np.ones(400)] @ w) > 0) == good).mean() > 0.97


def test_exported_graphs_hold_only_operators_that_every_provider_has(tmp_path):
    coarse, fine = (fold_batch_norm(net.eval()) for net in (CoarseNet(), FineNet()))
    for name, net in (("spatial", SpatialNet(coarse, fine)), ("smooth", SmoothNet())):
        entry = write(net, name, tmp_path / f"{name}.onnx", {"seed": "1"})
        model = onnx.load(str(tmp_path / entry["file"]))
        assert {node.op_type for node in model.graph.node} <= ALLOWED
        assert not any(o.type.tensor_type.elem_type != 1 for o in model.graph.output)
        constants = [n.attribute[0].SerializeToString() for n in model.graph.node if n.op_type == "Constant"]
        assert len(constants) == len(set(constants))
        onnx.checker.check_model(model)
        assert json.dumps(entry)


def test_command_line_knows_its_commands():
    from seamline_train.__main__ import parser

    arguments = parser().parse_args(["train", "coarse", "--checkpoint", "x.pt", "--smoke"])
    assert isinstance(arguments, argparse.Namespace) and arguments.network == "coarse"


def test_logistic_gives_a_small_group_of_bad_cases_the_same_weight(rng):
    good, many, few = rng.normal(2, 1, (200, 1)), rng.normal(-6, 1, (300, 1)), rng.normal(-1, 1, (10, 1))
    x, y = np.r_[good, many, few], np.r_[np.ones(200), np.zeros(310)].astype(bool)
    group = np.r_[np.zeros(200), np.zeros(300), np.ones(10)].astype(np.int64)
    centre = [np.array([[-1.0, 1.0]]) @ fit_logistic(x, y, kinds) for kinds in (None, group)]
    assert centre[1] < centre[0]
