"""Command `export`: writes the ONNX files and manifest.json of a bundle."""

from __future__ import annotations

import argparse
import hashlib
import json
import warnings
from pathlib import Path

import onnx
import torch
from onnx import helper
from torch import Tensor, nn

from . import geometry as g
from .bundle import Confidence, Weights
from .config import git_hash
from .smooth_net import HISTORY, WINDOW
from .temporal_net import STATE_LENGTH, TemporalNetWithState

# ONNX Runtime 1.30 and PyTorch 1.13 both know it.
OPSET = 17
# Operators that the CPU, CUDA and WebGPU providers of ONNX Runtime all implement.
ALLOWED = frozenset(
    "Abs Add ArgMax AveragePool Cast Clip Concat Constant Conv Div Exp Expand Floor Gather GatherElements Gemm GridSample "
    "Identity Log MatMul Max Min Mul Neg Pad Pow ReduceMax ReduceMean ReduceSum Relu Reshape Resize Reciprocal Sigmoid Sign "
    "Slice Softmax Split Sqrt Squeeze Sub TopK Transpose Unsqueeze".split()
)
LUMA = (1, 1, g.HEIGHT, g.WIDTH)
CONTROL = (g.MESH_COLUMNS * g.MESH_ROWS, 2)
GRID = (g.MESH_ROWS, g.MESH_COLUMNS)
Shapes = dict[str, tuple[int, ...]]


def _interface(name: str) -> tuple[Shapes, Shapes]:
    """Inputs and outputs of a network with their shapes."""
    if name.startswith("spatial"):
        out = {"h": (3, 3), "mesh": CONTROL, "stats": (10,), "h0": (3, 3), "confidence": (1,)}
        return {"a": LUMA, "b": LUMA}, out
    if name == "temporal":
        return {"prev": LUMA, "cur": LUMA}, {"h": (3, 3), "stats": (3,)}
    if name == "temporal-state":
        state = (1, STATE_LENGTH)
        out = {"h": (3, 3), "stats": (3,), "state": state}
        return {"previous_state": state, "cur": LUMA}, out
    return {"raw": (1, 2, WINDOW, *GRID), "prev": (1, 2, HISTORY, *GRID)}, {"out": (1, 2, *GRID)}


def example(shape: tuple[int, ...], seed: int) -> Tensor:
    """A tensor to trace with: smooth random luma or positions."""
    generator = torch.Generator().manual_seed(seed)
    if shape == LUMA:
        coarse = torch.rand(1, 1, 45, 60, generator=generator) * 255
        return torch.nn.functional.interpolate(coarse, size=[g.HEIGHT, g.WIDTH], mode="bicubic").clamp(0, 255)
    return torch.randn(*shape, generator=generator)


