from __future__ import annotations

import cv2
import numpy as np
import pytest

from cracknet.errors import OutputError
from cracknet.reporting.writing import (
    JPEG_LONGEST_PX,
    jpeg_of,
    png_of_mask,
    png_of_probability,
)


def decode(content):
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("size", [(1, 1), (1, 30_000), (30_000, 1), (33, 70)])
@pytest.mark.parametrize("share", [0, 0.3, 1])
def test_a_mask_is_0_and_255(size, share):
    mask = np.random.default_rng(0).random(size) < share
    picture = decode(png_of_mask(mask))
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, np.where(mask, 255, 0))


def test_a_mask_that_is_a_view():
    mask = np.random.default_rng(0).random((40, 60)) < 0.5
    np.testing.assert_array_equal(decode(png_of_mask(mask[::2, ::3])), mask[::2, ::3] * 255)


def test_a_probability_is_kept_to_half_of_1_255th():
    probability = np.random.default_rng(0).random((50, 40), np.float32)
    probability[0, :2] = 0, 1
    picture = decode(png_of_probability(probability))
    assert picture.dtype == np.uint8
    assert picture[0, :2].tolist() == [0, 255]
    assert np.abs(picture / 255 - probability).max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize("size", [(1, 1), (40, 60), (40, 60, 3), (20, 30_000)])
def test_a_jpeg_has_the_pictures_size(size):
    picture = np.full(size, 120, np.uint8)
    result = decode(jpeg_of(picture))
    assert result.shape == size
    assert np.abs(result.astype(int) - 120).max() <= 2


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((JPEG_LONGEST_PX, 3), (JPEG_LONGEST_PX, 3)),
        ((2 * JPEG_LONGEST_PX, 40), (JPEG_LONGEST_PX, 20)),
        ((40, 2 * JPEG_LONGEST_PX, 3), (20, JPEG_LONGEST_PX, 3)),
        ((1, JPEG_LONGEST_PX + 1), (1, JPEG_LONGEST_PX)),
    ],
)
def test_a_picture_longer_than_jpeg_holds_is_shrunk(size, expected):
    assert decode(jpeg_of(np.full(size, 9, np.uint8))).shape == expected


def test_what_cannot_be_encoded():
    with pytest.raises(OutputError, match=r"0x0 cannot be encoded as \.png"):
        png_of_mask(np.zeros((0, 0), bool))
