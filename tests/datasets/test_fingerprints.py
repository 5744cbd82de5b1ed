from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.datasets.fingerprints import (
    LEAST_CORRELATION,
    TURNS,
    correlate,
    find_alike,
    find_same,
    fingerprint,
    turned,
)


def scene(seed, height=120, width=160):
    """A rough wall with a dark line across."""
    rng = np.random.default_rng(seed)
    wall = cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), 4)
    gray = np.asarray(128 + 40 * wall / wall.std(), np.float32)
    ends = rng.integers(0, min(height, width), 4).tolist()
    cv2.line(gray, ends[:2], ends[2:], 10, 3)
    return np.clip(gray, 0, 255).astype(np.uint8)


def alike(*photos):
    found = find_alike([fingerprint(photo).thumbnail for photo in photos])
    return [(pair.first, pair.second, pair.turned) for pair in found]


def test_strangers_are_not_alike():
    assert alike(*(scene(seed) for seed in range(40))) == []


@pytest.mark.parametrize("turn", range(TURNS))
def test_turned_and_mirrored_photographs_are_known_again(turn):
    gray = scene(1)
    other = turned(gray, turn)
    assert alike(scene(2), gray, scene(3), other) == [(1, 3, turn > 0)]


@pytest.mark.parametrize(
    "change",
    [
        lambda g: (g * 0.7 + 20).astype(np.uint8),
        lambda g: (255 * (g / 255) ** 0.6).astype(np.uint8),
        lambda g: cv2.resize(g, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
        lambda g: cv2.imdecode(cv2.imencode(".jpg", g, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], 0),
        lambda g: g[2:, 3:],
    ],
    ids=["light", "gamma", "half size", "JPEG", "shifted"],
)
def test_changes_that_leave_the_scene(change):
    assert alike(scene(4), change(scene(4)), scene(5)) == [(0, 1, False)]


def test_photographs_without_texture_match_nothing():
    """Else every flat wall would be the repeat of every other."""
    flat = [np.full((50, 60), level, np.uint8) for level in (0, 90, 91, 255)]
    assert alike(*flat) == []
    assert correlate(*(fingerprint(gray).thumbnail for gray in flat[:2])) == 0


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_to_compare(count):
    assert alike(*(scene(seed) for seed in range(count))) == []


def test_one_pixel_has_a_fingerprint():
    one, other = (fingerprint(np.full((1, 1), level, np.uint8)) for level in (7, 8))
    assert one.thumbnail.shape == (64, 64)
    assert one.pixels != other.pixels


def test_the_same_pixels():
    grays = [scene(1), scene(2), scene(1), np.zeros((4, 6), np.uint8), np.zeros((6, 4), np.uint8)]
    prints = [fingerprint(gray) for gray in [*grays, np.asfortranarray(scene(1))]]
    assert find_same(prints) == [[0, 2, 5]]  # the size counts, the layout in memory does not
    assert find_same([]) == []


@given(seed=st.integers(0, 10_000), turn=st.integers(0, TURNS - 1), y=st.integers(-9, 9))
def test_a_thumbnail_correlates_with_itself_shifted(seed, turn, y):
    gray = turned(scene(seed, 160, 160), turn)
    first, second = gray[10:74, 10:74], gray[10 + y : 74 + y, 10:74]
    before = first.copy()
    assert correlate(first, second) > LEAST_CORRELATION
    assert correlate(first, first) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(first, before)


@given(turn=st.integers(0, TURNS - 1))
def test_turns_are_the_eight_ways_of_lying(turn):
    corner = np.arange(4, dtype=np.uint8).reshape(2, 2)
    ways = {turned(corner, each).tobytes() for each in range(TURNS)}
    assert len(ways) == TURNS
    assert turned(corner, turn).tobytes() in ways


@pytest.mark.shared
def test_known_repeats_of_real_sets(data_folder):
    """A mirrored, shifted photograph in train and test of deepcrack, and rough strangers."""
    from cracknet.photo import read_photo

    names = ["test/11236-6", "train/11187-6", "test/11218-1", "train/7Q3A9060-17", "test/111212-1"]
    folder = data_folder / "deepcrack" / "images"
    assert alike(*(read_photo(folder / f"{name}.jpg").gray for name in names)) == [(0, 1, True)]
