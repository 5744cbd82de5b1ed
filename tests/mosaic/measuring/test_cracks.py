"""Cracks measured across windows against the same cracks measured at once."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cracknet.measurement.centreline import TraceOptions
from cracknet.measurement.measure import MeasureOptions, measure
from cracknet.measurement.widths import WidthOptions
from cracknet.mosaic.measuring.batches import Limits, Survey
from cracknet.mosaic.measuring.blur import raster_blur
from cracknet.mosaic.measuring.cracks import measure_batch
from cracknet.mosaic.measuring.sources import Arrays

WINDOWS = (
    Limits(most_px=60_000, halo_px=64, tile_px=128, piece_px=300),
    Limits(most_px=1, tile_px=97, piece_px=150),
    Limits(most_px=300_000, tile_px=256, piece_px=2048),
)
"""Windows that hold some of the cracks; none, so that each is traced in pieces; and most."""

DEFAULT = MeasureOptions()


def across(source, limits, options=DEFAULT):
    """Cracks, specks and their area, and how many batches were one giant."""
    survey = Survey(source, options.trace, limits)
    blur = raster_blur(source, survey, options)
    cracks, specks, area, giants = [], survey.specks, survey.specks_area_px2, 0
    for batch in survey.batches():
        found = measure_batch(source, survey, batch, options, blur)
        cracks += found.cracks
        specks, area = specks + found.specks, area + found.specks_area_px2
        giants += batch.giant
    return cracks, specks, area, giants


def outline_area(crack):
    def ring_area(ring):
        x, y = (ring - ring[0]).T
        return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2

    return sum(ring_area(ring) for polygon in crack.polygons_px for ring in polygon)


def check_same(mask, limits, options=DEFAULT, probability=None, gray=None):
    """Counts exactly, lengths within 0.1 % each, areas and outlines exactly."""
    whole = measure(mask, probability=probability, gray=gray, options=options)
    source = Arrays(mask, probability, gray)
    cracks, specks, area, giants = across(source, limits, options)
    assert len(cracks) == len(whole.cracks)
    assert (specks, area) == (whole.specks, whole.specks_area_px2)
    ours = sorted(cracks, key=lambda crack: (crack.length_px, crack.area_px2))
    theirs = sorted(whole.cracks, key=lambda crack: (crack.length_px, crack.area_px2))
    for one, other in zip(ours, theirs, strict=True):
        assert one.length_px == pytest.approx(other.length_px, rel=1e-3)
        assert len(one.branches) == len(other.branches)
        assert one.area_px2 == other.area_px2 == pytest.approx(outline_area(one))
        corners = [sum(len(r) for p in c.polygons_px for r in p) for c in (one, other)]
        assert corners[0] == corners[1]
        widths = [np.concatenate([b.widths_px for b in c.branches]) for c in (one, other)]
        assert np.median(widths[0]) == pytest.approx(np.median(widths[1]), rel=0.1, abs=0.2)
    return cracks, giants


def drawn(seed, height, width):
    """A mask of winding cracks, rings, crossings and specks."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width), np.uint8)
    size = np.array([width, height])
    for _ in range(6):
        steps = (
            rng.normal(0, 0.06, (30, 2)).cumsum(axis=0) * 0.3
            + rng.normal(0, 0.6, 2) * (np.linspace(0, 1, 30)[:, None])
        )
        points = np.round((rng.random(2) + steps) * size * 8).astype(np.int32)
        thickness = int(rng.integers(1, 12))
        cv2.polylines(picture, [points], False, 1, thickness, cv2.LINE_8, 3)
    for _ in range(2):
        centre = tuple((rng.random(2) * size).astype(int).tolist())
        cv2.circle(picture, centre, int(rng.integers(20, 90)), 1, int(rng.integers(2, 8)))
    picture[rng.integers(0, height, 40), rng.integers(0, width, 40)] = 1
    return picture > 0


def seen(mask, seed=0):
    """A probability and a photograph of a mask."""
    rng = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.9)
    light = 200 - 150 * soft + rng.normal(0, 2, mask.shape)
    return soft, light.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("limits", WINDOWS, ids=["some", "none", "most"])
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_winding_cracks(limits, seed):
    mask = drawn(seed, 520, 700)
    probability, gray = seen(mask)
    _, giants = check_same(mask, limits, probability=probability, gray=gray)
    assert giants or limits.most_px > 1e5


