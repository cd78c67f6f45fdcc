"""The exported files in ONNX Runtime, in place of the networks in PyTorch: what is measured is what ships."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor


class OnnxNet:
    """One file of a bundle on one thread of the CPU; called like the network it was exported from."""

    def __init__(self, path: Path) -> None:
        """Raises SystemExit that says what to install without ONNX Runtime."""
        try:
            import onnxruntime  # pylint: disable=import-outside-toplevel
        except ImportError as error:
            raise SystemExit(f"{error}: --onnx needs ONNX Runtime for Python (pip install onnxruntime)") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._inputs = [value.name for value in self._session.get_inputs()]
        self._batch = self._session.get_inputs()[0].shape[0]

    def __call__(self, *tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Float32 inputs in the order of the file; of more entries than the file takes one after the other."""
        parts = zip(*(tensor.split(self._batch) for tensor in tensors))
        runs = [self._session.run(None, dict(zip(self._inputs, (t.numpy() for t in part)))) for part in parts]
        outputs = tuple(torch.cat([torch.from_numpy(value) for value in values]) for values in zip(*runs))
        return outputs[0] if len(outputs) == 1 else outputs

    def steps(self) -> dict[str, int]:
        """Training steps of each part, from the file's metadata."""
        kept = self._session.get_modelmeta().custom_metadata_map
        return {name: json.loads(kept[name])["steps"] for name in ("coarse", "fine", "smooth") if name in kept}


class OnnxBundle:
    """The networks of a bundle's folder, by its manifest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest = json.loads((folder / "manifest.json").read_text())

    @property
    def threshold(self) -> float:
        """Least confidence of an alignment that is used."""
        return self._manifest["thresholds"]["confidence"]

    def network(self, name: str, profile: str = "default") -> OnnxNet:
        """`spatial`, `temporal` or `smooth`; of another profile where that has a file of its own."""
        own = self._manifest["profiles"].get(profile, {}) if profile != "default" else {}
        return OnnxNet(self._folder / own.get(name, self._manifest["networks"][name])["file"])
