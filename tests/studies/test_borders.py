"""Scores near the border, against masks that can be counted by hand and a slow definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cracknet.scoring.matches import Matches
from cracknet.studies.borders import border_band, boundary, match_band, match_boundaries

masks = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def near(mask, radius):
    """Mark what lies within a radius of a mask, one pixel after another."""
    ys, xs = np.nonzero(mask)
    y, x = np.indices(mask.shape)
    found = np.zeros(mask.shape, bool)
    for cy, cx in zip(ys, xs, strict=True):
        found |= (y - cy) ** 2 + (x - cx) ** 2 <= radius**2
    return found


@settings(deadline=None, max_examples=60)
@given(masks, st.integers(1, 5))
def test_the_band_lies_near_crack_and_background(mask, radius):
    np.testing.assert_array_equal(
        border_band(mask, radius), near(mask, radius) & near(~mask, radius)
    )


@pytest.mark.parametrize("full", [False, True])
def test_one_class_alone_has_no_border(full):
    mask = np.full((7, 9), full)
    assert not border_band(mask).any()
    assert not boundary(mask).any()


def test_one_pixel():
    mask = np.zeros((5, 5), bool)
    mask[2, 2] = True
    assert border_band(mask, 1).sum() == 5
    assert boundary(mask).tolist() == mask.tolist()


def test_the_band_of_a_half_plane_counts_exactly():
    """A border between columns 9 and 10; a mask that is 2 px too wide, and wrong far away."""
    truth = np.zeros((4, 30), bool)
    truth[:, :10] = True
    mask = np.zeros((4, 30), bool)
    mask[:, :12] = True
    mask[:, 25:] = True  # outside the band of 5 px: columns 5 to 14
    assert border_band(truth, 5).sum(axis=1).tolist() == [10] * 4
    assert match_band(mask, truth, 5) == Matches(right=20, predicted=28, found=20, actual=20)


def test_what_is_right_in_the_band_is_right():
    rng = np.random.default_rng(0)
    truth = rng.random((20, 20)) > 0.7
    counts = match_band(truth, truth)
    assert counts.precision == counts.recall == 1


def test_boundaries_of_shifted_squares():
    truth = np.zeros((20, 20), bool)
    truth[5:11, 5:11] = True
    shifted = np.roll(truth, 2, axis=1)
    assert boundary(truth).sum() == 20
    assert match_boundaries(truth, truth, 1).f1 == 1
    assert match_boundaries(shifted, truth, 2).f1 == 1
    # within 1 px: rows 5 and 10 but for their ends beyond column 11, and columns 10 to 12
    within = sum(
        any(abs(y - v) + abs(x - w) <= 1 for v, w in zip(*np.nonzero(boundary(truth)), strict=True))
        for y, x in zip(*np.nonzero(boundary(shifted)), strict=True)
    )
    assert match_boundaries(shifted, truth, 1).right == within
    assert 0 < within < 20


def test_a_mask_may_be_cut_from_a_larger_one():
    """Slices of arrays are not contiguous; OpenCV asks for contiguous ones."""
    mask = np.zeros((20, 20), bool)
    mask[:, 8:] = True
    part = mask[::2, ::2]
    np.testing.assert_array_equal(border_band(part, 2), border_band(part.copy(), 2))
