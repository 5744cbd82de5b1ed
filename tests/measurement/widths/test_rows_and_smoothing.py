from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from cracknet.measurement.widths.rows import GAP_ROWS, average_rows, lay_rows, sample_rows
from cracknet.measurement.widths.smoothing import _share_of_noise, outliers, smooth_widths


def test_every_point_has_one_row_and_branches_are_kept_apart():
    starts = np.array([0, 50, 53, 153])
    rows = lay_rows(starts, np.zeros(3, bool))
    np.testing.assert_array_equal(rows.point[rows.row], np.arange(153))
    np.testing.assert_array_equal(np.diff(rows.row)[[49, 52]] - 1, [GAP_ROWS, GAP_ROWS])
    values = np.repeat([1.0, 5.0, 9.0], np.diff(starts))
    spread = rows.spread(values).astype(np.float32)[:, None]
    counts = (rows.point >= 0).astype(np.float32)[:, None]
    means, _ = average_rows(spread, counts, 13.0)
    np.testing.assert_allclose(means[rows.row, 0], values, rtol=1e-5)


def test_loop_goes_on_beyond_its_ends():
    rows = lay_rows(np.array([0, 101]), np.ones(1, bool))
    assert len(rows.point) == 101 + 3 * GAP_ROWS
    wave = np.cos(2 * np.pi * np.arange(101) / 100)
    spread = rows.spread(wave).astype(np.float32)[:, None]
    counts = (rows.point >= 0).astype(np.float32)[:, None]
    means = average_rows(spread, counts, 3.0)[0][rows.row, 0]
    assert means[0] == pytest.approx(means[100], abs=1e-6)
    assert means[0] == pytest.approx(means.max(), abs=1e-6)


def test_no_branches():
    rows = lay_rows(np.array([0]), np.zeros(0, bool))
    assert rows.point.shape == rows.row.shape == (0,)


@pytest.mark.parametrize("interpolation", [cv2.INTER_LINEAR, cv2.INTER_LANCZOS4])
def test_samples_of_a_slope_are_exact_and_nan_outside(interpolation):
    image = np.add.outer(2.0 * np.arange(40), 3.0 * np.arange(60)).astype(np.float32)
    centres = np.array([[30.25, 20.5], [1.0, 20.0]])
    normals = np.array([[0.6, 0.8], [1.0, 0.0]])
    places = np.array([-4.0, 0.0, 4.0])
    found = sample_rows(image, centres, normals, places, interpolation)
    expected = 3 * (30.25 + 0.6 * places) + 2 * (20.5 + 0.8 * places)
    np.testing.assert_allclose(found[0], expected, atol=0.15)
    assert np.isnan(found[1, 0])
    assert np.isfinite(found[1, 1:]).all()


def test_rows_further_apart_than_remap_takes_are_read_in_parts():
    image = np.zeros((2, 40_000), np.uint8)
    image[:, 39_990:] = 200
    centres = np.array([[5.0, 0.5], [39_995.0, 0.5]])
    normals = np.array([[1.0, 0.0], [1.0, 0.0]])
    found = sample_rows(image, centres, normals, np.array([0.0]), cv2.INTER_LINEAR)
    np.testing.assert_allclose(found[:, 0], [0, 200])


def test_outliers_are_those_unlike_their_neighbours_of_the_same_branch():
    values = np.r_[np.full(30, 4.0), np.full(30, 9.0)]
    values[[10, 40]] = [7.0, 4.0]
    rows = lay_rows(np.array([0, 30, 60]), np.zeros(2, bool))
    found = outliers(rows, values, np.ones(60, bool), np.full(60, 0.2))
    np.testing.assert_array_equal(np.flatnonzero(found), [10, 40])


