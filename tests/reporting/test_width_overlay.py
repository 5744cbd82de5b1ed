from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cracknet.errors import ArgumentError
from cracknet.measurement.results import MeasuredCrack, Measurement
from cracknet.measurement.scale import Scale
from cracknet.reporting.lettering import blend, draw_text, text_size
from cracknet.reporting.width_legend import (
    TOO_SMALL_PX,
    round_up,
    scale_bar,
    ticks,
    width_colours,
)
from cracknet.reporting.width_overlay import (
    BRIGHTNESS,
    OPACITY,
    draw_width_overlay,
    usual_limits,
)

from .measured import TENTH, line, photo


def wall(height=200, width=300, value=150):
    return np.full((height, width), value, np.uint8)


def colourful(picture):
    """Where a pixel is of a colour, not gray."""
    values = picture.astype(int)
    return values.max(axis=2) - values.min(axis=2) > 25


@pytest.mark.parametrize("scale", [TENTH, None])
def test_colours_follow_the_width(scale):
    factor = 1 if scale is None else scale.mm_per_px
    limits = (0.0, 5.0 * factor)
    picture = draw_width_overlay(
        wall(), photo(scale=scale).measurement, numbers=False, limits=limits
    )
    for (y, x), width in (((60, 75), 4.0), ((90, 100), 2.0), ((120, 235), 1.5)):
        (paint,) = width_colours(np.array([width * factor]), limits)
        expected = paint * OPACITY + 150 * BRIGHTNESS * (1 - OPACITY)
        np.testing.assert_allclose(picture[y, x], expected, atol=6)
    np.testing.assert_array_equal(picture[20, 150], [93, 93, 93])  # beside the cracks


