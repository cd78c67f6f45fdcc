"""Makes a folder of synthetic pairs with known truth for `npm run evaluate`, by the generator of the training.

Only photographs that the training holds out are used, unless --all says otherwise. OUT/GROUP_NUMBER/ gets left.png,
right.png and truth.json: {"left": [[x, y], ...], "right": [[x, y], ...]}, corresponding points of both pictures, pixel
centres at whole numbers. OUT/no_overlap.csv lists pairs of different photographs in OUT/unrelated/.
"""

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models/training"))
# pylint: disable=wrong-import-position
from seamline_train import geometry as g  # noqa: E402
from seamline_train.pairs import PairMaker, Recipe  # noqa: E402
from seamline_train.photos import PhotoStore, list_photos, split  # noqa: E402

OVERLAPS = ((0.15, 0.3), (0.3, 0.5), (0.5, 0.95))
LEAST_TEXTURED_SHARE = 0.1
# Not a seed of the training's own evaluations.
SEED = 31


def recipe_of(kind, low, high, rng):
    """A flat scene, a bent one, or one with things that stand or move before a bent one."""
    if kind == "flat":
        return Recipe.plane(low, high)
    return Recipe(low, high, parallax=float(rng.uniform(2, 8)), layers=0 if kind == "bent" else 3, lens=False)


def lattice():
    """Points every 12 px of a view."""
    y, x = np.mgrid[6 : g.HEIGHT : 12, 6 : g.WIDTH : 12].astype(np.float64)
    return np.stack([x, y], -1).reshape(-1, 2)


def has_texture(view, points):
    """Whether a tenth of the surroundings of the points have structure."""
    patches = [view[int(y) - 6 : int(y) + 6, int(x) - 6 : int(x) + 6] for x, y in points]
    return len(patches) > 0 and np.mean([patch.std() > 4 for patch in patches]) >= LEAST_TEXTURED_SHARE


def write_pairs(maker, out, count):
    """`count` pairs of each kind and overlap."""
    points = lattice()
    for number, kind in enumerate(("flat", "bent", "layered")):
        for low, high in OVERLAPS:
            rng = np.random.default_rng([SEED, number, int(100 * low)])
            made = 0
            while made < count:
                pair = maker.make(rng, recipe_of(kind, low, high, rng))
                images, seen = pair.flow_at(points)
                if not has_texture(pair.a, points[seen]):
                    continue
                made += 1
                folder = out / f"{kind}-{round(100 * low)}_{made:03}"
                folder.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(folder / "left.png"), pair.a)
                cv2.imwrite(str(folder / "right.png"), pair.b)
                truth = {"left": points[seen].tolist(), "right": images[seen].round(3).tolist()}
                (folder / "truth.json").write_text(json.dumps(truth))


def write_unrelated(maker, out, count):
    """`count` pairs without overlap and their list."""
    rng = np.random.default_rng([SEED, 9])
    folder = out / "unrelated"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["left_from,right_from"]
    for number in range(1, count + 1):
        names = [f"unrelated/{number:03}-{side}.png" for side in ("left", "right")]
        for name, view in zip(names, maker.make_unrelated(rng)):
            cv2.imwrite(str(out / name), view)
        lines.append(",".join(names))
    (out / "no_overlap.csv").write_text("\n".join(lines) + "\n")


def main():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", help="folder of photographs")
    parser.add_argument("out", type=Path)
    parser.add_argument("--pairs", type=int, default=10, help="of each of nine groups (10)")
    parser.add_argument("--unrelated", type=int, default=0, help="pairs without overlap (0)")
    parser.add_argument("--all", action="store_true", help="every photograph, for folders that were never trained on")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    photos = list_photos(options.photos) if options.all else split(options.photos)[1]
    maker = PairMaker(PhotoStore(photos))
    write_pairs(maker, options.out, options.pairs)
    if options.unrelated > 0:
        write_unrelated(maker, options.out, options.unrelated)


if __name__ == "__main__":
    main()
