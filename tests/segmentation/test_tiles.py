from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cracknet.errors import ArgumentError
from cracknet.segmentation.tiles import STEP, blend_tile, cut_tile, lay_axis, lay_tiles


@st.composite
def axes(draw):
    """Lengths, tiles, overlaps, margins and offsets that fit each other."""
    overlap = draw(st.integers(1, 8)) * STEP
    tile = overlap + draw(st.integers(1, 12)) * STEP
    margin = draw(st.integers(0, (overlap - 1) // 2))
    offset = draw(st.integers(0, 8)) * STEP
    return draw(st.integers(1, 3000)), tile, overlap, margin, offset


@pytest.mark.parametrize(
    ("length", "tile", "overlap", "starts"),
    [
        (1, 64, 32, (0,)),
        (63, 64, 32, (0,)),
        (64, 64, 32, (0,)),
        (65, 64, 32, (0, 32)),
        (96, 64, 32, (0, 32)),
        (97, 64, 32, (0, 32, 64)),
        (640, 640, 160, (0,)),
        (641, 640, 160, (0, 32)),
        (1120, 640, 160, (0, 480)),
        (1121, 640, 160, (0, 256, 512)),
        (3456, 640, 160, (0, 480, 928, 1408, 1888, 2336, 2816)),
    ],
)
def test_starts_of_known_lengths(length, tile, overlap, starts):
    assert lay_axis(length, tile, overlap, 0).starts == starts


@settings(max_examples=300, deadline=None)
@given(axes())
@example((1200, 640, 160, 32, 192))
@example((1400, 64, 32, 15, 224))
def test_weights_at_every_pixel_sum_to_one(case):
    length, tile, overlap, margin, offset = case
    axis = lay_axis(length, tile, overlap, margin, offset)
    assert (axis.length, axis.tile) == (length, tile)
    covered = np.zeros(-(-length // STEP) * STEP + tile)
    for start, weights in zip(axis.starts, axis.weights, strict=True):
        assert weights.shape == (tile,)
        assert weights.dtype == np.float32
        assert weights.min() >= 0
        assert start >= 0  # no tile needs to begin before the photograph
        covered[start : start + tile] += weights
    np.testing.assert_allclose(covered[:length], 1, atol=1e-6)


@settings(max_examples=300, deadline=None)
@given(axes())
def test_inner_borders_have_no_weight_over_the_margin(case):
    length, tile, overlap, margin, offset = case
    weights = lay_axis(length, tile, overlap, margin, offset).weights
    for earlier, later in pairwise(weights):
        assert not earlier[tile - margin :].any()
        assert not later[:margin].any()
    assert weights[0][0] == 1
    assert weights[-1][-1] == 1


@settings(max_examples=300, deadline=None)
@given(axes())
def test_tiles_lie_on_the_grid_evenly_and_overlap_enough(case):
    length, tile, overlap, margin, _ = case
    starts = np.array(lay_axis(length, tile, overlap, margin).starts)
    whole = -(-length // STEP) * STEP
    assert not (starts % STEP).any()
    assert starts[0] == 0
    if len(starts) == 1:
        assert tile >= whole
        return
    assert starts[-1] == whole - tile
    strides = np.diff(starts)
    assert strides.max() <= tile - overlap
    assert np.ptp(strides) <= STEP
    # One tile fewer would not do.
    assert (len(starts) - 2) * (tile - overlap) + tile < whole


def test_an_offset_moves_the_inner_tiles():
    still, moved = (lay_axis(1400, 640, 160, 32, offset).starts for offset in (0, 192))
    assert set(still) != set(moved)
    assert still[0] == moved[0] == 0


@pytest.mark.parametrize(
    ("length", "tile", "overlap", "margin", "offset"),
    [
        (0, 64, 32, 4, 0),
        (100, 64, 64, 4, 0),
        (100, 64, 96, 4, 0),
        (100, 64, 32, 16, 0),
        (100, 64, 32, -1, 0),
        (100, 64, 32, 4, -32),
        (100, 64, 32, 4, 7),
        (100, 70, 32, 4, 0),
        (100, 64, 20, 4, 0),
        (100, 0, 32, 4, 0),
    ],
)
def test_lengths_that_do_not_fit_are_refused(length, tile, overlap, margin, offset):
    with pytest.raises(ArgumentError, match=r"tiles need.*got length"):
        lay_axis(length, tile, overlap, margin, offset)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (33, 95), (96, 96), (211, 330)])
@pytest.mark.parametrize("offset", [0, 32])
def test_blending_what_was_cut_gives_the_photograph_back(size, offset):
    gray = np.random.default_rng(5).integers(0, 256, size, np.uint8)
    rows, columns = (lay_axis(length, 96, 32, 8, offset) for length in size)
    total = np.zeros(size, np.float32)
    for tile in lay_tiles(rows, columns):
        piece = cut_tile(gray, tile)
        assert piece.shape == (96, 96)
        assert piece.flags.c_contiguous
        blend_tile(total, piece.astype(np.float32), tile)
    np.testing.assert_allclose(total, gray, atol=255 * 2e-6)


def test_tiles_come_row_by_row():
    rows, columns = lay_axis(150, 96, 32, 8), lay_axis(96, 96, 32, 8)
    places = [(tile.top, tile.left) for tile in lay_tiles(rows, columns)]
    assert places == [(top, 0) for top in rows.starts]


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 2), (40, 50), (64, 64), (70, 64)])
def test_beyond_its_borders_a_photograph_is_mirrored(size):
    gray = np.random.default_rng(1).integers(0, 256, size, np.uint8)
    rows, columns = (lay_axis(length, 64, 32, 4) for length in size)
    for tile in lay_tiles(rows, columns):
        bottom, right = (
            max(0, start + 64 - n) for start, n in zip((tile.top, tile.left), size, strict=True)
        )
        expected = np.pad(gray, ((0, bottom), (0, right)), mode="reflect")
        expected = expected[tile.top : tile.top + 64, tile.left : tile.left + 64]
        np.testing.assert_array_equal(cut_tile(gray, tile), expected)


def test_weights_along_both_axes_multiply():
    (tile, *_) = lay_tiles(lay_axis(96, 64, 32, 4), lay_axis(96, 64, 32, 4))
    total = np.zeros((96, 96), np.float32)
    blend_tile(total, np.ones((64, 64), np.float32), tile)
    expected = np.outer(tile.row_weights, tile.column_weights)
    np.testing.assert_allclose(total[:64, :64], expected, atol=1e-7)
    assert not total[64:].any()
    assert not total[:, 64:].any()
