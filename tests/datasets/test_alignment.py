from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from cracknet.datasets.alignment import SIDE_PX, TURNS, better_turned, darkness_below, darkness_map
from cracknet.datasets.pairs import find_pairs
from cracknet.datasets.splits import read_stems
from cracknet.synthesis import render, standard_scene


@pytest.fixture(scope="module")
def scene():
    options = dataclasses.replace(
        standard_scene(), height=300, width=400, cracks=(1, 1), width_px=(4, 4)
    )
    rendered = render(options, 4)
    return rendered.gray, rendered.mask


def test_a_mask_that_lies_right(scene):
    gray, mask = scene
    assert better_turned(darkness_map(gray), mask) is None


@pytest.mark.parametrize("turn", TURNS)
def test_a_turned_mask_is_said_to_be_turned(scene, turn):
    gray, mask = scene
    found = better_turned(darkness_map(gray), mask[TURNS[turn]])
    assert found.turn == turn
    assert found.darkness_turned > found.darkness + 0.4


def test_an_empty_and_a_full_mask(scene):
    gray, mask = scene
    darker = darkness_map(gray)
    assert better_turned(darker, np.zeros_like(mask)) is None
    assert better_turned(darker, np.ones_like(mask)) is None


def test_one_gray_and_one_pixel():
    for size in ((1, 1), (1, 50), (30, 40)):
        darker = darkness_map(np.full(size, 90, np.uint8))
        assert not darker.any()
        mask = np.zeros(size, bool)
        mask[0, 0] = True
        assert better_turned(darker, mask) is None


def test_large_photographs_are_compared_small():
    gray = np.full((1500, 3000), 150, np.uint8)
    gray[200:212, 100:1400] = 40
    mask = gray < 100
    darker = darkness_map(gray)
    assert darker.shape == (SIDE_PX // 2, SIDE_PX)
    assert better_turned(darker, mask) is None
    assert better_turned(darker, mask[::-1, ::-1]).turn == "by 180 degrees"


def test_darkness_below_is_a_mean_by_share():
    darker = np.array([[1, 2], [3, 4]], np.float32)
    assert darkness_below(darker, np.array([[1, 0], [0, 0.5]], np.float32)) == pytest.approx(2)


@pytest.mark.shared
def test_masks_of_real_sets(data_folder):
    """Seven of crack500 are turned, as the eye says too; none of deepcrack's first 60 is."""

    def turned(name, limit=None):
        return {
            pair.stem: found.turn
            for pair in find_pairs(data_folder / name, "train")[:limit]
            for gray, mask in [pair.read()]
            if (found := better_turned(darkness_map(gray), mask))
        }

    listed = Path(__file__).resolve().parents[2] / "recipes" / "faulty" / "crack500.txt"
    stems = read_stems(listed)
    assert len(stems) == 7
    assert turned("crack500") == dict.fromkeys(stems, "by 180 degrees")
    assert turned("deepcrack", 60) == {}
