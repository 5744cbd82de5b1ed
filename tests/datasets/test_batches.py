from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from cracknet.datasets.batches import Source, batches, make_batch
from cracknet.datasets.crops import CropOptions
from cracknet.datasets.pairs import find_pairs
from cracknet.errors import DatasetError, PhotoError

OPTIONS = CropOptions(size_px=32, light=0, empty_share=1)


def write_set(root, levels):
    """Write one photograph of one gray value for each of `levels`, with cracks in all."""
    for kind in ("images", "masks"):
        (root / kind / "train").mkdir(parents=True)
    mask = np.zeros((48, 64), np.uint8)
    mask[::6] = 255
    for k, level in enumerate(levels):
        cv2.imwrite(str(root / "images/train" / f"p{k}.png"), np.full((48, 64), level, np.uint8))
        cv2.imwrite(str(root / "masks/train" / f"p{k}.png"), mask)
    return find_pairs(root, "train")


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Return two fresh sources of shares 3 and 1: dark photographs, and bright ones."""
    folder = tmp_path_factory.mktemp("sets")
    dark, bright = (
        write_set(folder / name, levels)
        for name, levels in (("dark", (10, 20, 30)), ("bright", (200, 220)))
    )

    def make():
        return [Source(dark, 3, OPTIONS), Source(bright, 1, OPTIONS)]

    return make


def same(first, second):
    return all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_shapes_and_values(sources):
    gray, mask = make_batch(sources(), 5, seed=1, step=0)
    assert gray.shape == mask.shape == (5, 32, 32, 1)
    assert gray.dtype == mask.dtype == np.float32
    assert set(np.unique(gray)) <= {10, 20, 30, 200, 220}
    assert set(np.unique(mask)) == {0, 1}


def test_a_batch_is_a_function_of_seed_and_step(sources):
    first = make_batch(sources(), 4, seed=1, step=7)
    assert same(first, make_batch(sources(), 4, seed=1, step=7))
    assert not same(first, make_batch(sources(), 4, seed=1, step=8))
    assert not same(first, make_batch(sources(), 4, seed=2, step=7))


def test_going_on_at_a_step_gives_the_very_batches(sources):
    whole = list(batches(sources(), 3, seed=5, start=0, stop=9))
    assert len(whole) == 9
    for step in (1, 4, 8):
        rest = list(batches(sources(), 3, seed=5, start=step, stop=9))
        assert len(rest) == 9 - step
        for before, after in zip(whole[step:], rest, strict=True):
            assert same(before, after)
    assert all(not same(one, other) for one, other in itertools.pairwise(whole))


def test_how_far_ahead_changes_nothing(sources):
    for one, other in zip(
        batches(sources(), 2, 0, 0, 6, ahead=1),
        batches(sources(), 2, 0, 0, 6, ahead=6),
        strict=True,
    ):
        assert same(one, other)


def test_crops_of_a_batch_differ(tmp_path):
    pairs = write_set(tmp_path, [10])
    _, mask = make_batch([Source(pairs, 1, OPTIONS)], 4, seed=0, step=0)
    assert all(not np.array_equal(a, b) for a, b in itertools.combinations(mask, 2))


def test_no_steps_no_batches(sources):
    assert list(batches(sources(), 2, 0, 5, 5)) == []


def test_shares_are_kept_to_and_photographs_drawn_evenly(sources):
    """Of 1200 crops, 3/4 are dark: within 4 standard deviations of sqrt(n p q) = 15."""
    kept = sources()
    levels = np.concatenate(
        [make_batch(kept, 40, seed=3, step=step)[0][:, 0, 0, 0] for step in range(30)]
    )
    dark = levels < 100
    assert abs(dark.sum() - 900) < 60
    for level, expected in ((10, 300), (20, 300), (30, 300), (200, 150), (220, 150)):
        assert abs((levels == level).sum() - expected) < 65, level


def test_each_source_has_its_own_crops(tmp_path):
    pairs = write_set(tmp_path, [10])
    with_size = [Source(pairs, 1, CropOptions(size_px=size, light=0)) for size in (32, 64)]
    assert make_batch(with_size[:1], 1, 0, 0)[0].shape == (1, 32, 32, 1)
    assert make_batch(with_size[1:], 1, 0, 0)[0].shape == (1, 64, 64, 1)


def test_photographs_are_read_once(tmp_path):
    source = Source(write_set(tmp_path, [10]), 1, OPTIONS)
    first = make_batch([source], 2, 0, 0)
    source.pairs[0].image.unlink()
    assert same(first, make_batch([source], 2, 0, 0))


def test_empty_set(sources):
    with pytest.raises(DatasetError, match="no photographs"):
        next(batches([*sources(), Source([], 1, OPTIONS)], 2, 0, 0, 1))


def test_corrupt_photograph_is_named(tmp_path):
    pairs = write_set(tmp_path, [10, 20])
    pairs[1].image.write_bytes(b"\x89PNG broken")
    with pytest.raises(PhotoError, match=r"p1\.png"):
        list(batches([Source(pairs, 1, OPTIONS)], 4, seed=0, start=0, stop=8))


def test_mask_with_other_values_is_named(tmp_path):
    pairs = write_set(tmp_path, [10])
    cv2.imwrite(str(pairs[0].mask), np.full((48, 64), 7, np.uint8))
    with pytest.raises(DatasetError, match=r"p0\.png holds 7"):
        list(batches([Source(pairs, 1, OPTIONS)], 4, seed=0, start=0, stop=2))
