"""Tiles: each pixel belongs to one, labels follow the mask, draws are pure functions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cracknet.baselines.baseline import at_half
from cracknet.baselines.tiles import CLASSES, TileDraw, TilePhoto, read_tile_photos
from cracknet.datasets.pairs import find_pairs
from cracknet.errors import ArgumentError, DatasetError
from cracknet.segmentation.scanning import CRACK, paint
from cracknet.segmentation.scanning import scan as scan_tiles
from cracknet.synthesis import SceneOptions, write_rendered_set


def darkness(tiles):
    dark = 1 - tiles.mean(axis=(1, 2, 3)) / 255
    return np.stack([1 - dark, dark], 1).astype(np.float32)


@given(height=st.integers(1, 40), width=st.integers(1, 40), tile=st.integers(1, 16), data=st.data())
def test_each_pixel_has_the_value_of_its_tile(height, width, tile, data):
    offset = data.draw(st.integers(0, tile - 1))
    gray = np.random.default_rng(height * 41 + width).integers(0, 256, (height, width), np.uint8)
    painted = paint(scan_tiles(gray, tile, darkness, offset)[..., CRACK], gray.shape, tile, offset)
    assert painted.shape == gray.shape
    wide = np.pad(gray, ((offset, 2 * tile), (offset, 2 * tile)), mode="symmetric")
    for row, column in ((0, 0), (height - 1, width - 1), (height // 2, width // 3)):
        top, left = (row + offset) // tile * tile, (column + offset) // tile * tile
        expected = 1 - wide[top : top + tile, left : left + tile].mean() / 255
        assert painted[row, column] == pytest.approx(expected, abs=1e-5)


def test_wrong_use_is_told():
    gray = np.zeros((8, 8), np.uint8)
    for tile, offset in ((0, 0), (4, 4), (4, -1)):
        with pytest.raises(ArgumentError, match="offset below"):
            scan_tiles(gray, tile, darkness, offset)
    with pytest.raises(ArgumentError, match="uint8"):
        scan_tiles(gray.astype(float), 4, darkness)


def test_labels_follow_the_masks():
    crack, joint = np.zeros((2, 40, 40), bool)
    crack[5, 5:9], joint[30, :20] = True, True
    photo = TilePhoto(np.zeros((40, 40), np.uint8), crack, joint)
    three = TileDraw([photo], 16, 3)
    assert three.least_px == 4
    assert [CLASSES[three.label(photo, *at)] for at in ((0, 0), (0, 6), (24, 0), (20, 24))] == [
        "crack", "intact", "joint", "intact",
    ]  # fmt: skip
    assert TileDraw([photo], 16).label(photo, 24, 0) == 0


def test_classes_come_in_equal_shares_and_again_alike(tile_photos):
    draw = TileDraw(tile_photos, 48, 3, batch_size=60, seed=4)
    tiles, kinds = draw(7)
    assert tiles.shape == (60, 48, 48, 1)
    assert tiles.dtype == np.float32
    assert np.bincount(kinds, minlength=3).min() >= 10
    again = TileDraw(tile_photos, 48, 3, batch_size=60, seed=4)(7)
    assert np.array_equal(tiles, again[0])
    assert np.array_equal(kinds, again[1])
    assert not np.array_equal(tiles, draw(8)[0])


def test_photographs_smaller_than_a_tile_are_mirrored_out():
    crack = np.zeros((20, 90), bool)
    crack[10] = True
    draw = TileDraw([TilePhoto(np.full((20, 90), 9, np.uint8), crack)], 64, batch_size=2, light=0)
    tiles, _ = draw(0)
    assert tiles.shape == (2, 64, 64, 1)
    assert (tiles == 9).all()


def test_what_cannot_be_learned_is_told(tile_photos):
    plain = [TilePhoto(photo.gray, photo.crack) for photo in tile_photos]
    with pytest.raises(DatasetError, match="of joint"):
        TileDraw(plain, 48, 3)
    with pytest.raises(DatasetError, match="of crack"):
        TileDraw([TilePhoto(plain[0].gray, np.zeros_like(plain[0].crack))], 48)


def test_photographs_are_read_with_the_joints_that_there_are(tmp_path):
    scene = SceneOptions(height=40, width=50, cracks=(1, 1), width_px=(3, 5))
    write_rendered_set(tmp_path, 2, scene, split="train", vary=False)
    pairs = find_pairs(tmp_path, "train")
    folder = tmp_path / "joints"
    folder.mkdir()
    mask = tmp_path / "masks" / "train" / f"{pairs[0].stem}.png"
    (folder / f"{pairs[0].stem}.png").write_bytes(mask.read_bytes())
    first, second = read_tile_photos(pairs, folder)
    assert np.array_equal(first.joint, first.crack)
    assert second.joint is None
    write_rendered_set(tmp_path / "other", 1, SceneOptions(height=30, width=50), split="a")
    other = next((tmp_path / "other" / "masks" / "a").iterdir())
    (folder / f"{pairs[1].stem}.png").write_bytes(other.read_bytes())
    with pytest.raises(DatasetError, match=pairs[1].stem):
        read_tile_photos(pairs, folder)


@given(st.floats(0.01, 0.99), st.integers(0, 1000))
def test_a_chosen_threshold_comes_to_lie_at_half(threshold, seed):
    values = np.random.default_rng(seed).random((5, 7), np.float32)
    values[0, :2] = threshold, np.nextafter(np.float32(threshold), np.float32(0))
    found = at_half(values, threshold)
    assert np.array_equal(found >= 0.5, values >= np.float32(threshold))
    order = np.argsort(values.ravel())
    assert (np.diff(found.ravel()[order]) >= -1e-6).all()
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1
