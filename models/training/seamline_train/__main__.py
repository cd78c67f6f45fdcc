"""Command line: python3 -m seamline_train train|evaluate|export|…"""

from __future__ import annotations

import argparse

from . import export_onnx, train


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
    return root


def main() -> None:
    """Runs the chosen command."""
    arguments = parser().parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
