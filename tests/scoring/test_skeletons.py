from __future__ import annotations

import numpy as np
import pytest

from cracknet.scoring.matches import Matches
from cracknet.scoring.skeletons import match_skeletons


def lines(*rows, shape=(12, 20)):
    """Return a mask with lines 1 px wide: its own skeleton."""
    mask = np.zeros(shape, bool)
    for row, start, stop in rows:
        mask[row, start:stop] = True
    return mask


def test_by_hand():
    """Truth: two lines of 10 and 16 px. Prediction: 6 px of the first, 4 px beside both."""
    truth = lines((2, 2, 12), (8, 2, 18))
    mask = lines((2, 2, 8), (5, 10, 14))
    counts = match_skeletons(mask, truth)
    assert counts == Matches(right=6, predicted=10, found=6, actual=26)
    precision, sensitivity = 6 / 10, 6 / 26
    assert counts.f1 == pytest.approx(2 * precision * sensitivity / (precision + sensitivity))


def test_width_is_forgiven_and_a_gap_is_not():
    truth = np.zeros((11, 40), bool)
    truth[3:8, 2:38] = True
    thin = lines((5, 2, 38), shape=truth.shape)
    whole = match_skeletons(thin, truth)
    assert whole.precision == 1
    assert whole.recall > 0.9  # the skeleton of a bar forks to its corners
    broken = thin.copy()
    broken[:, 15:25] = False
    counts = match_skeletons(broken, truth)
    assert counts.precision == 1
    assert counts.found == whole.found - 10


def test_the_skeleton_not_the_mask_is_counted():
    """A mask ten times too wide holds the whole truth, and its centreline lies in it."""
    truth = lines((5, 2, 18))
    wide = np.zeros_like(truth)
    wide[2:9, 0:20] = True
    counts = match_skeletons(wide, truth)
    assert counts.recall == 1
    assert counts.predicted < 25 < wide.sum()


@pytest.mark.parametrize("shape", [(1, 1), (5, 7)])
def test_empty_and_full(shape):
    none, full = np.zeros(shape, bool), np.ones(shape, bool)
    assert match_skeletons(none, none) == Matches()
    assert match_skeletons(none, full).f1 == 0
    assert match_skeletons(full, none).f1 is None
    assert match_skeletons(full, full).f1 == 1
