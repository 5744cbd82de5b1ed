from __future__ import annotations

import numpy as np
import pytest

from cracknet.synthesis.noise import blur, fractal_noise, relief, smooth_noise


@pytest.mark.parametrize("scale", [0.5, 1.7, 3, 9.3, 40, (2, 150), (150, 2)])
def test_smooth_noise_has_mean_0_and_deviation_1(scale):
    fields = [smooth_noise(256, 192, scale, np.random.default_rng(seed)) for seed in range(12)]
    assert all(field.shape == (256, 192) for field in fields)
    assert np.mean(fields) == pytest.approx(0, abs=0.2)
    assert np.std(fields) == pytest.approx(1, abs=0.12)


def test_fractal_noise_has_deviation_1():
    fields = [fractal_noise(128, 128, 32, 2, np.random.default_rng(seed)) for seed in range(8)]
    assert np.std(fields) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("sigma", [0.4, 2.0, 9.0, (1.0, 7.0)])
def test_blur_keeps_the_mean(sigma):
    field = np.random.default_rng(0).random((90, 70), dtype=np.float32)
    assert blur(field, sigma).mean() == pytest.approx(field.mean(), rel=5e-3)


def test_relief_is_the_slope_towards_the_light():
    ramp = np.tile(np.arange(20, dtype=np.float32), (10, 1))
    np.testing.assert_allclose(relief(ramp, 0.0)[:, 1:-1], 1.0)
    np.testing.assert_allclose(relief(ramp, np.pi / 2), 0.0, atol=1e-6)
