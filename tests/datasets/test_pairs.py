from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from cracknet.datasets.pairs import Pair, find_pairs, read_mask
from cracknet.errors import DatasetError, PhotoError

GRAY = np.arange(24 * 40, dtype=np.uint8).reshape(24, 40)
MASK = np.zeros((24, 40), bool)
MASK[10:13] = True
STORED = np.where(MASK, 255, 0).astype(np.uint8)


def write(root, stem, *, gray=GRAY, mask=STORED, split="train", suffix=".png"):
    """Write one photograph and, unless it is None, its mask."""
    image = root / "images" / split / f"{stem}{suffix}"
    other = root / "masks" / split / f"{stem}.png"
    for path, values in ((image, gray), (other, mask)):
        path.parent.mkdir(parents=True, exist_ok=True)
        if values is not None:
            Image.fromarray(values).save(path)
    return Pair(stem, image, other)


def test_pairs_of_a_split_in_order(tmp_path):
    expected = [write(tmp_path, stem) for stem in ("a", "b-1", "b-2")]
    write(tmp_path, "c", split="test")
    assert find_pairs(tmp_path, "train") == expected
    assert [pair.stem for pair in find_pairs(tmp_path, "test")] == ["c"]


def test_formats_and_foreign_files(tmp_path):
    write(tmp_path, "a", suffix=".JPG")
    write(tmp_path, "b", suffix=".tif")
    (tmp_path / "images/train/notes.txt").write_text("not a photograph")
    (tmp_path / "images/train/more").mkdir()
    assert [pair.image.name for pair in find_pairs(tmp_path, "train")] == ["a.JPG", "b.tif"]


def test_only_and_without(tmp_path):
    for stem in "abcd":
        write(tmp_path, stem)

    def stems(**lists):
        return "".join(pair.stem for pair in find_pairs(tmp_path, "train", **lists))

    assert stems(only=["d", "b"]) == "bd"
    assert stems(without=["d", "b"]) == "ac"
    assert stems(only=["a", "b"], without=["b"]) == "a"
    assert stems(only=[]) == ""


@pytest.mark.parametrize("lists", [{"only": ["a", "zebra"]}, {"without": ["zebra"]}])
def test_listed_stem_that_is_not_there(tmp_path, lists):
    write(tmp_path, "a")
    with pytest.raises(DatasetError, match="'zebra'"):
        find_pairs(tmp_path, "train", **lists)


def test_empty_folder_has_no_pairs(tmp_path):
    (tmp_path / "images/train").mkdir(parents=True)
    assert find_pairs(tmp_path, "train") == []


def test_missing_folder(tmp_path):
    with pytest.raises(DatasetError) as caught:
        find_pairs(tmp_path, "train")
    assert str(tmp_path / "images" / "train") in str(caught.value)


def test_missing_mask(tmp_path):
    pair = write(tmp_path, "a", mask=None)
    with pytest.raises(DatasetError) as caught:
        find_pairs(tmp_path, "train")
    assert str(pair.image) in str(caught.value)
    assert str(pair.mask) in str(caught.value)


def test_two_photographs_of_one_stem(tmp_path):
    write(tmp_path, "a", suffix=".png")
    write(tmp_path, "a", suffix=".jpg")
    with pytest.raises(DatasetError, match="one stem") as caught:
        find_pairs(tmp_path, "train")
    assert "a.png" in str(caught.value)
    assert "a.jpg" in str(caught.value)


def test_reading_a_pair(tmp_path):
    gray, mask = write(tmp_path, "a").read()
    assert gray.dtype == np.uint8
    assert mask.dtype == bool
    assert np.array_equal(gray, GRAY)
    assert np.array_equal(mask, MASK)


def test_mask_of_another_size(tmp_path):
    pair = write(tmp_path, "a", mask=np.zeros((24, 41), np.uint8))
    with pytest.raises(DatasetError, match="40x24") as caught:
        pair.read()
    assert f"{pair.mask} has 41x24" in str(caught.value)


def test_unreadable_photograph_is_named(tmp_path):
    pair = write(tmp_path, "a")
    pair.image.write_bytes(b"not an image")
    with pytest.raises(PhotoError, match=r"a\.png"):
        pair.read()


@pytest.mark.parametrize(
    "stored",
    [
        STORED,
        MASK.astype(np.uint8),
        MASK,  # one bit
        np.repeat(STORED[..., None], 3, axis=2),  # gray kept as RGB
    ],
    ids=["0 and 255", "0 and 1", "one bit", "RGB"],
)
def test_mask_files_that_are_read(tmp_path, stored):
    path = tmp_path / "mask.png"
    Image.fromarray(stored).save(path)
    found = read_mask(path)
    assert found.dtype == bool
    assert np.array_equal(found, MASK)


@pytest.mark.parametrize("value", [0, 1, 255])
def test_mask_of_one_value(tmp_path, value):
    path = tmp_path / "mask.png"
    Image.fromarray(np.full((5, 7), value, np.uint8)).save(path)
    assert np.array_equal(read_mask(path), np.full((5, 7), value > 0))


def test_mask_of_one_pixel(tmp_path):
    path = tmp_path / "mask.png"
    Image.fromarray(np.full((1, 1), 255, np.uint8)).save(path)
    assert read_mask(path).tolist() == [[True]]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0, 3, 255], "holds 0, 3, 255"),
        ([0, 1, 255], "holds 0, 1, 255"),
        ([128], "holds 128"),
        (range(20), "holds 0, 1, 2, 3, 4, 5 and more"),
    ],
)
def test_other_values_are_refused_and_named(tmp_path, values, said):
    path = tmp_path / "wall_12.png"
    Image.fromarray(np.array([list(values)], np.uint8)).save(path)
    with pytest.raises(DatasetError, match=said) as caught:
        read_mask(path)
    assert str(path) in str(caught.value)
    assert "0 and 255" in str(caught.value)


def test_missing_mask_file(tmp_path):
    with pytest.raises(DatasetError, match="no mask at") as caught:
        read_mask(tmp_path / "gone.png")
    assert str(tmp_path / "gone.png") in str(caught.value)


def damaged_files():
    """Give a valid PNG's bytes, cut short and changed in many places."""
    noise = np.random.default_rng(0).random((60, 60)) < 0.5
    whole = cv2.imencode(".png", noise * np.uint8(255))[1].tobytes()
    yield b""
    yield b"no mask"
    for length in (4, 20, 40, len(whole) // 2, len(whole) - 20):
        yield whole[:length]
    for place in range(8, len(whole) - 12, 23):
        yield whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]


def test_a_damaged_mask_is_one_clear_error(tmp_path):
    """Whatever is wrong with the file, no other exception comes out."""
    path = tmp_path / "mask.png"
    errors = []
    for content in damaged_files():
        path.write_bytes(content)
        try:
            read_mask(path)
        except DatasetError as error:
            errors.append(str(error))
    assert len(errors) > 10
    assert all(str(path) in error for error in errors)
