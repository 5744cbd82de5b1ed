"""Photographs to score: a probability and a truth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cracknet.datasets.pairs import find_pairs


@pytest.fixture(scope="session")
def drawn():
    """Return a function: seed and size in; a noisy probability and a truth of lines out."""

    def make(seed, shape=(60, 80), lines=3):
        rng = np.random.default_rng(seed)
        truth = np.zeros(shape, np.uint8)
        for _ in range(lines):
            start, stop = (tuple(int(rng.integers(0, side)) for side in shape[::-1]) for _ in "ab")
            cv2.line(truth, start, stop, 1, int(rng.integers(1, 5)))
        return noisy(truth > 0, rng), truth > 0

    return make


def noisy(truth, rng):
    """Return a probability (H, W) float32 that mostly follows the truth."""
    soft = cv2.GaussianBlur(truth.astype(np.float32), (0, 0), 1.5) * 8 - 3
    logit = soft + rng.normal(0, 1.5, truth.shape).astype(np.float32)
    return (1 / (1 + np.exp(-logit))).astype(np.float32)


@pytest.fixture(scope="session")
def real(data_folder):
    """Twelve masks of deepcrack test, each with a noisy probability."""
    rng = np.random.default_rng(0)
    masks = [pair.read()[1] for pair in find_pairs(data_folder / "deepcrack", "test")[::20]]
    return [(noisy(mask, rng), mask) for mask in masks]
