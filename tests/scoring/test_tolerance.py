from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import distance_transform_edt

from cracknet.errors import ArgumentError
from cracknet.scoring.matches import Matches
from cracknet.scoring.tolerance import match_within

small = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def by_hand(mask, truth, radius):
    """Compare every pixel with every other."""
    drawn, real = np.argwhere(mask), np.argwhere(truth)
    square = ((drawn[:, None] - real[None]) ** 2).sum(-1) <= radius**2
    return Matches(
        int(square.any(axis=1).sum()), len(drawn), int(square.any(axis=0).sum()), len(real)
    )


@given(mask=small, data=st.data(), radius=st.integers(0, 6))
def test_brute_force(mask, data, radius):
    truth = data.draw(arrays(bool, mask.shape))
    assert match_within(mask, truth, radius) == by_hand(mask, truth, radius)


@pytest.mark.parametrize("radius", [2, 5])
def test_distance_transform(drawn, radius):
    probability, truth = drawn(1, (120, 150))
    mask = probability >= 0.5
    counts = match_within(mask, truth, radius)
    assert counts.right == (mask & (distance_transform_edt(~truth) <= radius)).sum()
    assert counts.found == (truth & (distance_transform_edt(~mask) <= radius)).sum()
    assert 0 < counts.right < counts.predicted


@pytest.mark.parametrize(
    ("dy", "dx", "near"), [(0, 5, True), (3, 4, True), (4, 4, False), (0, 6, False), (5, 1, False)]
)
def test_the_distance_is_euclidean_and_inclusive(dy, dx, near):
    mask, truth = np.zeros((2, 9, 9), bool)
    mask[0, 0] = truth[dy, dx] = True
    assert match_within(mask, truth, 5) == Matches(int(near), 1, int(near), 1)


@pytest.mark.parametrize("value", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (4, 3)])
def test_all_of_one_kind(value, shape):
    mask, none = np.full(shape, value), np.zeros(shape, bool)
    size = mask.size if value else 0
    assert match_within(mask, mask, 2) == Matches(size, size, size, size)
    assert match_within(mask, none, 2) == Matches(0, size, 0, 0)
    assert match_within(none, mask, 2) == Matches(0, 0, 0, size)


def test_no_tolerance_is_overlap(drawn):
    probability, truth = drawn(2)
    mask = probability >= 0.5
    both = int((mask & truth).sum())
    assert match_within(mask, truth, 0) == Matches(both, mask.sum(), both, truth.sum())


def test_views_are_read_as_they_look(drawn):
    probability, truth = drawn(3)
    mask = probability >= 0.5
    assert match_within(mask[::-1, ::2], truth[::-1, ::2], 2) == match_within(
        mask[::-1, ::2].copy(), truth[::-1, ::2].copy(), 2
    )


@pytest.mark.parametrize("radius", [-1, 51, 1.5, True, "2"])
def test_impossible_radius(radius):
    with pytest.raises(ArgumentError, match="tolerance"):
        match_within(np.zeros((2, 2), bool), np.zeros((2, 2), bool), radius)
