from __future__ import annotations

import dataclasses
import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cracknet.errors import ArgumentError
from cracknet.measurement.centreline import TraceOptions, trace_cracks
from cracknet.synthesis import Crack, arc_path, crack_layers, natural_path, straight_path


def mask_of(*paths, size=300):
    return crack_layers([Crack(paths)], size, size)[0] >= 0.5


def only(mask, **options):
    (crack,) = trace_cracks(mask, options=TraceOptions(**options)).cracks
    return crack


@pytest.mark.parametrize("width", [1.5, 2, 4, 9, 20])
@pytest.mark.parametrize("angle", [0, 8, 27, 45, 90])
def test_straight_length_within_one_percent(width, angle):
    way = 110 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    path = straight_path(tuple(150.2 - way), tuple(150.2 + way), width)
    crack = only(mask_of(path))
    assert len(crack.branches) == 1
    assert crack.length_px == pytest.approx(220, rel=0.01)
    ends = crack.branches[0].points_px[[0, -1]]
    wanted = path.points_px[[0, -1]]
    if np.hypot(*(ends[0] - wanted[0])) > 100:
        ends = ends[::-1]
    assert np.hypot(*(ends - wanted).T).max() < 1.5


@pytest.mark.parametrize("width", [2, 5, 12])
def test_arc_lies_on_the_circle(width):
    path = arc_path((150, 150), 100, 20, 200, width)
    crack = only(mask_of(path))
    assert crack.length_px == pytest.approx(path.length_px, rel=0.01)
    (branch,) = crack.branches
    radius = np.hypot(*(branch.points_px - 150).T)
    assert np.abs(radius - 100).max() < 1
    inner = branch.half_widths_px[15:-15]
    assert inner.mean() == pytest.approx(width / 2, abs=0.6)
    steps = np.hypot(*np.diff(branch.points_px, axis=0).T)
    assert steps == pytest.approx(1, abs=0.1)


def test_branches_meet_in_one_point():
    trunk = straight_path((30, 150), (270, 150), 6)
    side = straight_path((150, 150), (215, 40), 4)
    crack = only(mask_of(trunk, side))
    assert len(crack.branches) == 3
    assert crack.length_px == pytest.approx(trunk.length_px + side.length_px, rel=0.01)
    places = {}
    for branch in crack.branches:
        for node, point in zip(branch.nodes, branch.points_px[[0, -1]], strict=True):
            places.setdefault(node, []).append(tuple(point))
    assert all(len(set(points)) == 1 for points in places.values())
    (junction,) = (points[0] for points in places.values() if len(points) == 3)
    assert junction == pytest.approx((150, 150), abs=2)


def test_a_ring_is_one_closed_branch():
    mask = np.zeros((120, 120), np.uint8)
    cv2.circle(mask, (60, 60), 40, 1, 5)
    (branch,) = only(mask.astype(bool)).branches
    assert branch.nodes[0] == branch.nodes[1]
    assert (branch.points_px[0] == branch.points_px[-1]).all()
    assert branch.length_px == pytest.approx(80 * np.pi, rel=0.01)


def test_parallel_branches_are_kept():
    mask = np.zeros((80, 160), np.uint8)
    cv2.ellipse(mask, (80, 40), (40, 20), 0, 0, 360, 1, 3)
    mask[39:42, 5:42] = mask[39:42, 120:155] = 1
    crack = only(mask.astype(bool))
    pairs = [tuple(sorted(branch.nodes)) for branch in crack.branches]
    assert len(pairs) == 4
    assert len(set(pairs)) == 3


def test_spurs_go_and_side_cracks_stay():
    mask = np.zeros((80, 160), bool)
    mask[38:44, 5:155] = True
    bump, side = mask.copy(), mask.copy()
    bump[34:38, 60:62] = True
    side[18:38, 60:62] = True
    assert len(only(bump).branches) == 1
    assert len(only(side).branches) == 3
    assert len(only(bump, spur_factor=0, spur_px=0).branches) == 3


def test_small_holes_are_passed_over_and_large_ones_are_loops():
    mask = np.zeros((60, 160), bool)
    mask[24:36, 5:155] = True
    small, large = mask.copy(), mask.copy()
    small[29:31, 70:72] = False
    large[27:33, 60:100] = False
    crack = only(small)
    assert len(crack.branches) == 1
    assert crack.area_px2 == small.sum()
    assert len(crack.polygons_px[0]) == 2
    assert len(only(large).branches) == 4


def test_gaps_are_bridged_on_request_only():
    mask = np.zeros((60, 200), bool)
    mask[28:32, 10:90] = mask[28:32, 100:190] = True
    assert len(trace_cracks(mask).cracks) == 2
    crack = only(mask, bridge_px=12)
    assert len(crack.branches) == 1
    assert crack.length_px == pytest.approx(180, rel=0.01)
    assert crack.area_px2 == mask.sum()
    assert len(crack.polygons_px) == 2
    aside = np.zeros((60, 200), bool)
    aside[10:14, 10:90] = aside[20:24, 88:190] = True
    assert len(trace_cracks(aside, options=TraceOptions(bridge_px=12)).cracks) == 2


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_a_crack_that_leaves_the_photograph_ends_at_its_border(slope):
    path = straight_path((-40, 60 - 100 * slope), (160, 60 + 100 * slope), 7)
    mask = mask_of(path, size=121)
    (branch,) = only(mask).branches
    ends = branch.points_px[[0, -1]]
    at_border = (np.abs(ends + 0.5) < 0.1) | (np.abs(ends - 120.5) < 0.1)
    assert at_border.any(axis=1).all()
    off = (ends[:, 1] - 60 - slope * (ends[:, 0] - 60)) / np.hypot(1, slope)
    assert np.abs(off).max() < 1


