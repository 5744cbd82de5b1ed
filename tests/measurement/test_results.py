from __future__ import annotations

import numpy as np
import pytest

from cracknet.errors import ArgumentError
from cracknet.measurement.results import Branch

from .making import crack, line, ring

POINTS = np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 10.0]])


def test_length_and_what_each_point_stands_for():
    branch = Branch(POINTS, np.ones(3), np.zeros(3, np.uint8))
    assert branch.length_px == 11
    np.testing.assert_allclose(branch.weights_px, [2.5, 5.5, 3])
    assert branch.weights_px.sum() == branch.length_px
    assert not branch.closed
    assert ring((0, 0), 9).closed


def test_a_crack_is_as_long_as_its_branches():
    assert crack(line((0, 0), (30, 0)), line((30, 0), (30, 12))).length_px == pytest.approx(42)


def test_arrays_cannot_be_changed_afterwards():
    given = POINTS.copy()
    branch = Branch(given, np.ones(3), np.zeros(3, np.uint8))
    given[0] = 99
    assert branch.points_px[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        branch.widths_px[0] = 2


@pytest.mark.parametrize(
    ("points", "widths", "methods", "words"),
    [
        (POINTS[:1], [1], [0], r"N >= 2"),
        (POINTS.T, [1, 1], [0, 0], r"shape \(N, 2\)"),
        (POINTS, [1, 1], [0, 0, 0], "one a point"),
        (POINTS, [1, 1, 1], [0, 0], "one a point"),
        (POINTS, [1, np.nan, 1], [0, 0, 0], "finite"),
        (POINTS, [1, -1, 1], [0, 0, 0], "at least 0"),
        (POINTS + np.inf, [1, 1, 1], [0, 0, 0], "finite"),
        (POINTS, [1, 1, 1], [0, 9, 0], "below 3"),
    ],
)
def test_impossible_branches_are_refused(points, widths, methods, words):
    with pytest.raises(ArgumentError, match=words):
        Branch(points, np.array(widths, float), np.array(methods, np.uint8))
