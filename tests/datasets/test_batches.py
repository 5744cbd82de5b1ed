from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from cracknet.datasets.batches import Plan, Source, batches, make_batch
from cracknet.datasets.crops import CropOptions, random_crop
from cracknet.datasets.pairs import find_pairs
from cracknet.errors import DatasetError, PhotoError


def cut_of(**options):
    """Return what cuts crops of 32 px, unless `options` say otherwise."""
    made = CropOptions(**{"size_px": 32, "light": 0, "empty_share": 1} | options)
    return lambda gray, mask, rng: random_crop(gray, mask, made, rng)


CUT = cut_of()


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
        return [Source(dark, 3, CUT), Source(bright, 1, CUT)]

    return make


def same(first, second):
    return all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_shapes_and_values(sources):
    gray, mask = make_batch(Plan(sources(), 5, 1), 0)
    assert gray.shape == mask.shape == (5, 32, 32, 1)
    assert gray.dtype == mask.dtype == np.float32
    assert set(np.unique(gray)) <= {10, 20, 30, 200, 220}
    assert set(np.unique(mask)) == {0, 1}


def test_a_batch_is_a_function_of_seed_and_step(sources):
    first = make_batch(Plan(sources(), 4, 1), 7)
    assert same(first, make_batch(Plan(sources(), 4, 1), 7))
    assert not same(first, make_batch(Plan(sources(), 4, 1), 8))
    assert not same(first, make_batch(Plan(sources(), 4, 2), 7))


def test_going_on_at_a_step_gives_the_very_batches(sources):
    whole = list(batches(Plan(sources(), 3, 5), 0, 9))
    assert len(whole) == 9
    for step in (1, 4, 8):
        rest = list(batches(Plan(sources(), 3, 5), step, 9))
        assert len(rest) == 9 - step
        for before, after in zip(whole[step:], rest, strict=True):
            assert same(before, after)
    assert all(not same(one, other) for one, other in itertools.pairwise(whole))


def test_how_far_ahead_changes_nothing(sources):
    for one, other in zip(
        batches(Plan(sources(), 2, 0), 0, 6, ahead=1),
        batches(Plan(sources(), 2, 0), 0, 6, ahead=6),
        strict=True,
    ):
        assert same(one, other)


def test_crops_of_a_batch_differ(tmp_path):
    pairs = write_set(tmp_path, [10])
    _, mask = make_batch(Plan([Source(pairs, 1, CUT)], 4, 0), 0)
    assert all(not np.array_equal(a, b) for a, b in itertools.combinations(mask, 2))


def test_no_steps_no_batches(sources):
    assert list(batches(Plan(sources(), 2, 0), 5, 5)) == []


def test_shares_are_kept_to_and_photographs_drawn_evenly(sources):
    """Of 1200 crops, 3/4 are dark: within 4 standard deviations of sqrt(n p q) = 15."""
    plan = Plan(sources(), 40, seed=3)
    levels = np.concatenate([make_batch(plan, step)[0][:, 0, 0, 0] for step in range(30)])
    dark = levels < 100
    assert abs(dark.sum() - 900) < 60
    for level, expected in ((10, 300), (20, 300), (30, 300), (200, 150), (220, 150)):
        assert abs((levels == level).sum() - expected) < 65, level


def test_each_source_has_its_own_crops(tmp_path):
    pairs = write_set(tmp_path, [10])
    with_size = [Source(pairs, 1, cut_of(size_px=size, empty_share=0.25)) for size in (32, 64)]
    assert make_batch(Plan(with_size[:1], 1, 0), 0)[0].shape == (1, 32, 32, 1)
    assert make_batch(Plan(with_size[1:], 1, 0), 0)[0].shape == (1, 64, 64, 1)


def test_photographs_are_read_once(tmp_path):
    source = Source(write_set(tmp_path, [10]), 1, CUT)
    first = make_batch(Plan([source], 2, 0), 0)
    source.pairs[0].image.unlink()
    assert same(first, make_batch(Plan([source], 2, 0), 0))


def test_empty_set(sources):
    with pytest.raises(DatasetError, match="no photographs"):
        Plan([*sources(), Source([], 1, CUT)], 2, 0)


def test_corrupt_photograph_is_named(tmp_path):
    pairs = write_set(tmp_path, [10, 20])
    pairs[1].image.write_bytes(b"\x89PNG broken")
    with pytest.raises(PhotoError, match=r"p1\.png"):
        list(batches(Plan([Source(pairs, 1, CUT)], 4, 0), 0, 8))


def test_mask_with_other_values_is_named(tmp_path):
    pairs = write_set(tmp_path, [10])
    cv2.imwrite(str(pairs[0].mask), np.full((48, 64), 7, np.uint8))
    with pytest.raises(DatasetError, match=r"p0\.png holds 7"):
        list(batches(Plan([Source(pairs, 1, CUT)], 4, 0), 0, 2))


def levels_of_epochs(sources, count, batch_size=2):
    plan = Plan(sources(), batch_size, seed=3, by_epoch=True)
    steps = plan.steps_per_epoch
    return [
        [
            int(level)
            for step in range(epoch * steps, (epoch + 1) * steps)
            for level in make_batch(plan, step)[0][:, 0, 0, 0]
        ]
        for epoch in range(count)
    ]


def test_an_epoch_sees_each_photograph_once(sources):
    """Shares play no part; of five photographs in batches of two, one waits for another epoch."""
    epochs = levels_of_epochs(sources, 12)
    assert all(len(set(epoch)) == len(epoch) == 4 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 6
    assert {level for epoch in epochs for level in epoch} == {10, 20, 30, 200, 220}


def test_whole_epochs_leave_nothing_out(sources):
    assert all(sorted(epoch) == [10, 20, 30, 200, 220] for epoch in levels_of_epochs(sources, 3, 5))


def test_an_epoch_of_less_than_a_batch(sources):
    with pytest.raises(DatasetError, match="at least a batch of 6; the sets hold 5"):
        Plan(sources(), 6, 0, by_epoch=True)