def test_a_line_is_as_thick_as_the_crack():
    found = (MeasuredCrack(1, (line((20, 150), (380, 150), 21.0),), 7560.0),)
    picture = draw_width_overlay(
        wall(300, 400), Measurement(300, 400, found), numbers=False, limits=(0, 30)
    )
    assert abs(colourful(picture)[:, 150].sum() - 21) <= 2
    thin = (MeasuredCrack(1, (line((20, 150), (380, 150), 0.4),), 144.0),)
    picture = draw_width_overlay(wall(300, 400), Measurement(300, 400, thin), numbers=False)
    assert 2 <= colourful(picture)[:, 150].sum() <= 5  # in sight


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (90, 90), (200, 300), (700, 300), (2000, 3000)])
@pytest.mark.parametrize("empty", [True, False])
def test_any_size(size, empty):
    found = () if empty or min(size) < 2 else (
        MeasuredCrack(1, (line((0, 0), (size[1] - 1, size[0] - 1), 3.0),), 99.0),
    )  # fmt: skip
    gray = wall(*size)
    before = gray.copy()
    picture = draw_width_overlay(gray, Measurement(*size, found, TENTH))
    assert picture.shape == (*size, 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    np.testing.assert_array_equal(gray, before)
    if empty and min(size) < TOO_SMALL_PX:
        assert (picture == 93).all()
    elif empty:
        assert (picture == 255).any()  # the scale bar


def test_the_scale_bar_is_as_long_as_it_says():
    for scale, words in (
        (TENTH, "5 mm"),
        (Scale(7.0, "given", "x"), "500 mm"),
        (Scale(70.0, "given", "x"), "5 m"),
    ):
        length, text = scale_bar(photo(scale=scale).measurement, 150, 190, 84)
        assert text == words
        assert length * scale.mm_per_px == pytest.approx(
            {"5 mm": 5, "500 mm": 500, "5 m": 5000}[words]
        )
    picture = draw_width_overlay(wall(), Measurement(200, 300, (), TENTH))
    white = (picture == 255).all(axis=2)
    longest = max(
        np.diff(np.flatnonzero(np.diff(np.pad(row, 1).astype(int)))).max(initial=0) for row in white
    )
    assert longest == 50  # 5 mm


def test_a_slanted_view_has_a_bar_for_its_place():
    matrix = np.array([[0.1, 0, 0], [0, 0.1, 0], [0, 0.002, 1.0]])
    of = photo(scale=Scale(0.1, "marker", "marker", None, matrix)).measurement
    near, far = (scale_bar(of, 150, y, 84) for y in (190, 10))
    assert near[1].endswith("(here)")
    length, text = near
    ends = of.scale.to_mm(np.array([[150 - length / 2, 190], [150 + length / 2, 190]]))
    assert np.hypot(*(ends[1] - ends[0])) == pytest.approx(float(text.split()[0]), rel=1e-3)
    assert near != far


def test_no_scale_no_bar():
    assert scale_bar(photo(scale=None).measurement, 0, 0, 84) == (0.0, "")
    plain = draw_width_overlay(wall(), Measurement(200, 300, ()))
    assert (plain == 93).all()


def test_numbers_stand_apart():
    found = tuple(
        MeasuredCrack(
            k + 1, (line((10 + k % 20, 100 + k // 20), (40 + k % 20, 100 + k // 20), 2.0),), 60.0
        )
        for k in range(400)
    )
    of = Measurement(300, 400, found)
    with_numbers = draw_width_overlay(wall(300, 400), of)
    without = draw_width_overlay(wall(300, 400), of, numbers=False)
    changed = (with_numbers != without).any(axis=2)
    assert 100 < changed.sum() < 0.2 * changed.size  # a few of 400 found room
    outline = with_numbers[changed]
    assert (outline.min(axis=1) > 220).any()  # white letters


def test_the_legend_avoids_the_cracks():
    lower = tuple(
        MeasuredCrack(k + 1, (line((5, 110 + 9 * k), (295, 110 + 9 * k), 3.0),), 900.0)
        for k in range(10)
    )
    picture = draw_width_overlay(wall(), Measurement(200, 300, lower), numbers=False)
    dark = picture.astype(int).max(axis=2) < 60
    assert dark[:90].sum() > 20 * dark[115:].sum()


@pytest.mark.parametrize("limits", [(1.0, 1.0), (2.0, 1.0), (0.0, np.inf), (np.nan, 1.0)])
def test_limits_that_cannot_be(limits):
    with pytest.raises(ArgumentError, match="ascending"):
        draw_width_overlay(wall(), photo().measurement, limits=limits)


@pytest.mark.parametrize(
    "gray", [wall(300, 200), wall()[..., None], wall().astype(float), np.zeros((0, 0), np.uint8)]
)
def test_another_photograph_is_refused(gray):
    with pytest.raises(ArgumentError, match=r"shape \(200, 300\)"):
        draw_width_overlay(gray, photo().measurement)


def test_usual_limits():
    assert usual_limits(photo().measurement) == pytest.approx((0.0, 0.4))
    assert usual_limits(photo(scale=None).measurement) == (0.0, 4.0)
    assert usual_limits(photo(count=0).measurement) == (0.0, 1.0)
    flat = Measurement(10, 10, (MeasuredCrack(1, (line((0, 0), (9, 0), 0.0),), 1.0),))
    assert usual_limits(flat) == (0.0, 1.0)
    # A single wide place among thousands does not darken all others.
    spike = np.full(1001, 2.0)
    spike[500] = 300.0
    wide = Measurement(10, 1100, (MeasuredCrack(1, (line((0, 5), (1000, 5), spike),), 1.0),))
    assert usual_limits(wide) == (0.0, 2.0)


@given(st.floats(1e-6, 1e6))
def test_round_numbers(value):
    above = round_up(value)
    assert value * (1 - 1e-9) <= above <= value * 2.5 * (1 + 1e-9)
    assert f"{above:e}"[0] in "125"


@given(st.floats(0, 100), st.floats(0.01, 100), st.integers(2, 6))
@settings(max_examples=50)
def test_ticks_lie_between_the_limits(low, span, most):
    values = ticks((low, low + span), most)
    assert 1 <= len(values) <= most + 1
    assert all(low - 1e-6 * span <= v <= low + span * (1 + 1e-6) for v in values)


def test_colours_beyond_the_limits_are_those_of_the_limits():
    colours = width_colours(np.array([-1.0, 0.0, 0.5, 1.0, 9.0]), (0.0, 1.0)).tolist()
    assert colours[0] == colours[1] != colours[2] != colours[3] == colours[4]


def test_wider_is_brighter():
    colours = width_colours(np.linspace(0, 1, 50), (0.0, 1.0))
    lightness = cv2.cvtColor(colours[None], cv2.COLOR_BGR2LAB)[0, :, 0].astype(int)
    assert (np.diff(lightness) >= 0).all()
    assert lightness[-1] - lightness[0] > 100


@pytest.mark.parametrize(("left", "top"), [(-5, -5), (95, 45), (200, 10), (10, -90)])
def test_text_beyond_the_border_is_cut(left, top):
    picture = np.full((50, 100, 3), 90, np.uint8)
    draw_text(picture, "123", left, top, 12)
    wide, tall = text_size("123", 12)
    seen = left < 100 and top < 50 and left + wide > 0 and top + tall > 0
    assert (picture != 90).any() == seen


def test_blend():
    picture = np.full((2, 2, 3), 100, np.uint8)
    blend(picture, np.array([[0, 255]], np.uint8), 0, 1, (0, 0, 200))
    assert picture.tolist() == [[[100] * 3] * 2, [[100] * 3, [0, 0, 200]]]
