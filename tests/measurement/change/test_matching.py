from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.measurement.change.lines import crack_area, lines_of, tangents
from cracknet.measurement.change.matching import find_partners, reach_px, runs, settle
from cracknet.measurement.change.options import ChangeOptions
from cracknet.measurement.change.registration import Registration
from cracknet.measurement.results import Branch, MeasuredCrack, Measurement

OPTIONS = ChangeOptions()
SHAPE = (200, 300)


def registration(matrix=None):
    matrix = np.eye(3) if matrix is None else matrix
    return Registration(
        matrix, np.array([matrix] * 8), 0.1, 99, 99, 99, 1.0, 1.0, 0.0, SHAPE, SHAPE
    )


def measurement(*lines, width=3.0):
    cracks = []
    for number, points in enumerate(lines, 1):
        points = np.asarray(points, float)
        count = len(points)
        branch = Branch(points, np.full(count, width), np.zeros(count, np.uint8))
        cracks.append(MeasuredCrack(number, (branch,), 9.0))
    return Measurement(*SHAPE, tuple(cracks))


def lines(*given, mapped=False, matrix=None):
    return lines_of(measurement(*given), registration(matrix), 6.0, mapped=mapped)


def partners(one, other):
    return find_partners(one, other, OPTIONS)


def test_points_of_a_straight_line_are_a_pixel_apart():
    found = lines([[20, 50], [220, 50]])
    assert len(found) == 201
    np.testing.assert_allclose(found.along, [[1, 0]] * 201)
    assert found.lengths.sum() == pytest.approx(200)
    assert found.free.tolist() == [[True, True]]
    assert found.seen.all()


def test_widths_are_mapped_across_the_crack():
    shrunk = np.diag([0.5, 1.0, 1.0])
    level = lines([[20, 50], [220, 50]], mapped=True, matrix=shrunk)
    np.testing.assert_allclose(level.widths, 3)
    assert level.lengths.sum() == pytest.approx(100)
    upright = lines([[100, 20], [100, 150]], mapped=True, matrix=shrunk)
    np.testing.assert_allclose(upright.widths, 1.5)


@pytest.mark.parametrize(("aside", "found"), [(0, True), (3, True), (6, False)])
def test_how_far_aside_counts(aside, found):
    one, other = lines([[20, 50], [220, 50]]), lines([[10, 50 + aside], [230, 50 + aside]])
    assert (partners(one, other) >= 0).all() == found
    assert (partners(one, other) >= 0).any() == found


def test_another_direction_does_not_count():
    one, other = lines([[20, 50], [220, 50]]), lines([[100, 20], [100, 150]])
    assert (partners(one, other) < 0).all()


def test_beyond_the_end_does_not_count():
    one, other = lines([[20, 50], [220, 50]]), lines([[20, 51], [200, 51]])
    found = partners(one, other) >= 0
    assert one.points[found][:, 0].max() == pytest.approx(201, abs=0.6)


def test_gaps_close_and_crossings_go():
    one = lines([[20, 50], [220, 50]])
    own = np.arange(201)
    own[80:90] = -1
    own[140:] = -1
    own[170:173] = 7
    found = settle(one, own, reach_px(one, one, OPTIONS), OPTIONS)
    assert found[:140].all()
    assert not found[140:].any()


def test_no_lines():
    none = lines()
    assert len(none) == 0
    assert not len(partners(none, lines([[20, 50], [220, 50]])))
    assert (partners(lines([[20, 50], [220, 50]]), none) == -1).all()
    assert not crack_area(measurement()).any()


def test_the_area_of_cracks_reaches_beyond_them():
    area = crack_area(measurement([[20, 50], [220, 50]], width=6))
    assert area[44:57, 100].all()
    assert not area[:40].any()


@given(st.lists(st.booleans(), max_size=60))
def test_runs_cover_what_is_true_and_no_more(flags):
    flags = np.array(flags, bool)
    again = np.zeros(len(flags), bool)
    for start, stop in runs(flags):
        assert stop > start
        assert not again[start:stop].any()
        again[start:stop] = True
    assert (again == flags).all()


@given(st.floats(0, 6.28))
def test_tangents_are_unit_vectors_along_the_line(turn):
    way = np.array([np.cos(turn), np.sin(turn)])
    np.testing.assert_allclose(tangents(np.arange(20)[:, None] * way), [way] * 20, atol=1e-9)
    assert np.isfinite(tangents(np.zeros((3, 2)))).all()
