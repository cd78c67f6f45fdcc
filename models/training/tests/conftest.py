"""Shared fixtures: procedural pictures, so that the tests need no photographs."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from seamline_train.pairs import PairMaker  # noqa: E402
from seamline_train.photos import TextureStore  # noqa: E402

torch.set_num_threads(1)
cv2.setNumThreads(1)


@pytest.fixture(scope="session")
def photos() -> TextureStore:
    """Six procedural pictures."""
    return TextureStore(6, seed=5)


@pytest.fixture(scope="session")
def maker(photos: TextureStore) -> PairMaker:
    """A pair maker on procedural pictures."""
    return PairMaker(photos)


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator."""
    return np.random.default_rng(11)
