from __future__ import annotations

import numpy as np
import pytest

from cracknet.measurement.centreline.curves import Curves
from cracknet.measurement.centreline.smoothing import smoothed, straightest


def wave(length, amplitude=1.0, count=400):
    x = np.arange(count, dtype=float)
    return Curves.of([np.column_stack([x, amplitude * np.sin(2 * np.pi * x / length)])])


@pytest.mark.parametrize(("length", "passed"), [(20, 0.5), (40, 16 / 17), (10, 1 / 17)])
def test_a_wave_passes_by_the_formula(length, passed):
    """1 / (1 + (L_c / L)^4) with L_c = 20; 2 % for the difference of sums from the integral."""
    curves = wave(length)
    ones = np.ones(400)
    middle = smoothed(curves, 20 * ones, ones).points[100:300, 1]
    assert np.ptp(middle) / 2 == pytest.approx(passed, abs=0.02)


def test_ends_stay_and_curves_do_not_touch_each_other():
    lines = [wave(7).points, wave(9).points + 50]
    both, ones = Curves.of(lines), np.ones(800)
    out = smoothed(both, 30 * ones, ones)
    for line, own in zip(lines, out.split(), strict=True):
        assert (own[[0, -1]] == line[[0, -1]]).all()
        alone = smoothed(Curves.of([line]), 30 * ones[:400], ones[:400]).points
        np.testing.assert_allclose(own, alone, atol=1e-6)


def test_a_straight_line_stays():
    line = np.column_stack([np.arange(50.0), 2 * np.arange(50.0)])
    out = straightest(Curves.of([line]), np.full(50, 9.0))
    np.testing.assert_allclose(out.points, line, atol=1e-6)


def test_steps_go_and_bends_stay():
    steps = np.column_stack([np.arange(300.0), np.floor(np.arange(300.0) / 12) + 0.5])
    steps[:, 1] = np.convolve(np.pad(steps[:, 1], 2, mode="edge"), np.ones(5) / 5, "valid")
    out = straightest(Curves.of([steps]), np.full(300, 4.0))
    assert out.lengths()[0] == pytest.approx(np.hypot(299, 299 / 12), rel=0.002)
    bends = wave(14, 2.0)
    assert straightest(bends, np.full(400, 4.0)).lengths() == pytest.approx(
        bends.lengths(), rel=0.03
    )


def test_nothing_and_two_points():
    none = Curves.of([])
    assert len(straightest(none, np.zeros(0)).points) == 0
    two = Curves.of([np.array([[0.0, 0], [3, 4]])])
    assert smoothed(two, np.ones(2), np.ones(2)).lengths() == [5]
