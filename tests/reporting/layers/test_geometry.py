from __future__ import annotations

import numpy as np
import pytest
import shapely

from cracknet.measurement.results import MeasuredCrack
from cracknet.measurement.scale import Scale
from cracknet.reporting.layers.geometry import branch_line, crack_polygons
from cracknet.reporting.layers.placement import before_horizon, frame_px, placement

from ..measured import TENTH, cracks, line, photo, rectangle


def of(*polygons):
    return MeasuredCrack(1, (line((0, 0), (9, 0), 2.0),), 10.0, polygons)


def same(points):
    return points


def test_holes_and_parts():
    shape = crack_polygons(cracks()[0], same)
    assert shape.geom_type == "MultiPolygon"
    assert shape.is_valid
    assert shape.area == 400 - 4 + 96
    assert len(shape.geoms) == 1  # they share a side
    apart = crack_polygons(of((rectangle(0, 0, 2, 2),), (rectangle(4, 0, 6, 2),)), same)
    assert (len(apart.geoms), apart.area) == (2, 8)


def test_rings_run_as_rfc_7946_wants_them():
    for place in (same, lambda points: points * (1, -1)):
        for part in crack_polygons(cracks()[0], place).geoms:
            assert part.exterior.is_ccw
            assert not any(hole.is_ccw for hole in part.interiors)


def test_a_ring_that_touches_itself_is_parted():
    bow = np.array([(0, 0), (2, 0), (2, 2), (4, 2), (4, 4), (2, 4), (2, 2), (0, 2)], float)
    shape = crack_polygons(of((bow,)), same)
    assert shape.is_valid
    assert shape.area == 8
    assert len(shape.geoms) == 2


def test_parts_that_lie_over_each_other():
    shape = crack_polygons(of((rectangle(0, 0, 4, 4),), (rectangle(2, 2, 6, 6),)), same)
    assert shape.is_valid
    assert shape.area == 28


@pytest.mark.parametrize("polygons", [(), ((np.zeros((2, 2)),),), ((np.zeros((4, 2)),),)])
def test_no_outline(polygons):
    assert crack_polygons(of(*polygons), same) is None


def test_lines():
    shape = branch_line(line((0, 0), (10, 0), 2.0), lambda points: points * (2, -2))
    assert shape.length == 20
    assert shapely.get_num_points(shape) == 11


@pytest.mark.parametrize(("scale", "unit", "factor"), [(None, "px", 1), (TENTH, "mm", 0.1)])
def test_local_coordinates_begin_at_the_upper_left_corner(scale, unit, factor):
    where = placement(photo(scale=scale).measurement)
    assert where.unit == unit
    corners = where.place(frame_px(200, 300)) / factor
    np.testing.assert_allclose(corners, [(0, 0), (300, 0), (300, -200), (0, -200)])


def test_slanted_views():
    matrix = np.array([[0.1, 0, 0], [0, 0.1, 0], [0, 0.001, 1.0]])
    scale = Scale(0.1, "marker", "marker", None, matrix)
    where = placement(photo(scale=scale).measurement)
    np.testing.assert_allclose(where.place(np.array([[100.0, 100.0]])), [[10 / 1.1, -10 / 1.1]])
    assert before_horizon(scale, frame_px(200, 300))
    beyond = Scale(0.1, "marker", "marker", None, matrix * [[1, 1, 1], [1, 1, 1], [1, -10, 1]])
    assert not before_horizon(beyond, frame_px(200, 300))
