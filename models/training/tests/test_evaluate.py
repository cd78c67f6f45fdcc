"""What the evaluation counts, and that the exported files can stand in for the networks."""

import json
import sys

import pytest
import torch

from seamline_train.__main__ import parser
from seamline_train.bundle import Confidence, Weights
from seamline_train.evaluate import command
from seamline_train.evaluate.onnx_nets import OnnxBundle
from seamline_train.evaluate.real import at_least, figures_of
from seamline_train.export_onnx import example, export_bundle
from seamline_train.features import CoarseNet, FineNet, fold_batch_norm
from seamline_train.smooth_net import SmoothNet, roll_out


def a_row(gain: float, solved: bool = True, confidence: float = 0.9) -> dict:
    """A real pair whose SSIM lies `gain` above the baseline's."""
    row = {"confidence": confidence, "ours": 0.8, "baseline_solved": solved}
    return {**row, "ours_common": 0.8 + gain, "baseline_common": 0.8}


def test_a_pair_that_is_worse_by_less_than_can_be_seen_is_still_worse():
    rows = {"better": a_row(0.1), "hardly": a_row(-0.001), "worse": a_row(-0.05), "alone": a_row(0, solved=False)}
    figures = figures_of(rows, 0.2)
    assert figures["at_least_baseline"] == 0.5
    assert figures["at_least_baseline_visibly"] == 0.75
    assert figures["at_least_baseline_where_it_solved"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["within_0.02"] == pytest.approx(2 / 3, abs=1e-4)


def test_where_the_baseline_fails_only_confidence_counts():
    assert at_least(a_row(-0.5, solved=False), 0.2)
    assert not at_least(a_row(0.5, solved=False, confidence=0.1), 0.2)


@pytest.fixture(scope="module", name="bundle")
def exported(tmp_path_factory):
    """Untrained weights and the folder of their bundle."""
    pytest.importorskip("onnxruntime")
    torch.manual_seed(3)
    coarse, fine = (fold_batch_norm(net.eval()) for net in (CoarseNet(), FineNet()))
    record = {"config": {}, "step": 7, "seconds": 60.0, "git": "none"}
    weights = Weights(coarse, fine, SmoothNet().eval(), {name: record for name in ("coarse", "fine", "smooth")})
    folder = tmp_path_factory.mktemp("exported") / "tiny"
    export_bundle(weights, Confidence(threshold=0.3), folder, "0.0.1", keep_state=False)
    return weights, folder


def test_exported_files_answer_as_the_networks_do(bundle):
    weights, folder = bundle
    files = OnnxBundle(folder)
    a, b = example((1, 1, 360, 480), 0), example((1, 1, 360, 480), 1)
    with torch.no_grad():
        pairs = [
            (weights.spatial(profile, Confidence()), files.network("spatial", profile), (a, b))
            for profile in ("default", "quality")
        ]
        pairs.append((weights.temporal(), files.network("temporal"), (a, b)))
        for torch_net, file, inputs in pairs:
            for ours, theirs in zip(torch_net(*inputs), file(*inputs)):
                assert theirs.shape == ours.shape
                assert torch.allclose(ours, theirs, atol=1e-3)
        # The file takes one path at a time, the evaluation gives many.
        raw = torch.randn(3, 2, 5, 10, 13).cumsum(2)
        assert torch.allclose(roll_out(weights.smooth, raw), roll_out(files.network("smooth"), raw), atol=1e-4)


def test_the_command_measures_the_files_of_a_folder(bundle, tmp_path, monkeypatch):
    _, folder = bundle
    asked = []
    monkeypatch.setattr(command.motion, "smoothing", lambda net, *_: asked.append(net) or {"acceleration": 1.0})
    out = tmp_path / "figures.json"
    arguments = ["evaluate", "smoothing", "--onnx", str(folder), "--photos", "none", "--out", str(out)]
    command.run(parser().parse_args(arguments))
    figures = json.loads(out.read_text())["smoothing"]
    assert figures["runtime"] == "onnx" and figures["steps"] == {"coarse": 7, "fine": 7, "smooth": 7}
    assert asked[0](torch.zeros(2, 2, 7, 10, 13), torch.zeros(2, 2, 6, 10, 13)).shape == (2, 2, 10, 13)
    assert OnnxBundle(folder).threshold == 0.3


@pytest.mark.parametrize(
    "given, said",
    [
        (["confidence", "--onnx", "there"], "without --onnx"),
        (["real"], "give --coarse, --fine and --confidence, or --onnx"),
    ],
)
def test_a_contradicting_command_line_is_explained(given, said):
    arguments = parser().parse_args(["evaluate", *given, "--photos", "none", "--out", "none"])
    with pytest.raises(SystemExit, match=said):
        command.run(arguments)


def test_without_onnx_runtime_it_says_what_to_install(monkeypatch, tmp_path):
    (tmp_path / "manifest.json").write_text('{"networks": {"smooth": {"file": "smooth.onnx"}}, "profiles": {}}')
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(SystemExit, match="pip install onnxruntime"):
        OnnxBundle(tmp_path).network("smooth")