def test_touching_every_border():
    mask = np.zeros((80, 80), bool)
    mask[38:43] = mask[:, 38:43] = True
    crack = only(mask)
    assert len(crack.branches) == 4
    assert crack.length_px == pytest.approx(160, rel=0.01)


@pytest.mark.parametrize("width", [2, 6, 13])
def test_turned_and_mirrored_measure_the_same(width):
    rng = np.random.default_rng(5)
    mask = mask_of(natural_path((30, 120), (270, 180), width, rng))
    length = only(mask).length_px
    for other in (np.rot90(mask), np.rot90(mask, 2), mask[::-1], mask[:, ::-1], mask.T):
        assert only(np.ascontiguousarray(other)).length_px == pytest.approx(length, rel=0.005)


def test_a_probability_places_the_centreline_between_the_pixels():
    y, _ = np.mgrid[:60, :200]
    probability = np.exp(-(((y - 30.3) / 3.0) ** 2)).astype(np.float32)
    mask = probability > 0.5
    mask[:, :10] = mask[:, 190:] = False
    probability[~mask] *= 0.999
    (crack,) = trace_cracks(mask, probability=probability).cracks
    inner = crack.branches[0].points_px[30:-30, 1]
    assert inner == pytest.approx(30.3, abs=0.15)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 0.95), st.floats(0, 3))
def test_nothing_is_lost(seed, share, blur):
    noise = np.random.default_rng(seed).random((50, 60))
    if blur > 0.3:
        noise = cv2.GaussianBlur(noise, (0, 0), blur)
    mask = noise < np.quantile(noise, share)
    traced = trace_cracks(mask)
    regions = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] - 1
    assert len(traced.cracks) + traced.specks == regions
    assert sum(crack.area_px2 for crack in traced.cracks) + traced.specks_area_px2 == mask.sum()
    lengths = [crack.length_px for crack in traced.cracks]
    assert lengths == sorted(lengths, reverse=True)
    for crack in traced.cracks:
        for branch in crack.branches:
            assert len(branch.points_px) == len(branch.half_widths_px) >= 2
            assert np.isfinite(branch.points_px).all()
            assert (branch.half_widths_px >= 0).all()
            assert (branch.points_px >= -0.5 - 1e-6).all()
            assert (branch.points_px <= np.array([59.5, 49.5]) + 1e-6).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 60), (60, 2), (40, 40)])
def test_empty_and_full(shape):
    empty = trace_cracks(np.zeros(shape, bool))
    assert (empty.cracks, empty.specks) == ((), 0)
    full = trace_cracks(np.ones(shape, bool))
    if shape == (1, 1):
        assert (full.cracks, full.specks, full.specks_area_px2) == ((), 1, 1.0)
    else:
        (crack,) = full.cracks
        assert len(crack.branches) == 1
        assert max(shape) - 0.01 <= crack.length_px <= np.hypot(*shape) + 1


def test_a_disc_is_as_long_as_wide():
    y, x = np.mgrid[:100, :100]
    crack = only((y - 50) ** 2 + (x - 50) ** 2 < 900)
    assert crack.length_px == pytest.approx(60, abs=2)


def test_a_vast_region_does_not_hide_others():
    mask = np.zeros((600, 900), bool)
    mask[50:550, 50:550] = True
    mask[300:304, 600:880] = True
    lengths = [crack.length_px for crack in trace_cracks(mask).cracks]
    assert lengths[1] == pytest.approx(280, rel=0.01)
    assert 500 <= lengths[0] < 720


def test_specks_finish_quickly():
    mask = np.zeros((2048, 2048), bool)
    mask[5::12, 5::12] = mask[6::12, 6::12] = True
    began = time.process_time()
    traced = trace_cracks(mask)
    assert time.process_time() - began < 3
    assert traced.cracks == ()
    assert traced.specks == 171 * 171
    assert traced.specks_area_px2 == mask.sum()


@pytest.mark.parametrize(
    ("mask", "probability", "message"),
    [
        (np.zeros((3, 3), np.uint8), None, "mask must be"),
        (np.zeros(3, bool), None, "mask must be"),
        (np.zeros((0, 3), bool), None, "mask must be"),
        (np.zeros((3, 3), bool), np.zeros((3, 4), np.float32), "probability must be"),
        (np.zeros((3, 3), bool), np.zeros((3, 3)), "probability must be"),
    ],
)
def test_other_arrays_are_refused(mask, probability, message):
    with pytest.raises(ArgumentError, match=message):
        trace_cracks(mask, probability=probability)


def test_results_are_frozen():
    traced = trace_cracks(np.zeros((4, 4), bool))
    with pytest.raises(dataclasses.FrozenInstanceError):
        traced.specks = 3


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["deepcrack/masks/test", "crack500/masks/test"])
def test_real_masks_keep_all_regions(data_folder, folder):
    for path in sorted((data_folder / folder).glob("*.png"))[:40:10]:
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 127
        traced = trace_cracks(mask)
        count = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] - 1
        assert len(traced.cracks) + traced.specks == count
        points = [branch.points_px for crack in traced.cracks for branch in crack.branches]
        x, y = np.floor(np.concatenate(points) + 0.5).astype(int).T
        inside = mask[np.clip(y, 0, mask.shape[0] - 1), np.clip(x, 0, mask.shape[1] - 1)]
        assert inside.mean() > 0.97
