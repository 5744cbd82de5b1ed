from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cracknet.errors import ArgumentError, DatasetError
from cracknet.training.calibration import TILE_PX, calibration_tiles


@dataclass(frozen=True)
class Flat:
    """A photograph of one gray value."""

    stem: str
    value: int
    size: tuple[int, int] = (64, 96)

    def read(self):
        return np.full(self.size, self.value, np.uint8), np.zeros(self.size, bool)

    def read_mask(self):
        return self.read()[1]


def test_sets_take_turns_and_photographs_too():
    sets = {"a": [Flat("x", 1), Flat("y", 2), Flat("z", 3)], "b": [Flat("w", 9)]}
    values = [int(tile[0, 0]) for tile in calibration_tiles(sets, 8)]
    assert values[1::2] == [9] * 4
    assert sorted(values[:6:2]) == [1, 2, 3]
    assert values[6] == values[0]


def test_a_third_at_half_size():
    tiles = calibration_tiles({"a": [Flat("x", 1, (128, 192))]}, 9, half_share=1 / 3)
    halves = [tile.shape == (64, 96) for tile in tiles]
    assert halves == [False, False, True] * 3


def test_odd_sizes_are_halved_upwards_as_the_segmenter_does():
    tile = calibration_tiles({"a": [Flat("x", 1, (65, 127))]}, 1, half_share=1)[0]
    assert tile.shape == (64, 64)  # 33 by 64, mirrored out


def test_the_seed_decides():
    rng = np.random.default_rng(0)
    gray = rng.integers(0, 256, (600, 700), np.uint8)

    class Noise(Flat):
        def read(self):
            return gray, gray > 0

    def draw(seed):
        return calibration_tiles({"a": [Noise("x", 0)]}, 2, seed=seed)

    first, again, other = draw(0), draw(0), draw(1)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


@settings(max_examples=40)
@given(st.integers(1, 1000), st.integers(1, 1000), st.sampled_from([0.0, 0.5, 1.0]))
def test_tiles_are_multiples_of_32(height, width, half_share):
    sets = {"a": [Flat("x", 7, (height, width))]}
    for tile in calibration_tiles(sets, 2, half_share=half_share):
        assert tile.dtype == np.uint8
        assert all(side % 32 == 0 and 32 <= side <= TILE_PX for side in tile.shape)
        assert (tile == 7).all()


@pytest.mark.parametrize(("samples", "share"), [(0, 0.0), (-1, 0.0), (1, -0.1), (1, 1.1)])
def test_values_out_of_range(samples, share):
    with pytest.raises(ArgumentError, match="at least 1 sample"):
        calibration_tiles({"a": [Flat("x", 1)]}, samples, half_share=share)


@pytest.mark.parametrize("sets", [{}, {"empty": []}])
def test_nothing_to_calibrate_on(sets):
    with pytest.raises(DatasetError, match="no photographs to calibrate on"):
        calibration_tiles(sets, 3)
