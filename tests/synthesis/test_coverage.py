"""The geometry against closed forms: nothing here is compared with an earlier output."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cracknet.synthesis import (
    Crack,
    CrackPath,
    arc_path,
    centreline_pixels,
    crack_layers,
    crack_mask,
    natural_path,
    path_coverage,
    polygon_coverage,
    straight_path,
)


def area(coverage):
    return float(coverage.sum(dtype=np.float64))


@pytest.mark.parametrize("angle_deg", [0, 7, 26.565, 45, 63, 90, 133.7, 180, 271])
@pytest.mark.parametrize("width_px", [0.1, 0.6, 1, 2.5, 9, 30])
def test_straight_band_has_area_width_times_length(angle_deg, width_px):
    angle = math.radians(angle_deg)
    for offset in ((0, 0), (0.5, 0.5), (0.13, -0.41)):
        centre = np.array([60, 60]) + offset
        half = 38 * np.array([math.cos(angle), math.sin(angle)])
        band = straight_path(centre - half, centre + half, width_px)
        assert area(path_coverage(band, 121, 121)) == pytest.approx(76 * width_px, rel=1e-5)


@pytest.mark.parametrize("shift", [0, 0.1, 0.25, 0.5, 0.77])
def test_upright_band_covers_each_pixel_by_its_overlap(shift):
    width = 1.6
    coverage = path_coverage(straight_path((5 + shift, -9), (5 + shift, 30), width), 4, 12)
    left = np.arange(12) - 0.5
    low, high = 5 + shift - width / 2, 5 + shift + width / 2
    overlap = np.clip(np.minimum(left + 1, high) - np.maximum(left, low), 0, 1)
    np.testing.assert_allclose(coverage, np.tile(overlap, (4, 1)), atol=1e-6)


def test_tapering_band_has_the_area_of_a_trapezoid():
    taper = straight_path((10.3, 20.1), (90.2, 55.5), (7, 1))
    length = math.hypot(79.9, 35.4)
    assert taper.length_px == pytest.approx(length)
    assert taper.width_mean_px == pytest.approx(4)
    assert area(path_coverage(taper, 80, 110)) == pytest.approx(length * 4, rel=1e-5)


@pytest.mark.parametrize("width_px", [0.5, 3, 12])
def test_arc_has_closed_form_length_and_area(width_px):
    arc = arc_path((70, 70), 50, 20, 250, width_px)
    length = 50 * math.radians(250)
    assert arc.length_px == pytest.approx(length, rel=1e-5)
    assert area(path_coverage(arc, 141, 141)) == pytest.approx(length * width_px, rel=2e-5)


def test_disc_by_polygon():
    angle = np.linspace(0, 2 * math.pi, 4000, endpoint=False)
    disc = np.column_stack([np.cos(angle), np.sin(angle)]) * 11.3 + [20.2, 19.7]
    expected = math.pi * 11.3**2
    assert area(polygon_coverage(disc, 40, 40)) == pytest.approx(expected, rel=1e-5)
    assert area(polygon_coverage(disc[::-1], 40, 40)) == pytest.approx(expected, rel=1e-5)


def test_chunked_path_is_the_polygon():
    arc = arc_path((300, 300), 250, 0, 200, 9.0)
    whole = polygon_coverage(arc.polygon_px, 600, 600)
    np.testing.assert_allclose(path_coverage(arc, 600, 600), whole, atol=1e-5)


def test_sharp_turn_keeps_area_and_width():
    bend = CrackPath([[10, 10], [60, 10], [60, 60]], [6, 6, 6])
    coverage = path_coverage(bend, 80, 80)
    assert area(coverage) == pytest.approx(600, rel=1e-5)
    assert coverage[:, 30].sum() == pytest.approx(6, abs=1e-5)
    assert coverage[40, :].sum() == pytest.approx(6, abs=1e-5)


@given(seed=st.integers(0, 10_000), width=st.floats(0.4, 25))
@settings(max_examples=25, deadline=None)
def test_natural_crack_has_the_stated_area(seed, width):
    path = natural_path((40, 100), (260, 150), width, np.random.default_rng(seed))
    measured = area(path_coverage(path, 260, 300))
    # A wide rough strip folds over itself here and there: no more than half a percent.
    assert measured == pytest.approx(path.area_px2, rel=5e-3)


@given(seed=st.integers(0, 10_000), width=st.floats(0.3, 10))
@settings(max_examples=15, deadline=None)
def test_turning_by_90_degrees_turns_the_coverage(seed, width):
    path = natural_path((-8, 20), (70, 31), width, np.random.default_rng(seed))
    x, y = path.points_px.T
    # np.rot90 takes pixel (r, c) of H x W to (W - 1 - c, r).
    turned = CrackPath(np.column_stack([y, 63 - x]), path.widths_px)
    np.testing.assert_allclose(
        path_coverage(turned, 64, 48), np.rot90(path_coverage(path, 48, 64)), atol=1e-5
    )
    assert turned.length_px == pytest.approx(path.length_px)


def test_length_does_not_change_with_place_angle_or_points():
    path = natural_path((0, 0), (100, 30), 2, np.random.default_rng(3))
    spin = np.array([[0.6, -0.8], [0.8, 0.6]])
    moved = CrackPath(path.points_px @ spin.T + [17.3, -4.2], path.widths_px)
    assert moved.length_px == pytest.approx(path.length_px)
    straight = CrackPath(np.column_stack([np.linspace(0, 30, 7), np.linspace(0, 40, 7)]), [1] * 7)
    assert straight.length_px == pytest.approx(50)


def test_wide_crack_agrees_with_point_sampling():
    path = natural_path((-5, 30), (105, 70), 8, np.random.default_rng(11))
    fine = 16
    inside = np.zeros((100 * fine, 100 * fine), dtype=bool)
    grid = (np.arange(100 * fine) + 0.5) / fine - 0.5
    left, right = path.rails_px
    for i in range(len(left) - 1):
        quad = np.array([left[i], left[i + 1], right[i + 1], right[i]])
        low = np.clip(((quad.min(axis=0) + 0.5) * fine).astype(int) - 1, 0, None)
        high = np.clip(((quad.max(axis=0) + 0.5) * fine).astype(int) + 2, 0, 100 * fine)
        x, y = np.meshgrid(grid[low[0] : high[0]], grid[low[1] : high[1]])
        winding = np.zeros(x.shape, dtype=int)
        for a, b in zip(quad, np.roll(quad, -1, axis=0), strict=True):
            side = (b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])
            winding += (a[1] <= y) & (b[1] > y) & (side > 0)
            winding -= (a[1] > y) & (b[1] <= y) & (side < 0)
        inside[low[1] : high[1], low[0] : high[0]] |= winding != 0
    sampled = inside.reshape(100, fine, 100, fine).mean(axis=(1, 3))
    coverage = path_coverage(path, 100, 100)
    assert area(coverage) == pytest.approx(sampled.sum(), rel=1e-3)
    assert np.quantile(np.abs(coverage - sampled), 0.999) < 0.03


@pytest.mark.parametrize("ends", [((-50, -50), (-10, -20)), ((500, 0), (500, 90))])
def test_crack_outside_the_photograph_covers_nothing(ends):
    path = straight_path(*ends, 5)
    coverage, left = crack_layers([Crack((path,))], 40, 40)
    assert not coverage.any()
    assert (left == 1).all()
    assert not crack_mask([Crack((path,))], coverage).any()


def test_far_reaching_crack_is_cut_off_at_the_border():
    path = straight_path((-1e5, 5), (1e5, 5), 2)
    assert area(path_coverage(path, 11, 13)) == pytest.approx(26, rel=1e-4)
    assert path_coverage(straight_path((-3, 0), (3, 0), 9), 1, 1).tolist() == [[1.0]]


def test_crossing_cracks_take_light_away_one_after_the_other():
    across = straight_path((-5, 10), (30, 10), 5, depth=0.5)
    down = straight_path((10, -5), (10, 30), 5, depth=0.4)
    coverage, left = crack_layers([Crack((across,)), Crack((down,))], 20, 20)
    assert coverage[10, 10] == pytest.approx(1)
    assert left[10, 10] == pytest.approx(0.5 * 0.6)
    assert left[10, 2] == pytest.approx(0.5)


@pytest.mark.parametrize("width_px", [0.2, 0.6, 0.9])
@pytest.mark.parametrize("seed", range(6))
def test_mask_of_a_hairline_is_one_connected_chain(width_px, seed):
    rng = np.random.default_rng(seed)
    path = natural_path((-9, 60), (138, 20 + 15 * seed), width_px, rng, width_limits_px=(0.1, 0.9))
    crack = Crack((path,))
    coverage, _ = crack_layers([crack], 128, 128)
    mask = crack_mask([crack], coverage)
    parts, _ = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    assert parts == 2
    assert mask.any(axis=0).all()
    # Every marked pixel touches the centreline or is half covered.
    rows, columns = np.nonzero(mask)
    away = np.hypot(
        columns[:, None] - path.points_px[:, 0], rows[:, None] - path.points_px[:, 1]
    ).min(axis=1)
    assert away.max() < 1.3


def test_mask_rule():
    path = straight_path((-5, 3), (30, 3), 4)
    coverage, _ = crack_layers([Crack((path,))], 9, 20)
    mask = crack_mask([Crack((path,))], coverage)
    # Rows 1 and 5 are covered by exactly one half, which counts.
    np.testing.assert_array_equal(np.flatnonzero(mask.all(axis=1)), [1, 2, 3, 4, 5])
    assert not mask[[0, 6, 7, 8]].any()


def test_points_of_no_width_are_not_marked():
    path = CrackPath([[0, 5], [10, 5], [20, 5]], [0, 0, 0])
    rows, _ = centreline_pixels(path, 10, 21)
    assert len(rows) == 0
