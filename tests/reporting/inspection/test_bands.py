from __future__ import annotations

import math

import numpy as np
import pytest

from cracknet.errors import ArgumentError
from cracknet.measurement.classes import ClassChoice, find_table
from cracknet.reporting.inspection.bands import WidthClasses, as_hex, classes_of, map_colours


def test_a_width_on_a_limit_is_below_it():
    classes = WidthClasses([("a", 0, 0.3), ("b", 0.3, math.inf)])
    assert classes.index(np.array([0, 0.3, 0.3001, 99])).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    "bands",
    [
        [],
        [("a", 0, 0.3), ("b", 0.4, 1)],
        [("a", 0.3, 0.3)],
        [("a", 0, 0.3), ("a", 0.3, 1)],
        [("a", 0.3, 1), ("b", 0, 0.3)],
    ],
)
def test_bands_must_follow_each_other(bands):
    with pytest.raises(ArgumentError, match="bands must"):
        WidthClasses(bands)


@pytest.mark.parametrize("count", [1, 2, 3, 6, 12])
def test_colours_get_lighter(count):
    light = [float(np.dot(rgb, (0.299, 0.587, 0.114))) for rgb in map_colours(count)]
    assert light == sorted(light)
    assert len(set(light)) == count
    assert all(len(as_hex(rgb)) == 7 for rgb in map_colours(count))


def test_a_standard_gives_bands_and_verdicts():
    classes = classes_of(ClassChoice(find_table("eurocode2"), "XC3", "max"))
    assert classes.limits_mm[1] == 0.3
    assert classes.verdict(0.2, None) == "within 0.30 mm"
    assert classes.verdict(None, None) == ""
    assert classes.clause
    assert classes.judged_words == "maximum"
