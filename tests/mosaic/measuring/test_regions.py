"""Regions found tile by tile against regions found at once."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cracknet.mosaic.measuring.regions import Regions, grown
from cracknet.raster import Box


def reader(mask):
    return lambda box: mask[box.top : box.bottom, box.left : box.right]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(1, 12), st.floats(0.05, 0.6),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_any_mask_in_tiles_of_any_size_has_the_regions_of_the_whole(
    height, width, tile, share, seed
):
    mask = np.random.default_rng(seed).random((height, width)) < share
    regions = Regions(reader(mask), mask.shape, tile_px=tile)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8
    )
    assert regions.count == count - 1
    found = regions.read(Box(0, 0, height, width))
    np.testing.assert_array_equal(found > 0, mask)
    assert len(np.unique(np.column_stack([found[mask], labels[mask]]), axis=0)) == count - 1
    for number in range(1, count):
        row, column = regions.seeds[number]
        left, top, across, down, area = stats[labels[row, column]]
        assert regions.areas[number] == area
        assert regions.boxes[number].tolist() == [top, left, top + down, left + across]
        tiles = regions.tiles_of(number)
        own = {(int(r) // tile, int(c) // tile) for r, c in np.argwhere(found == number)}
        assert {(box.top // tile, box.left // tile) for box in tiles} == own
    np.testing.assert_array_equal(regions.at(regions.seeds[1:]), np.arange(1, count))
    part = Box(height // 3, width // 4, height, width)
    np.testing.assert_array_equal(regions.read(part), found[part.top :, part.left :])


def test_numbers_do_not_hang_on_how_regions_join():
    """A region that begins at the top is the first, though its pieces join last."""
    mask = np.zeros((30, 30), bool)
    mask[2, 2:28] = mask[2:28, 27] = mask[27, 2:28] = True
    mask[10, 3:9] = True
    found = Regions(reader(mask), mask.shape, tile_px=8).read(Box(0, 0, 30, 30))
    assert found[2, 2] == found[27, 2] == 1
    assert found[10, 3] == 2


def test_a_mask_without_pixels_has_no_regions():
    regions = Regions(reader(np.zeros((9, 20), bool)), (9, 20), tile_px=8)
    assert regions.count == 0
    assert not regions.read(Box(0, 0, 9, 20)).any()


def test_a_grown_mask_is_that_of_the_whole_grown():
    mask = np.random.default_rng(0).random((40, 50)) < 0.02
    read = grown(reader(mask), mask.shape, 3)
    whole = cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8), borderValue=0) > 0
    for box in (Box(0, 0, 40, 50), Box(11, 7, 23, 50)):
        np.testing.assert_array_equal(read(box), whole[box.top : box.bottom, box.left : box.right])
