from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from cracknet.datasets.pairs import Pair
from cracknet.errors import DatasetError
from cracknet.scoring.predictions import find_predictions

LEVELS = np.array([[0, 1, 51], [128, 254, 255]], np.uint8)
PAIRS = [Pair(stem, Path(f"{stem}.jpg"), Path(f"{stem}.png")) for stem in "ab"]


def write(folder, ending, *arrays):
    for pair, values in zip(PAIRS, arrays, strict=True):
        cv2.imwrite(str(folder / f"{pair.stem}{ending}"), values)


def read(folder):
    predictions = find_predictions(folder, PAIRS)
    return predictions.values, [predictions.read(pair) for pair in PAIRS]


@pytest.mark.parametrize("ending", [".probability.png", ".png"])
def test_probabilities_of_8_bits(tmp_path, ending):
    write(tmp_path, ending, LEVELS, LEVELS[::-1])
    values, (first, second) = read(tmp_path)
    assert values == "8-bit probabilities"
    assert first.dtype == np.float32
    assert np.array_equal(first, LEVELS.astype(np.float32) / np.float32(255))
    assert np.array_equal(second, first[::-1])


def test_probabilities_of_16_bits(tmp_path):
    write(tmp_path, ".png", LEVELS.astype(np.uint16) * 257, LEVELS.astype(np.uint16) * 257)
    values, (first, _) = read(tmp_path)
    assert values == "16-bit probabilities"
    assert first == pytest.approx(LEVELS / 255)


@pytest.mark.parametrize("ending", [".mask.png", ".png"])
@pytest.mark.parametrize("level", [1, 255])
def test_masks(tmp_path, ending, level):
    mask = (LEVELS > 100).astype(np.uint8)
    write(tmp_path, ending, mask * level, mask * 0)
    values, (first, second) = read(tmp_path)
    assert values == "masks"
    assert np.array_equal(first, mask)
    assert not second.any()


def test_masks_of_one_bit(tmp_path):
    for pair in PAIRS:
        Image.fromarray(LEVELS > 100).convert("1").save(tmp_path / f"{pair.stem}.png")
    values, (first, _) = read(tmp_path)
    assert values == "masks"
    assert np.array_equal(first, LEVELS > 100)


def test_a_faint_photograph_among_probabilities_is_no_mask(tmp_path):
    """0 and 1 only, in one file of a folder of probabilities, are 0 and 1/255."""
    write(tmp_path, ".png", LEVELS, (LEVELS > 100).astype(np.uint8))
    values, (_, second) = read(tmp_path)
    assert values == "8-bit probabilities"
    assert second.max() == np.float32(1) / np.float32(255)


def test_colour_that_is_gray(tmp_path):
    write(tmp_path, ".png", np.dstack([LEVELS] * 3), np.dstack([LEVELS] * 4))
    _, (first, second) = read(tmp_path)
    assert first == pytest.approx(LEVELS / 255)
    assert np.array_equal(first, second)


def test_probabilities_go_before_masks_before_plain(tmp_path):
    mask = np.uint8(255) * (LEVELS > 100)
    write(tmp_path, ".png", LEVELS // 2, LEVELS // 2)
    write(tmp_path, ".mask.png", mask, mask)
    assert read(tmp_path)[0] == "masks"
    write(tmp_path, ".probability.png", LEVELS, LEVELS)
    assert read(tmp_path)[1][0].max() == 1


@pytest.mark.parametrize("ending", [".probability.png", ".mask.png", ".png"])
def test_a_missing_prediction_is_named(tmp_path, ending):
    write(tmp_path, ending, LEVELS, LEVELS)
    (tmp_path / f"b{ending}").unlink()
    with pytest.raises(DatasetError, match=r"'b' \(1 of 2 are missing\): expected .*b" + ending):
        find_predictions(tmp_path, PAIRS)


def test_a_folder_without_predictions(tmp_path):
    with pytest.raises(DatasetError, match=r"'a' \(2 of 2.*a.probability.png or a.mask.png or a"):
        find_predictions(tmp_path, PAIRS)


@pytest.mark.parametrize(
    ("name", "write_it", "said"),
    [
        ("b.png", lambda path: path.write_bytes(b"no picture"), "b.png cannot be read"),
        (
            "b.png",
            lambda path: cv2.imwrite(str(path), np.dstack([LEVELS, LEVELS, 0 * LEVELS])),
            "b.png is of mode RGB",
        ),
        (
            "b.png",
            lambda path: Image.fromarray(LEVELS).convert("P").save(path),
            "b.png is of mode P",
        ),
        (
            "b.png",
            lambda path: cv2.imwrite(str(path), LEVELS.astype(np.uint16) * 257),
            "holds both",
        ),
    ],
)
def test_files_that_are_no_predictions(tmp_path, name, write_it, said):
    write(tmp_path, ".png", LEVELS, LEVELS)
    write_it(tmp_path / name)
    with pytest.raises(DatasetError, match=said):
        read(tmp_path)


def test_a_mask_file_must_hold_a_mask(tmp_path):
    write(tmp_path, ".mask.png", LEVELS, LEVELS)
    with pytest.raises(DatasetError, match=r"0 and 255.*a.mask.png"):
        read(tmp_path)


def test_a_cut_off_file(tmp_path):
    rng = np.random.default_rng(0)
    write(tmp_path, ".probability.png", *rng.integers(0, 255, (2, 50, 50), np.uint8))
    path = tmp_path / "a.probability.png"
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(DatasetError, match=r"a.probability.png cannot be read"):
        read(tmp_path)
