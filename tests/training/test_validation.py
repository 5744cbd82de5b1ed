"""A net applied to photographs: whole, or in tiles side by side."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cracknet.training.validation import predict, validate


class _Pair:
    def __init__(self, gray, mask):
        self._read = gray, mask

    def read(self):
        return self._read


@pytest.fixture(scope="module")
def sized():
    """A net whose every value is the share of the photograph's light: it depends on its input."""
    image = keras.Input((None, None, 1))
    mean = keras.layers.Lambda(lambda x: keras.ops.mean(x, (1, 2), keepdims=True))(image)
    spread = keras.layers.Lambda(lambda pair: pair[0] * 0 + pair[1] / 255)([image, mean])
    return keras.Model(image, spread)


@pytest.fixture(scope="module")
def dark():
    image = keras.Input((None, None, 1))
    return keras.Model(image, keras.layers.Lambda(lambda x: 1 - x / 255)(image))


@pytest.mark.parametrize("tile_px", [None, 32, 64, 256])
@pytest.mark.parametrize("shape", [(1, 1), (32, 64), (33, 200), (150, 90)])
def test_every_pixel_comes_back_in_its_place(dark, shape, tile_px):
    gray = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    found = predict(dark, gray, tile_px)
    assert found.shape == shape
    assert found == pytest.approx(1 - gray / 255, abs=1e-6)


def test_tiles_are_of_one_size_and_no_larger_than_asked_for(sized):
    """96 px in tiles of at most 64 are two of 48, mirrored out to 64."""
    gray = np.zeros((64, 96), np.uint8)
    gray[:, :48] = 255
    halves = predict(sized, gray, 64)
    assert halves[0, 0] == pytest.approx(48 / 64)
    assert halves[0, 95] == pytest.approx(0, abs=1e-6)
    assert predict(sized, gray)[0, 0] == pytest.approx(0.5)
    assert np.array_equal(predict(sized, gray, 96), predict(sized, gray))


def test_a_net_that_depends_on_its_input_is_scored_at_the_size_asked_for(sized):
    gray = np.zeros((64, 128), np.uint8)
    gray[:, :64] = 200
    pairs = {"walls": [_Pair(gray, gray > 0)]}
    assert validate(sized, pairs)["walls_f1"] == 0
    assert validate(sized, pairs, 64)["walls_f1"] == 1