def test_smoothing_takes_noise_out_and_leaves_a_true_wave():
    rng = np.random.default_rng(2)
    count = 600
    starts, closed = np.array([0, count]), np.zeros(1, bool)
    usable = np.ones(count, bool)
    variance, average = np.full(count, 0.01), np.full(count, 0.5)
    noise = rng.normal(0, 0.1, count)
    flat = smooth_widths(starts, closed, 5 + noise, variance, average, usable)
    assert np.abs(flat - 5).mean() < 0.022  # of 0.08
    wave = 5 + 1.5 * np.sin(2 * np.pi * np.arange(count) / 20)
    kept = smooth_widths(starts, closed, wave + noise, variance, average, usable)
    assert np.abs(kept - wave).mean() < 1.05 * np.abs(noise).mean()


def test_a_step_of_width_keeps_its_place_and_height():
    rng = np.random.default_rng(3)
    true = np.repeat([4.0, 6.0], 300)
    values = true + rng.normal(0, 0.1, 600)
    plain = np.zeros(600), np.ones(600, bool)
    found = smooth_widths(np.array([0, 600]), np.zeros(1, bool), values, np.full(600, 0.01), *plain)
    assert found[298] == pytest.approx(4, abs=0.3)
    assert found[301] == pytest.approx(6, abs=0.3)
    assert np.abs(found - true).mean() < 0.5 * np.abs(values - true).mean()


def test_branches_are_smoothed_each_by_itself():
    """Short ones between long ones, too: an average longer than its branch is the branch's mean."""
    counts = np.array([3, 200, 12, 1, 40, 150, 2])
    starts = np.append(0, np.cumsum(counts))
    levels = np.repeat([2.0, 30.0, 4.0, 50.0, 6.0, 70.0, 8.0], counts)
    noise = np.random.default_rng(4).normal(0, 0.1, len(levels))
    everything = np.full(len(levels), 0.01), np.zeros(len(levels)), np.ones(len(levels), bool)
    together = smooth_widths(starts, np.zeros(7, bool), levels + noise, *everything)
    for first, last in itertools.pairwise(starts):
        cut = slice(first, last)
        alone = smooth_widths(
            np.array([0, last - first]), np.zeros(1, bool), (levels + noise)[cut],
            *(one[cut] for one in everything),
        )  # fmt: skip
        np.testing.assert_allclose(together[cut], alone, atol=1e-4)
        assert np.abs(alone - levels[cut]).mean() <= np.abs(noise[cut]).mean() + 1e-9


def test_a_loop_is_smoothed_across_its_seam():
    angle = 2 * np.pi * np.arange(401) / 400
    true = 5 + np.cos(angle)
    values = true + np.random.default_rng(5).normal(0, 0.2, 401)
    values[400] = values[0]
    options = np.full(401, 0.04), np.zeros(401), np.ones(401, bool)
    found = smooth_widths(np.array([0, 401]), np.ones(1, bool), values, *options)
    assert found[0] == pytest.approx(found[400], abs=1e-6)
    assert found[0] == pytest.approx(6, abs=0.15)


@pytest.mark.parametrize("average_px", [0.5, 2.0, 9.0])
def test_the_noise_of_a_band_is_what_noise_has_in_it(average_px):
    white = np.random.default_rng(6).standard_normal((40_000, 1)).astype(np.float32)
    ones = np.ones_like(white)
    white = average_rows(white, ones, average_px)[0]
    white /= white.std()
    fine, coarse = average_rows(white, ones, 6.0)[0], average_rows(white, ones, 12.0)[0]
    expected = _share_of_noise(6.0, 12.0, np.array([average_px, 1.0]))[0]
    assert (fine - coarse).var() == pytest.approx(expected, rel=0.2)


def test_unusable_values_come_back_as_they_are_and_do_not_count():
    values = np.full(40, 5.0)
    values[20] = 500.0
    usable = values < 100
    starts, closed = np.array([0, 40]), np.zeros(1, bool)
    found = smooth_widths(starts, closed, values, np.full(40, 0.01), np.full(40, 1.0), usable)
    assert found[20] == 500
    np.testing.assert_allclose(found[usable], 5.0, atol=1e-4)
