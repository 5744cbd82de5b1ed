from __future__ import annotations

import numpy as np
import pytest

from cracknet.measurement.widths import border_distance
from cracknet.measurement.widths.distance import BEFORE_CENTRE_PX


def test_distance_counts_from_the_point_not_from_its_pixel():
    mask = np.zeros((20, 20), bool)
    mask[5:12] = True
    points = np.column_stack([np.full(3, 10.0), [8.0, 7.5, 9.25]])
    np.testing.assert_allclose(
        border_distance(points, mask), np.array([4.0, 3.5, 2.75]) - BEFORE_CENTRE_PX
    )


def test_the_photograph_s_side_is_no_border_unless_all_is_crack():
    mask = np.zeros((20, 20), bool)
    mask[:, :10] = True
    point = np.array([[1.0, 10.0]])
    assert border_distance(point, mask)[0] == pytest.approx(9 - BEFORE_CENTRE_PX)
    assert border_distance(point, np.ones_like(mask))[0] == pytest.approx(1.5)


def test_no_points_and_points_outside_the_mask():
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    assert border_distance(np.zeros((0, 2)), mask).shape == (0,)
    assert border_distance(np.array([[4.0, 3.0]]), mask)[0] == 0


def test_rendered_bars_at_any_angle_are_met_without_bias():
    from cracknet.synthesis import crack_mask, path_coverage, straight_path
    from cracknet.synthesis.paths import Crack

    errors = []
    rng = np.random.default_rng(5)
    for _ in range(40):
        width, angle = rng.uniform(3, 20), rng.uniform(0, np.pi)
        along = np.array([np.cos(angle), np.sin(angle)])
        middle = np.array([64.0, 64.0]) + rng.uniform(-0.5, 0.5, 2)
        path = straight_path(tuple(middle - 99 * along), tuple(middle + 99 * along), width)
        mask = crack_mask([Crack((path,))], path_coverage(path, 128, 128))
        line = middle + np.arange(-20.0, 21)[:, None] * along
        errors.append(2 * border_distance(line, mask).mean() - width)
    assert abs(np.mean(errors)) < 0.15
