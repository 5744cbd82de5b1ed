from __future__ import annotations

import cv2
import numpy as np
import pytest

from cracknet.mosaic.halving import (
    enlarge,
    enlarge_weights,
    full_range,
    half_range,
    halved,
    read_half,
    shrink_weights,
)
from cracknet.raster import Box

SIZES = [(1, 1), (1, 2), (2, 1), (1, 7), (3, 3), (600, 700), (601, 700), (700, 601), (601, 333)]


def boxes(height, width):
    yield Box(0, 0, height, width)
    yield Box(height // 3, width // 4, height, max(width - width // 5, width // 4 + 1))
    yield Box(height - 1, width - 1, height, width)


@pytest.mark.parametrize("size", SIZES)
def test_any_window_of_the_half_is_that_of_the_whole_shrunk(size):
    gray = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    shape = halved(size[0]), halved(size[1])
    whole = cv2.resize(gray, shape[::-1], interpolation=cv2.INTER_AREA)
    everything = Box(0, 0, *size)

    def read(box):
        return gray[box.within(everything)], np.ones(box.shape, bool)

    for box in boxes(*shape):
        half, valid = read_half(read, size, box)
        np.testing.assert_array_equal(half, whole[box.within(Box(0, 0, *shape))])
        assert valid.all()


@pytest.mark.parametrize("size", SIZES)
def test_any_window_enlarged_is_that_of_the_whole_enlarged(size):
    half = np.random.default_rng(0).random((halved(size[0]), halved(size[1])), np.float32)
    whole = cv2.resize(half, size[::-1], interpolation=cv2.INTER_LINEAR)
    for box in boxes(*size):
        rows = slice(*half_range(size[0], box.top, box.bottom))
        columns = slice(*half_range(size[1], box.left, box.right))
        part = enlarge(np.ascontiguousarray(half[rows, columns]), size, box)
        np.testing.assert_allclose(part, whole[box.within(Box(0, 0, *size))], atol=1e-6)


def test_a_pixel_of_the_half_is_valid_where_any_of_its_parts_is():
    valid = np.zeros((40, 41), bool)
    valid[7, 9] = valid[30, 40] = True

    def read(box):
        place = box.within(Box(0, 0, 40, 41))
        return np.zeros(box.shape, np.uint8), valid[place]

    _, half = read_half(read, (40, 41), Box(0, 0, 20, 21))
    assert half[3, 4]
    assert half[15, 20]
    assert half.sum() <= 4


@pytest.mark.parametrize("length", [1, 2, 3, 9, 1000, 1001])
def test_weights_sum_to_1(length):
    half = halved(length)
    for begin, end in ((0, half), (half // 2, half)):
        first, last = full_range(length, begin, end)
        weights = shrink_weights(length, begin, end)
        assert weights.shape == (end - begin, last - first)
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    for begin, end in ((0, length), (length // 2, length)):
        first, last = half_range(length, begin, end)
        weights = enlarge_weights(length, begin, end)
        assert weights.shape == (end - begin, last - first)
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
