from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cracknet.measurement.results import Branch, MeasuredCrack, Measurement
from cracknet.measurement.scale import Scale
from cracknet.reporting.inspection.bands import WidthClasses, plain_colour
from cracknet.reporting.inspection.labels import place_labels
from cracknet.reporting.inspection.picture import (
    crack_picture,
    draw_cracks,
    jpeg_in_full_colour,
    sizing,
)
from cracknet.reporting.inspection.scale_bar import add_scale_bar, round_below


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 20_000), st.integers(1, 20_000), st.sampled_from([200, 1600]))
def test_pictures_are_bounded_and_keep_their_shape(height, width, longest):
    size = sizing(height, width, longest)
    assert 1 <= max(size.width_px, size.height_px) <= longest
    assert size.width_px == max(1, round(width * size.factor))
    if size.factor > 1:
        assert size.factor == int(size.factor)


def test_places_are_those_of_the_resized_photograph():
    size = sizing(3200, 1600)
    assert size.factor == 0.5
    assert size.place(np.array([[0.5, 0.5], [101.0, 7.0]])).tolist() == [[0.0, 0.0], [50.25, 3.25]]


def wedge(scale):
    points = np.array([[10.0, 50.0], [50.0, 50.0], [90.0, 50.0], [190.0, 50.0]])
    branch = Branch(points, np.array([1.0, 1.0, 7.0, 7.0]), np.zeros(4, np.uint8))
    return Measurement(100, 200, (MeasuredCrack(1, (branch,), 9.0),), scale)


def test_each_piece_has_the_colour_of_its_own_width():
    classes = WidthClasses([("thin", 0, 0.5), ("wide", 0.5, 9)])
    picture = np.zeros((100, 200, 3), np.uint8)
    size = sizing(100, 200, 200)
    assert size.factor == 1
    draw_cracks(picture, wedge(Scale(0.1, "given", "x")), classes, size)
    for x, colour in ((30, classes.colours[0]), (150, classes.colours[1])):
        assert np.abs(picture[50, x, ::-1] - 0.8 * np.array(colour)).max() < 2
    assert (picture[47:54, 150] > 0).any(axis=1).all()  # as wide as the crack
    assert (picture[40, :] == 0).all()


def test_without_a_scale_there_is_one_colour():
    picture = np.zeros((100, 200, 3), np.uint8)
    draw_cracks(picture, wedge(None), WidthClasses(), sizing(100, 200, 200))
    for x in (30, 150):
        assert np.abs(picture[50, x, ::-1] - 0.8 * np.array(plain_colour())).max() < 2


def test_the_scale_bar_is_as_long_as_it_says():
    picture = np.zeros((100, 400, 3), np.uint8)
    of = Measurement(100, 400, (), Scale(0.25, "given", "x"))
    whole = add_scale_bar(picture, of, 1.0, 14)
    strip = whole[100:, :, 0] < 100
    longest = int(strip.sum(axis=1).max())
    assert longest == 80  # 20 mm of 0.25 mm
    assert whole.shape[1] == 400
    assert (whole[:100] == 0).all()


def test_narrow_pictures_are_padded_for_the_bar():
    whole = add_scale_bar(np.zeros((50, 2, 3), np.uint8), Measurement(50, 2, ()), 1.0, 14)
    assert whole.shape[1] > 60


@pytest.mark.parametrize("most", [0.013, 1, 9.99, 123456])
def test_round_lengths(most):
    assert most / 2.5 <= round_below(most) <= most * (1 + 1e-9)


def test_numbers_do_not_cover_each_other():
    picture = np.zeros((300, 300, 3), np.uint8)
    place_labels(picture, {k: np.array([150.0, 150.0]) for k in range(1, 10)}, 14)
    count, _ = cv2.connectedComponents((picture[:, :, 0] > 250).astype(np.uint8))
    assert count > 9


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (700, 2)])
def test_numbers_fit_into_any_picture(shape):
    gray = np.full(shape, 99, np.uint8)
    of = Measurement(*shape, ())
    picture = crack_picture(gray, of, WidthClasses(), {1: (0.0, 0.0)})
    assert picture.ndim == 3


def test_jpeg_keeps_thin_lines_in_colour():
    picture = np.full((64, 64, 3), 90, np.uint8)
    picture[32] = (20, 30, 240)
    back = cv2.imdecode(np.frombuffer(jpeg_in_full_colour(picture, 90), np.uint8), 1)
    assert (back[32, :, 2] > 190).all()
    assert (back[30, :, 2] < 130).all()
