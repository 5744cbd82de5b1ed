from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays

from cracknet.errors import ArgumentError
from cracknet.measurement.outlines import outlines

MASKS = arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9))


def signed_area(ring):
    x, y = ring.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


@settings(max_examples=80, deadline=None)
@given(MASKS)
def test_every_polygon_is_valid_and_the_areas_are_the_pixels(mask):
    shapely = pytest.importorskip("shapely")
    found = outlines(mask)
    shapes = [shapely.Polygon(outer, holes) for outer, *holes in found]
    assert all(shape.is_valid for shape in shapes)
    assert sum(shape.area for shape in shapes) == mask.sum()
    assert len(found) == cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)[0] - 1
    for outer, *holes in found:
        assert signed_area(outer) > 0
        assert all(signed_area(hole) < 0 for hole in holes)


def test_a_hole_is_kept():
    mask = np.ones((5, 5), bool)
    mask[2, 2] = False
    ((outer, hole),) = outlines(mask)
    assert outer.tolist() == [[-0.5, -0.5], [4.5, -0.5], [4.5, 4.5], [-0.5, 4.5]]
    assert sorted(hole.tolist()) == [[1.5, 1.5], [1.5, 2.5], [2.5, 1.5], [2.5, 2.5]]


def test_pixels_that_touch_at_a_corner_are_two_polygons():
    assert len(outlines(np.eye(3, dtype=bool))) == 3


def test_a_piece_that_touches_itself_at_a_corner_is_one_with_a_hole():
    mask = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]], bool)
    ((outer, hole),) = outlines(mask)
    assert signed_area(outer) + signed_area(hole) == 7


def test_one_pixel_and_none():
    assert len(outlines(np.ones((1, 1), bool))) == 1
    assert outlines(np.zeros((4, 3), bool)) == ()


@pytest.mark.parametrize("mask", [np.zeros((3, 3), np.uint8), np.zeros(3, bool)])
def test_other_arrays_are_refused(mask):
    with pytest.raises(ArgumentError, match="mask must be"):
        outlines(mask)