def with_known_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replaces Shape nodes, which resizing to a given size leaves behind, by what shape inference knows."""
    known = {}
    for value in onnx.shape_inference.infer_shapes(model).graph.value_info:
        dims = [d.dim_value for d in value.type.tensor_type.shape.dim]
        if dims and all(dims):
            known[value.name] = dims
    for node in model.graph.node:
        if node.op_type == "Shape" and node.input[0] in known:
            dims = known[node.input[0]]
            constant = helper.make_tensor(node.output[0], onnx.TensorProto.INT64, [len(dims)], dims)
            node.CopyFrom(helper.make_node("Constant", [], list(node.output), node.name, value=constant))
    return model


def with_each_tensor_once(model: onnx.ModelProto) -> onnx.ModelProto:
    """Lets Constant nodes of the same content share one: tracing stores what a loop uses once a pass."""
    first: dict[bytes, str] = {}
    renamed = {}
    for node in [n for n in model.graph.node if n.op_type == "Constant"]:
        content = b"".join(attribute.SerializeToString() for attribute in node.attribute)
        if content in first:
            renamed[node.output[0]] = first[content]
            model.graph.node.remove(node)
        else:
            first[content] = node.output[0]
    for node in model.graph.node:
        for k, name in enumerate(node.input):
            node.input[k] = renamed.get(name, name)
    return model


def write(net: nn.Module, name: str, path: Path, metadata: dict[str, str]) -> dict:
    """Exports one network and returns its entry of the manifest.

    Raises ValueError when the graph holds an operator outside ALLOWED.
    """
    inputs, outputs = _interface(name)
    tensors = tuple(example(shape, seed) for seed, shape in enumerate(inputs.values()))
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net.eval(), tensors, str(path), opset_version=OPSET, input_names=list(inputs), output_names=list(outputs)
        )
    model = with_each_tensor_once(with_known_shapes(onnx.load(str(path))))
    foreign = {node.op_type for node in model.graph.node} - ALLOWED
    if foreign:
        raise ValueError(f"{name}: operators that not every provider has: {', '.join(sorted(foreign))}")
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, str(path))
    return {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "inputs": [{"name": n, "shape": list(s)} for n, s in inputs.items()],
        "outputs": [{"name": n, "shape": list(s)} for n, s in outputs.items()],
    }


def training_metadata(weights: Weights) -> dict[str, str]:
    """How the weights were made, as text for the files' metadata; folders of the training machine are left out."""
    out = {"exporter": git_hash()}
    for name, record in weights.records.items():
        config = {k: v for k, v in record["config"].items() if k != "photos"}
        values = {"config": config, "steps": record["step"], "minutes": round(record["seconds"] / 60, 1)}
        out[name] = json.dumps({**values, "git": record["git"]}, sort_keys=True)
    return out


def export_bundle(weights: Weights, confidence: Confidence, folder: Path, version: str, keep_state: bool) -> dict:
    """Writes all files of a bundle into `folder`; returns the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    metadata = training_metadata(weights)
    assert weights.smooth is not None
    temporal = weights.temporal()
    entries = {
        name: write(net, name, folder / f"{name}.onnx", metadata)
        for name, net in (
            ("spatial", weights.spatial("default", confidence)),
            ("spatial-quality", weights.spatial("quality", confidence)),
            ("temporal-state", TemporalNetWithState(temporal)) if keep_state else ("temporal", temporal),
            ("smooth", weights.smooth),
        )
    }
    manifest = {
        "schema": 1,
        "name": folder.name,
        "kind": "lite",
        "version": version,
        "description": "SpatialNet, TemporalNet and SmoothNet trained by models/training",
        "licence": "Apache-2.0; sources of the training photographs in MODEL_CARD.md",
        "origin": "python3 -m seamline_train export, see models/training/README.md",
        "input": {"width": g.WIDTH, "height": g.HEIGHT, "pixels": "luma", "mean": 0, "scale": 1},
        "grid": {"rows": g.MESH_ROWS - 1, "cols": g.MESH_COLUMNS - 1},
        "window": WINDOW,
        "smoothing": "canvas",
        "thresholds": {"confidence": round(confidence.threshold, 4), "overlap": 0.1},
        "networks": {
            "spatial": entries["spatial"],
            "temporal": entries["temporal-state" if keep_state else "temporal"],
            "smooth": entries["smooth"],
        },
        "profiles": {"quality": {"spatial": entries["spatial-quality"]}},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return manifest


def run(arguments: argparse.Namespace) -> None:
    """Entry of the command line."""
    torch.set_num_threads(1)
    weights = Weights.load(Path(arguments.coarse), Path(arguments.fine), Path(arguments.smooth))
    confidence = Confidence.load(Path(arguments.confidence) if arguments.confidence else None)
    folder = Path(arguments.out)
    manifest = export_bundle(weights, confidence, folder, arguments.version, arguments.keep_state)
    files = [n["file"] for n in manifest["networks"].values()] + ["spatial-quality.onnx"]
    for file in files:
        path = folder / file
        nodes = len(onnx.load(str(path)).graph.node)
        print(f"{file}: {path.stat().st_size / 1e6:.2f} MB, {nodes} nodes")
