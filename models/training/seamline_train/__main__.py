"""Command line: python3 -m seamline_train train|evaluate|export|…"""

from __future__ import annotations

import argparse

from . import export_onnx, golden, parity, train
from .evaluate import command as evaluation


def parser() -> argparse.ArgumentParser:
    """The command line of the package."""
    root = argparse.ArgumentParser(prog="seamline_train", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True)
    t = commands.add_parser("train", help="train one network; goes on when its checkpoint exists")
    t.add_argument("network", choices=["coarse", "fine", "smooth"])
    t.add_argument("--photos", default="", help="folder of photographs; without it procedural pictures are used")
    t.add_argument("--checkpoint", required=True, help="file that is written every few minutes and resumed from")
    t.add_argument("--start", help="another checkpoint whose weights are the start of a new schedule")
    t.add_argument("--restart-schedule", action="store_true", help="keep the weights, start the schedule again")
    t.add_argument("--smoke", action="store_true", help="20 steps, under a minute")
    t.add_argument("--minutes", type=float, help="wall-clock length of the schedule")
    t.add_argument("--device", help="cpu or cuda")
    t.add_argument("--seed", type=int)
    t.add_argument("--batch", type=int, help="pairs per step")
    t.add_argument("--threads", type=int)
    t.add_argument("--workers", type=int, help="loader processes")
    t.add_argument("--learning-rate", type=float)
    t.add_argument("--hard-share", type=float, help="share of pairs with little overlap and strong photometry")
    t.set_defaults(run=train.run)
    e = commands.add_parser("export", help="write a bundle: ONNX files and manifest.json")
    for name in ("coarse", "fine", "smooth"):
        e.add_argument(f"--{name}", required=True, help=f"checkpoint of the {name} net")
    e.add_argument("--confidence", help="file written by `evaluate confidence`")
    e.add_argument("--out", required=True, help="folder of the bundle; its name becomes the bundle's")
    e.add_argument("--version", required=True, help="version in the manifest")
    e.add_argument("--keep-state", action="store_true", help="TemporalNet with the previous frame's features as state")
    e.set_defaults(run=export_onnx.run)
    v = commands.add_parser("evaluate", help="measure weights; figures are kept in a JSON file")
    v.add_argument("what", nargs="*", choices=[*evaluation.MEASUREMENTS, []], help="default: everything")
    for name in ("coarse", "fine", "smooth"):
        v.add_argument(f"--{name}", help=f"checkpoint of the {name} net")
    v.add_argument("--onnx", help="folder of an exported bundle: measures its files in ONNX Runtime instead")
    v.add_argument("--photos", required=True, help="folder of photographs; only its held-out part is used")
    v.add_argument("--real", default="", help="folder of real pairs: NAME/left.jpg, NAME/right.jpg")
    v.add_argument("--confidence", help="file of the logistic; written by `evaluate confidence`")
    v.add_argument("--out", required=True, help="JSON file of the figures")
    v.add_argument("--pairs", type=int, default=300, help="pairs per bucket")
    v.add_argument("--profile", default="default", choices=["default", "quality"])
    v.add_argument("--sift", action="store_true", help="measure SIFT + RANSAC on the same planes")
    v.set_defaults(run=evaluation.run)
    c = commands.add_parser("golden", help="write the geometry cases that the server's tests share")
    c.add_argument("--out", required=True, help="folder, test/golden/geometry")
    c.set_defaults(run=golden.run)
    p = commands.add_parser("parity", help="write what PyTorch computes, for the test of the exported files")
    for name in ("coarse", "fine", "smooth"):
        p.add_argument(f"--{name}", required=True, help=f"checkpoint of the {name} net")
    p.add_argument("--confidence", help="file written by `evaluate confidence`")
    p.add_argument("--bundle", required=True, help="folder of the exported bundle")
    p.add_argument("--out", required=True, help="JSON file, test/golden/models/lite.json")
    p.set_defaults(run=parity.run)
    return root


def main() -> None:
    """Runs the chosen command."""
    arguments = parser().parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
