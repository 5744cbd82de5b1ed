from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.errors import ArgumentError
from cracknet.reporting.layers.bands import DEFAULT_BANDS, band_colour, band_of, checked_bands


@given(st.floats(0, 1e6))
def test_every_width_has_one_default_band(width):
    number = band_of(width, DEFAULT_BANDS)
    band = DEFAULT_BANDS[number]
    assert band.lower_mm <= width <= band.upper_mm
    assert number == 0 or width > band.lower_mm


def test_gaps_and_order():
    bands = checked_bands([("wide", 1.0, math.inf), ("fine", 0.0, 0.2)])
    assert [band.name for band in bands] == ["fine", "wide"]
    assert [band_of(w, bands) for w in (0.2, 0.5, 1.0, 1.1)] == [0, None, None, 1]


@pytest.mark.parametrize(
    ("bands", "words"),
    [
        ([], "got none"),
        ([("a", 0, 1), ("A", 1, 2)], "names of their own"),
        ([("a", 0, 1), ("b", 0.5, 2)], "not overlap"),
        ([("a", 1, 1)], "not overlap"),
        ([("a", -1, 1)], "not overlap"),
        ([("a", 0, math.nan)], "not overlap"),
    ],
)
def test_bands_that_cannot_be(bands, words):
    with pytest.raises(ArgumentError, match=words):
        checked_bands(bands)


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 12])
def test_colours_differ_and_are_seen_on_black_and_white(count):
    colours = [band_colour(k, count) for k in range(count)]
    assert len(set(colours)) == count
    for red, green, blue in colours:
        assert 50 < 0.299 * red + 0.587 * green + 0.114 * blue < 215
