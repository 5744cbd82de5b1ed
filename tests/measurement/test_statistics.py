from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cracknet.errors import ArgumentError
from cracknet.measurement.statistics import axial_mean, weighted_mean, weighted_quantile

values = arrays(np.float64, st.integers(1, 20), elements=st.floats(0, 100))


def directions(degrees):
    turns = np.radians(np.asarray(degrees, float))
    return np.column_stack([np.cos(turns), -np.sin(turns)])  # y runs down


def test_the_mean_counts_by_weight():
    assert weighted_mean(np.array([1.0, 4.0]), np.array([2.0, 1.0])) == 2.0


def test_a_weight_of_two_is_the_value_twice():
    once = weighted_quantile(np.array([1.0, 2.0, 5.0]), np.array([1.0, 2.0, 1.0]), 0.5)
    assert once == pytest.approx(2.0)
    assert weighted_quantile(np.array([3.0]), np.array([0.1]), 0.95) == 3.0


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5, 0.75, 0.95])
def test_equal_weights_agree_with_numpys_hazen_quantile(share):
    sample = np.random.default_rng(4).normal(size=40)
    expected = np.quantile(sample, share, method="hazen")
    assert weighted_quantile(sample, np.full(40, 0.3), share) == pytest.approx(expected)


@given(values, st.floats(0, 1))
def test_a_quantile_lies_within_the_values_whatever_their_order(sample, share):
    found = weighted_quantile(sample, np.ones(len(sample)), share)
    assert sample.min() <= found <= sample.max()
    assert weighted_quantile(sample[::-1], np.ones(len(sample)), share) == pytest.approx(found)


@pytest.mark.parametrize(
    ("degrees", "mean"),
    [([0], 0), ([30], 30), ([90], 90), ([179, 1], 0), ([170, 20], 5), ([-45], 135), ([210], 30)],
)
def test_orientations_are_averaged_as_axes(degrees, mean):
    found, strength = axial_mean(directions(degrees), np.ones(len(degrees)))
    apart = abs(found - mean) % 180
    assert min(apart, 180 - apart) < 1e-9
    assert 0 <= found < 180
    assert strength > 0.6


def test_opposite_directions_of_one_axis_are_parallel():
    found, strength = axial_mean(directions([20, 200]), np.array([1.0, 5.0]))
    assert found == pytest.approx(20)
    assert strength == pytest.approx(1)


def test_a_cross_has_no_orientation():
    assert axial_mean(directions([10, 100]), np.ones(2))[1] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("sample", "weights", "words"),
    [
        (np.ones(2), np.ones(3), "one shape"),
        (np.ones((2, 2)), np.ones((2, 2)), "one shape"),
        (np.ones(2), np.zeros(2), "not all 0"),
        (np.ones(2), np.array([1.0, -1.0]), "at least 0"),
        (np.ones(0), np.ones(0), "not all 0"),
    ],
)
def test_impossible_weights_are_refused(sample, weights, words):
    with pytest.raises(ArgumentError, match=words):
        weighted_mean(sample, weights)
    with pytest.raises(ArgumentError, match=words):
        weighted_quantile(sample, weights, 0.5)


def test_directions_have_two_columns():
    with pytest.raises(ArgumentError, match=r"\(N, 2\)"):
        axial_mean(np.ones((3, 3)), np.ones(3))
