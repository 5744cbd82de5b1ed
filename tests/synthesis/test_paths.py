from __future__ import annotations

import numpy as np
import pytest

from cracknet.errors import ArgumentError
from cracknet.synthesis import (
    Crack,
    CrackPath,
    arc_path,
    branched_crack,
    map_crack,
    natural_path,
    straight_path,
)


@pytest.mark.parametrize(
    ("points", "widths", "depth", "named"),
    [
        ([[0, 0]], [1], 0.5, "points_px"),
        ([[0, 0, 0], [1, 1, 1]], [1, 1], 0.5, "points_px"),
        ([[0, 0], [1, 1]], [1], 0.5, "widths_px"),
        ([[0, 0], [1, np.nan]], [1, 1], 0.5, "finite"),
        ([[0, 0], [1, 1]], [1, -1], 0.5, "widths_px"),
        ([[0, 0], [0, 0], [1, 1]], [1, 1, 1], 0.5, "repeat"),
        ([[0, 0], [1, 1]], [1, 1], 1.5, "depth"),
        ([[0, 0], [1, 1]], [1, 1], float("nan"), "depth"),
    ],
)
def test_impossible_paths_are_rejected(points, widths, depth, named):
    with pytest.raises(ArgumentError, match=named):
        CrackPath(points, widths, depth)


def test_a_crack_needs_a_path():
    with pytest.raises(ArgumentError, match="paths"):
        Crack(())


def test_path_is_frozen_and_holds_its_own_copy():
    points = np.array([[0.0, 0.0], [4.0, 3.0]])
    path = CrackPath(points, [1, 3])
    points[0, 0] = 99
    assert path.points_px[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        path.points_px[0, 0] = 1


def test_rails_stand_at_half_the_width_on_both_sides():
    left, right = CrackPath([[0, 0], [10, 0], [20, 0]], [2, 4, 6]).rails_px
    np.testing.assert_allclose(left[:, 1], [1, 2, 3])
    np.testing.assert_allclose(right[:, 1], [-1, -2, -3])


def test_path_that_turns_back_has_finite_rails():
    path = CrackPath([[0, 0], [10, 0], [0, 0]], [2, 2, 2])
    assert np.isfinite(path.polygon_px).all()


def test_generators_follow_their_seed():
    def make(seed):
        rng = np.random.default_rng(seed)
        return branched_crack(natural_path((0, 0), (200, 50), 4, rng), 2, rng)

    for one, two in zip(make(5).paths, make(5).paths, strict=True):
        np.testing.assert_array_equal(one.points_px, two.points_px)
        np.testing.assert_array_equal(one.widths_px, two.widths_px)
    assert not np.array_equal(make(5).paths[0].points_px, make(6).paths[0].points_px)


def test_natural_path_keeps_its_ends_and_limits():
    rng = np.random.default_rng(0)
    path = natural_path((3, 4), (150, 90), 5, rng, width_limits_px=(4, 6), taper=(True, False))
    np.testing.assert_allclose(path.points_px[[0, -1]], [[3, 4], [150, 90]])
    assert path.widths_px[0] == pytest.approx(0.3)
    assert path.widths_px[-1] >= 4
    assert path.width_max_px <= 6
    assert path.length_px > np.hypot(147, 86)


def test_side_cracks_start_on_the_main_centreline():
    rng = np.random.default_rng(1)
    main = natural_path((0, 0), (300, 20), 6, rng)
    crack = branched_crack(main, 3, rng)
    for side, junction in zip(crack.paths[1:], crack.junctions_px, strict=True):
        np.testing.assert_array_equal(side.points_px[0], junction)
        assert (main.points_px == junction).all(axis=1).any()
    assert crack.length_px == pytest.approx(sum(path.length_px for path in crack.paths))


def test_map_crack_is_a_network():
    crack = map_crack(150, 200, 40, 1.5, np.random.default_rng(2))
    ends = np.round([path.points_px[[0, -1]] for path in crack.paths], 3).reshape(-1, 2)
    junctions = np.round(crack.junctions_px, 3)
    assert len(junctions) > 10
    assert all((ends == junction).all(axis=1).sum() >= 2 for junction in junctions)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda rng: natural_path((0, 0), (0, 0), 1, rng), "start_px"),
        (lambda rng: natural_path((0, 0), (1, 0), 0, rng), "width_px"),
        (lambda rng: arc_path((0, 0), 1, 0, 90, 3), "radius_px"),
        (lambda rng: arc_path((0, 0), 10, 0, 0, 3), "sweep_deg"),
        (lambda rng: map_crack(50, 50, 2, 1, rng), "cell_px"),
        (lambda rng: branched_crack(straight_path((0, 0), (9, 9), 1), -1, rng), "count"),
    ],
)
def test_generators_reject_impossible_values(call, named):
    with pytest.raises(ArgumentError, match=named):
        call(np.random.default_rng(0))
