"""Corrections of a mask: threshold, strokes, rejected cracks, in this order."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from cracknet.errors import ArgumentError
from cracknet.measurement.measure import measure
from cracknet.reporting.edits import (
    MOST_REJECTED,
    Edits,
    Stroke,
    edited_mask,
    edited_probability,
)


@pytest.fixture
def probability():
    """Two horizontal cracks, 0.9 and 0.4, and one of a single pixel at a corner of the first."""
    values = np.zeros((60, 100), np.float32)
    values[20:24, 10:90] = 0.9
    values[40:44, 10:90] = 0.4
    values[24, 90] = 0.8
    return values


def test_no_edits_cut_at_the_threshold(probability):
    assert np.array_equal(edited_mask(probability, 0.5, Edits()), probability >= 0.5)
    assert np.array_equal(edited_mask(probability, 0.4, Edits()), probability >= np.float32(0.4))


def test_the_edits_threshold_counts_before_the_runs(probability):
    assert np.array_equal(edited_mask(probability, 0.5, Edits(threshold=0.3)), probability > 0)


def test_strokes_are_drawn_one_after_the_other(probability):
    add = Stroke("add", 3, ((20, 50), (80, 50)))
    erase = Stroke("erase", 3, ((50, 0), (50, 59)))
    cut = edited_mask(probability, 0.5, Edits(strokes=(add, erase)))
    assert not cut[:, 47:54].any()
    assert cut[50, 46]
    assert cut[50, 54]
    kept = edited_mask(probability, 0.5, Edits(strokes=(erase, add)))
    assert kept[50, 50]
    assert not kept[22, 50]


def test_rejecting_comes_last_and_takes_the_whole_region(probability):
    """Two cracks are joined by a stroke: rejecting one rejects both, and the pixel at a corner."""
    join = Stroke("add", 1, ((30, 20), (30, 44)))
    edits = Edits(threshold=0.3, strokes=(join,), rejected=((12, 42),))
    assert not edited_mask(probability, 0.5, edits).any()
    apart = edited_mask(probability, 0.5, Edits(threshold=0.3, rejected=((12, 42),)))
    assert apart[20:24, 10:90].all()
    assert not apart[40:44].any()


@pytest.mark.parametrize("point", [(12.4, 18.0), (50, 26), (9.6, 21.7)])
def test_a_point_beside_a_crack_rejects_it(probability, point):
    assert not edited_mask(probability, 0.5, Edits(rejected=(point,))).any()


@pytest.mark.parametrize("point", [(50, 32), (-40, 22), (500, 500), (1e6, -1e6)])
def test_a_point_on_no_crack_rejects_nothing(probability, point):
    assert edited_mask(probability, 0.5, Edits(rejected=(point,))).sum() == 4 * 80 + 1


def test_the_probability_follows_the_hand_and_the_given_one_stays(probability):
    before = probability.copy()
    edits = Edits(
        strokes=(Stroke("add", 2, ((10, 50), (60, 50))), Stroke("erase", 2, ((30, 0), (30, 59)))),
        rejected=((85, 22),),
    )
    mask, changed = edited_probability(probability, 0.5, edits)
    assert np.array_equal(probability, before)
    assert np.array_equal(mask, edited_mask(probability, 0.5, edits))
    assert (changed[mask] >= 0.5).all()
    assert (changed[~mask] < 0.5).all()
    assert changed[50, 50] == 1
    assert changed[50, 30] == 0
    assert changed[22, 60] == 0
    assert changed[41, 60] == np.float32(0.4)


def test_a_stroke_where_nothing_was_found_is_as_wide_as_the_brush(probability):
    wall = np.clip(np.random.default_rng(0).normal(150, 2, (60, 100)), 0, 255).astype(np.uint8)
    edits = Edits(strokes=(Stroke("add", 4, ((20.5, 30.5), (80.5, 30.5))),))
    mask, changed = edited_probability(np.zeros((60, 100), np.float32), 0.5, edits)
    crack = measure(mask, probability=changed, gray=wall).cracks[0]
    middle = crack.branches[0].widths_px[15:-15]
    assert np.abs(middle - 8).max() < 0.6
    assert crack.length_px == pytest.approx(68, abs=3)


@pytest.mark.parametrize(("radius", "width"), [(1.5, 3), (2.2, 3), (8, 17)])
def test_the_photograph_tells_the_width_where_the_brush_is_about_as_wide(radius, width):
    """A line 3 px wide below brushes of 3, 5 and 17 rows of pixels."""
    wall = np.full((80, 200), 170, np.float32)
    wall[39:42] = 60
    noise = np.random.default_rng(0).normal(0, 2, wall.shape)
    gray = np.clip(cv2.GaussianBlur(wall, (0, 0), 0.8) + noise, 0, 255).astype(np.uint8)
    edits = Edits(strokes=(Stroke("add", radius, ((20, 40), (180, 40))),))
    mask, changed = edited_probability(np.zeros(wall.shape, np.float32), 0.5, edits)
    crack = measure(mask, probability=changed, gray=gray).cracks[0]
    assert np.median(crack.branches[0].widths_px) == pytest.approx(width, abs=0.3)


def test_edits_survive_json():
    edits = Edits(
        threshold=0.25,
        strokes=(Stroke("add", 2.5, ((1.0, 2.0), (3.5, 4.25))), Stroke("erase", 9, ((0, 0),))),
        rejected=((7.0, 8.5),),
        scale_line=(0.0, 1.0, 100.0, 1.0, 250.0),
    )
    assert Edits.from_dict(json.loads(json.dumps(edits.as_dict()))) == edits
    assert Edits.from_dict({}) == Edits()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"threshold": 1.5}, "within 0 and 1"),
        ({"threshold": "0.5"}, "must be a number"),
        ({"threshold": True}, "must be a number"),
        ({"strokes": [{"kind": "paint", "radius_px": 1, "points": [[0, 0]]}]}, "add or erase"),
        ({"strokes": [{"kind": "add", "radius_px": 0, "points": [[0, 0]]}]}, "radius"),
        ({"strokes": [{"kind": "add", "radius_px": 1e9, "points": [[0, 0]]}]}, "radius"),
        ({"strokes": [{"kind": "add", "radius_px": 1, "points": []}]}, "at least one point"),
        ({"strokes": [{"kind": "add", "radius_px": 1, "points": [[0]]}]}, "x and y"),
        ({"strokes": [{"kind": "add", "radius_px": 1, "points": [[0, 1e300]]}]}, "x and y"),
        ({"strokes": [{"kind": "add", "points": [[0, 0]]}]}, "missing"),
        ({"strokes": 5}, "missing or of another kind"),
        ({"strokes": [{"kind": "add", "radius_px": 1, "points": [[0, float("nan")]]}]}, "number"),
        ({"rejected": [[1, 2, 3]]}, "x and y"),
        ({"rejected": [[0, 0]] * (MOST_REJECTED + 1)}, "at most"),
        ({"mm_per_px": -1}, "positive"),
        ({"mm_per_px": 1, "scale_line": [0, 0, 1, 1, 5]}, "one source"),
        ({"scale_line": [0, 0, 1, 1]}, "x1, y1, x2, y2, mm"),
        ({"scale_line": [0, 0, 1, 1, 0]}, "longer than 0"),
        ({"colour": "red"}, "no field 'colour'"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(values, text):
    with pytest.raises(ArgumentError, match=text):
        Edits.from_dict(values)


def test_more_drawing_than_a_hand_does_is_refused():
    points = tuple((float(k % 2), 0.0) for k in range(8000))
    with pytest.raises(ArgumentError, match="million rows"):
        Edits(strokes=(Stroke("add", 2000, points),))
