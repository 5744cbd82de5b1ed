"""A round brush: the pixels within its radius of a path, exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cracknet.reporting import brush
from cracknet.reporting.brush import brushed


def drawn(points, radius, shape):
    mask = np.zeros(shape, bool)
    for part, inside in brushed(np.array(points, float), radius, shape):
        assert not mask[part].any(), "parts overlap"
        mask[part] = inside
    return mask


def distances(points, shape):
    """Distance of every pixel's centre from the path, by the textbook."""
    points = np.array(points, float)
    rows, columns = np.indices(shape)
    pixels = np.stack([columns, rows], -1).astype(float)
    least = np.full(shape, np.inf)
    ends = points[1:] if len(points) > 1 else points
    for start, end in zip(points, ends, strict=False):
        along = end - start
        share = np.zeros(shape)
        if (square := along @ along) > 0:
            share = np.clip((pixels - start) @ along / square, 0, 1)
        least = np.minimum(least, np.linalg.norm(pixels - start - share[..., None] * along, axis=2))
    return least


whole_or_not = st.one_of(st.integers(-30, 80), st.floats(-30, 80))


@settings(max_examples=150, deadline=None)
@given(
    points=st.lists(st.tuples(whole_or_not, whole_or_not), min_size=1, max_size=6),
    radius=st.floats(0.05, 40),
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_exactly_the_pixels_within_the_radius_are_set(points, radius, shape):
    away = distances(points, shape)
    unsure = np.abs(away - radius) < 1e-6
    assert np.array_equal(drawn(points, radius, shape) | unsure, (away <= radius) | unsure)


def test_a_pixel_on_the_rim_counts():
    mask = drawn([(5, 5)], 2, (11, 11))
    assert mask[5, 3]
    assert mask[3, 5]
    assert not mask[4, 3]
    assert mask.sum() == 13


def test_nothing_is_set_beside_the_picture():
    assert not drawn([(-50, 5), (-20, 5)], 10, (20, 20)).any()
    assert not drawn([(5, 500)], 10, (20, 20)).any()


def test_long_paths_are_drawn_piece_by_piece(monkeypatch):
    rng = np.random.default_rng(1)
    points = np.cumsum(rng.normal(0, 8, (60, 2)), axis=0) + 60
    at_once = drawn(points, 7.3, (120, 130))
    monkeypatch.setattr(brush, "_ROWS_AT_ONCE", 30)
    monkeypatch.setattr(brush, "_CELLS_AT_ONCE", 500)
    assert np.array_equal(drawn(points, 7.3, (120, 130)), at_once)
    assert at_once.any()


@pytest.mark.parametrize("radius", [0.5, 3.0, 7.25])
def test_a_stroke_covers_its_area(radius):
    """2 r L + pi r^2, to the pixels of its rim."""
    mask = drawn([(40.3, 50.2), (160.7, 90.1)], radius, (150, 220))
    length = np.hypot(120.4, 39.9)
    assert mask.sum() == pytest.approx(2 * radius * length + np.pi * radius**2, rel=0.05)
