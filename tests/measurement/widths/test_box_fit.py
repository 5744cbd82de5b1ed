from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from cracknet.measurement.widths.box_fit import _normal, fit_boxes

PLACES = np.arange(-12, 12.1, 0.5)


def profiles(width, centre=0.0, depth=80.0, level=150.0, slope=0.5, blur=0.9):
    width = np.atleast_1d(np.asarray(width, float))[:, None]
    box = ndtr((PLACES - centre + width / 2) / blur) - ndtr((PLACES - centre - width / 2) / blur)
    return (level + slope * PLACES - depth * box).astype(np.float32)


def fit(values, start, blur=0.9, **options):
    count = len(values)
    return fit_boxes(
        PLACES, values, np.ones_like(values), np.zeros(count), np.full(count, start),
        np.full(count, blur), **options,
    )  # fmt: skip


def test_normal_distribution_from_its_bell_curve():
    z = np.linspace(-8, 8, 4001).astype(np.float32)
    np.testing.assert_allclose(
        _normal(z, np.exp(-0.5 * z * z)), ndtr(z.astype(np.float64)) - 0.5, atol=5e-7
    )


@pytest.mark.parametrize("start", [3.0, 6.0, 9.0])
def test_exact_profiles_give_back_what_they_were_made_of(start):
    widths = np.array([3.5, 5.0, 8.0])
    found = fit(profiles(widths, centre=0.6), start)
    assert found.fitted.all()
    np.testing.assert_allclose(found.width_px, widths, atol=5e-3)
    np.testing.assert_allclose(found.centre_px, 0.6, atol=5e-3)
    np.testing.assert_allclose(found.depth, 80, atol=0.3)
    np.testing.assert_allclose(found.level, 150, atol=0.1)
    np.testing.assert_allclose(found.slope, 0.5, atol=0.01)


def test_blur_is_found_where_asked_for():
    found = fit(profiles([5.0, 9.0], blur=1.2), 6.0, blur=0.7, fit_blur=True)
    np.testing.assert_allclose(found.blur_px, 1.2, atol=0.01)
    np.testing.assert_allclose(found.width_px, [5, 9], atol=0.01)


def test_known_depth_fixes_the_width_of_a_thin_crack():
    values = profiles([1.0, 1.5])
    found = fit(values, 2.0, prior_depth=np.array([80.0, 80.0]), prior_weight=np.array([1e3, 1e3]))
    np.testing.assert_allclose(found.width_px, [1.0, 1.5], atol=0.01)
    double = fit(values, 2.0, prior_depth=np.array([40.0, 40.0]), prior_weight=np.array([1e5, 1e5]))
    assert (double.width_px > 1.8 * np.array([1.0, 1.5])).all()


def test_standard_error_is_that_of_noise():
    rng = np.random.default_rng(0)
    noise = 4.0
    values = profiles(np.full(600, 5.0)) + rng.normal(0, noise, (600, len(PLACES)))
    found = fit_boxes(
        PLACES, values.astype(np.float32), np.full(values.shape, 1 / noise**2, np.float32),
        np.zeros(600), np.full(600, 5.0), np.full(600, 0.9),
    )  # fmt: skip
    assert found.width_px.std() == pytest.approx(found.width_error_px.mean(), rel=0.15)
    assert found.width_px.mean() == pytest.approx(5.0, abs=0.03)


def test_left_out_samples_do_not_count():
    values = profiles([5.0])
    weights = np.ones_like(values)
    values[:, -8:] = 0
    weights[:, -8:] = 0
    found = fit_boxes(PLACES, values, weights, np.zeros(1), np.full(1, 4.0), np.full(1, 0.9))
    np.testing.assert_allclose(found.width_px, 5.0, atol=0.01)


def test_flat_profile_ends_finite_and_without_depth():
    values = np.full((2, len(PLACES)), 120, np.float32)
    found = fit(values, 4.0)
    assert np.isfinite(found.width_px).all()
    np.testing.assert_allclose(found.depth, 0, atol=1e-2)


def test_no_profiles():
    assert fit(np.zeros((0, len(PLACES)), np.float32), 4.0).width_px.shape == (0,)
