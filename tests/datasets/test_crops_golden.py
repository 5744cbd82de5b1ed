"""Crops are those that earlier training runs saw, so that a run goes on as it began.

`crops_golden.npz` was made by this file, run as a program with the code of 0.1.0's first training
runs. Make it anew only where every running training may be given up.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cracknet.datasets.crops import CropOptions, random_crop

GOLDEN = Path(__file__).with_name("crops_golden.npz")
COUNT = 14


def crop(seed):
    """Crop a pattern that has every gray value, with stripes for cracks."""
    y, x = np.mgrid[:200, :240]
    gray = np.uint8(128 + 70 * np.sin(x / 9) + 50 * np.cos(y / 7))
    options = CropOptions(size_px=40, light=1.0 if seed % 2 else 0.8)
    return random_crop(gray, (x + 2 * y) % 31 < 6, options, np.random.default_rng([7, seed]))


def agreement(crops, golden):
    """Give the shares of gray values within 2, and of mask pixels that are the same."""
    near = np.abs(crops[0].astype(int) - golden[0].astype(int)) <= 2
    return near.mean(), (crops[1] == golden[1]).mean()


def test_crops_are_those_of_the_first_runs():
    """Rounding may differ between processors by a gray value; the draws may not differ at all."""
    with np.load(GOLDEN) as golden:
        kept = list(zip(golden["gray"], golden["mask"], strict=True))
    crops = [crop(seed) for seed in range(COUNT)]
    for ours, theirs in zip(crops, kept, strict=True):
        near, same = agreement(ours, theirs)
        assert near > 0.99
        assert same > 0.995
    others = [agreement(ours, theirs)[0] for ours, theirs in zip(crops[1:], kept, strict=False)]
    assert max(others) < 0.5  # other draws would be seen


if __name__ == "__main__":
    grays, masks = zip(*map(crop, range(COUNT)), strict=True)
    np.savez_compressed(GOLDEN, gray=np.stack(grays), mask=np.stack(masks))
