"""Scales that are given, from two points, and of a raster; and the choice between them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.errors import ArgumentError, MeasurementError
from cracknet.measurement.scale import (
    MarkerOptions,
    PointPair,
    ScaleOptions,
    find_scale,
    parse_points,
    scale_from_points,
    scale_given,
    scale_of_transform,
)
from cracknet.photo import photo_from_array

PHOTO = photo_from_array(np.zeros((600, 800), np.uint8), "wall.png")


def test_given():
    scale = scale_given(0.25)
    assert (scale.mm_per_px, scale.method, scale.uncertainty) == (0.25, "given", None)
    assert "uncertainty unknown" in scale.source


@pytest.mark.parametrize("value", [0.0, -0.1, math.nan, math.inf, -math.inf])
def test_given_must_be_positive(value):
    with pytest.raises(ArgumentError, match="positive number of millimetres per pixel"):
        scale_given(value)


@pytest.mark.parametrize("value", [1e-5, 2000.0])
def test_given_absurd(value):
    with pytest.raises(ArgumentError, match="not pixels per mm"):
        scale_given(value)


@given(
    st.floats(0, 799), st.floats(0, 599), st.floats(0, 799), st.floats(0, 599), st.floats(1, 1e4)
)
def test_two_points_give_their_distance_back(x1, y1, x2, y2, distance):
    length = math.dist((x1, y1), (x2, y2))
    pair = PointPair((x1, y1), (x2, y2), distance)
    if length < 20:
        with pytest.raises(ArgumentError, match="at least 20 px apart"):
            scale_from_points(PHOTO, pair)
        return
    scale = scale_from_points(PHOTO, pair)
    ends = scale.to_mm(np.array([[x1, y1], [x2, y2]]))
    assert math.dist(*ends) == pytest.approx(distance)
    assert scale.uncertainty == pytest.approx(math.sqrt(2) / length)


def test_pointing_by_a_pixel_is_what_the_uncertainty_says():
    """Points moved by chance with a deviation of 1 px: the scale scatters as stated."""
    rng = np.random.default_rng(11)
    scales = []
    for _ in range(2000):
        ends = np.array([[100.0, 100.0], [400.0, 300.0]]) + rng.normal(0, 1, (2, 2))
        scales.append(scale_from_points(PHOTO, PointPair(*map(tuple, ends), 100.0)).mm_per_px)
    stated = scale_from_points(PHOTO, PointPair((100, 100), (400, 300), 100.0)).uncertainty
    assert np.std(scales) / np.mean(scales) == pytest.approx(stated, rel=0.06)


@pytest.mark.parametrize("point", [(-1.0, 5.0), (800.0, 5.0), (5.0, 600.0), (math.nan, 5.0)])
def test_points_outside(point):
    with pytest.raises(ArgumentError, match=r"lie in wall\.png, which is 800 x 600 px"):
        scale_from_points(PHOTO, PointPair(point, (400, 300), 100))


@pytest.mark.parametrize("distance", [0.0, -1.0, math.nan, math.inf])
def test_points_at_no_distance(distance):
    with pytest.raises(ArgumentError, match="distance between the two points"):
        scale_from_points(PHOTO, PointPair((0, 0), (400, 300), distance))


def test_points_with_an_absurd_scale():
    with pytest.raises(ArgumentError, match="Check the unit"):
        scale_from_points(PHOTO, PointPair((0, 0), (400, 300), 1e7))


@pytest.mark.parametrize("text", ["", "1,2,3,4", "1,2,3,4,5,6", "a,2,3,4,5", "1;2;3;4;5"])
def test_points_ill_written(text):
    with pytest.raises(ArgumentError, match="x1,y1,x2,y2,mm"):
        parse_points(text)


def test_a_raster_with_square_pixels_in_feet():
    scale = scale_of_transform(0.01, -0.01, 0.3048)
    assert scale.mm_per_px == pytest.approx(3.048)
    assert scale.homography is None
    assert scale.method == "raster"


def test_a_raster_with_oblong_pixels():
    scale = scale_of_transform(0.002, -0.008, 1.0)
    assert scale.mm_per_px == pytest.approx(4.0)
    across = scale.mm_along(np.zeros((2, 2)), np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert across == pytest.approx([2.0, 8.0])


@pytest.mark.parametrize("sizes", [(0.0, 1.0, 1.0), (1.0, math.nan, 1.0), (1.0, 1.0, 0.0)])
def test_a_raster_without_size(sizes):
    with pytest.raises(ArgumentError, match="Georeference"):
        scale_of_transform(*sizes)


def test_one_way_is_chosen():
    assert find_scale(PHOTO, ScaleOptions()) is None
    assert find_scale(PHOTO, ScaleOptions(mm_per_px=0.2)).method == "given"
    pair = PointPair((0, 0), (400, 0), 100)
    assert find_scale(PHOTO, ScaleOptions(points=pair)).method == "points"
    with pytest.raises(MeasurementError, match="no marker"):
        find_scale(PHOTO, ScaleOptions(marker=MarkerOptions(50)))
    with pytest.raises(MeasurementError, match="no focal length"):
        find_scale(PHOTO, ScaleOptions(distance_m=1.0))


def test_two_ways_are_refused():
    with pytest.raises(ArgumentError, match="one source; got mm_per_px and distance_m"):
        ScaleOptions(mm_per_px=0.2, distance_m=1.0)
    with pytest.raises(ArgumentError, match="positive"):
        find_scale(PHOTO, ScaleOptions(mm_per_px=0.0))