@settings(max_examples=40, deadline=None)
@given(
    st.integers(8, 70), st.integers(8, 70), st.integers(5, 40), st.sampled_from([1, 900, 3000]),
    st.floats(0.2, 0.62), st.sampled_from([0.0, 6.0]), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_any_mask_has_the_cracks_of_the_whole(height, width, tile, most, share, bridge, seed):
    """Crack counts, specks and lengths of noise, in tiny windows."""
    rng = np.random.default_rng(seed)
    rough = cv2.GaussianBlur(rng.normal(size=(height, width)), (0, 0), rng.uniform(0.4, 2.5))
    mask = rough > np.quantile(rough, 1 - share)
    options = MeasureOptions(TraceOptions(bridge_px=bridge), WidthOptions(blur_sigma_px=0.8))
    limits = Limits(most_px=most, halo_px=60, tile_px=tile, piece_px=20)
    whole = measure(mask, options=options)
    cracks, specks, area, _ = across(Arrays(mask), limits, options)
    assert len(cracks) == len(whole.cracks)
    assert (specks, area) == (whole.specks, whole.specks_area_px2)
    ours, theirs = (sorted(crack.length_px for crack in of) for of in (cracks, whole.cracks))
    assert ours == pytest.approx(theirs, rel=1e-3)


def test_one_crack_over_a_hundred_borders_is_one_crack():
    """A sine of known length: the arc length by fine steps."""
    x = np.linspace(0, 3999, 40_000)
    y = 60 + 40 * np.sin(x / 80)
    picture = np.zeros((120, 4000), np.uint8)
    points = np.round(np.column_stack([x, y]) * 8).astype(np.int32)
    cv2.polylines(picture, [points], False, 1, 5, cv2.LINE_8, 3)
    limits = Limits(most_px=1, tile_px=40, piece_px=100)
    (crack,), giants = check_same(picture > 0, limits)
    assert giants == 1
    (branch,) = crack.branches
    assert branch.length_px == pytest.approx(np.hypot(np.diff(x), np.diff(y)).sum(), rel=0.01)


@pytest.mark.parametrize("limits", WINDOWS, ids=["some", "none", "most"])
def test_loops_round_the_corners_of_windows(limits):
    picture = np.zeros((420, 420), np.uint8)
    for centre in (97, 128, 194, 256):
        cv2.circle(picture, (centre, centre), 21, 1, 4)
    cv2.circle(picture, (210, 210), 180, 1, 3)
    check_same(picture > 0, limits)


def test_cracks_that_touch_at_a_corner_of_windows_are_one():
    mask = np.zeros((200, 200), bool)
    for k in range(20, 180):  # a staircase whose pixels meet at corners, through (97, 97)
        mask[k, k] = True
    mask[30:97, 100:104] = True
    mask[97:160, 104:108] = True  # meets the other at the corner (97, 104) alone
    cracks, giants = check_same(mask, WINDOWS[1])
    assert len(cracks) == giants == 1  # the second crosses the first


@pytest.mark.parametrize("limits", WINDOWS, ids=["some", "none", "most"])
def test_cracks_along_and_across_the_raster_border(limits):
    mask = np.zeros((300, 330), bool)
    mask[0:4] = True  # along the whole of the upper border
    mask[150:156] = True  # from side to side
    mask[:, 200:203] = True
    mask[-3:, 20:90] = True
    mask[200:290, 0] = True
    check_same(mask, limits)


@pytest.mark.parametrize("limits", WINDOWS[:2], ids=["some", "none"])
def test_wide_places_are_thinned_as_in_a_photograph(limits):
    """A region with a place wider than twice 48 px is thinned on a coarser grid as a whole."""
    picture = np.zeros((600, 640), np.uint8)
    cv2.circle(picture, (300, 280), 75, 1, -1)
    cv2.line(picture, (5, 20), (635, 590), 1, 9)
    cv2.line(picture, (620, 30), (30, 560), 1, 5)
    picture[280, 300] = 0  # a hole of a pixel, filled
    check_same(picture > 0, limits)


def test_all_crack_is_one_crack():
    check_same(np.ones((150, 170), bool), Limits(most_px=1, tile_px=50))


@pytest.mark.parametrize("bridge", [0.0, 12.0])
def test_gaps_over_borders_are_bridged(bridge):
    mask = np.zeros((60, 400), bool)
    for left in range(0, 400, 50):
        mask[28:32, left : left + 42] = True
    options = MeasureOptions(TraceOptions(bridge_px=bridge))
    cracks, _ = check_same(mask, WINDOWS[1], options)
    assert len(cracks) == (1 if bridge else 8)


def test_no_crack_at_all():
    assert across(Arrays(np.zeros((90, 90), bool)), WINDOWS[1]) == ([], 0, 0.0, 0)


def test_the_blur_is_one_value_from_a_sample():
    mask = drawn(3, 500, 600)
    _, gray = seen(mask)
    source = Arrays(mask, None, cv2.GaussianBlur(gray, (0, 0), 1.5))
    survey = Survey(source, DEFAULT.trace, WINDOWS[0])
    blur = raster_blur(source, survey, DEFAULT)
    assert blur.known
    assert blur.sigma_px == pytest.approx(np.hypot(0.9, 1.5), abs=0.35)
    stated = MeasureOptions(width=WidthOptions(blur_sigma_px=1.25))
    assert raster_blur(source, survey, stated).sigma_px == 1.25


def test_cracks_come_from_the_top_down_whatever_the_windows():
    """Batches follow each other by rows of tiles."""
    mask = drawn(1, 520, 700)
    survey = Survey(Arrays(mask), DEFAULT.trace, WINDOWS[0])
    groups = [number for batch in survey.batches() for number in batch.groups.tolist()]
    assert sorted(groups) == survey.traced.tolist()
    again = Survey(Arrays(mask), DEFAULT.trace, WINDOWS[0])
    assert [b.box for b in again.batches()] == [b.box for b in survey.batches()]
