"""Tiles of a photograph, its probability and its mask at every size."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cracknet.errors import ArgumentError, OutputError
from cracknet.photo import read_photo
from cracknet.reporting import pyramid
from cracknet.reporting.pyramid import (
    TILE_PX,
    colour_of,
    level_size,
    pyramid_levels,
    tile_path,
    write_layer,
    write_pyramid,
)


def level_of(folder, layer, level, width, height):
    """Put the tiles of a level together, and see that no other file lies there."""
    wide, high = level_size(width, height, level)
    rows = []
    for row in range(math.ceil(high / TILE_PX)):
        tiles = [
            cv2.imread(str(tile_path(folder, layer, level, column, row)), cv2.IMREAD_UNCHANGED)
            for column in range(math.ceil(wide / TILE_PX))
        ]
        rows.append(np.hstack(tiles))
    whole = np.vstack(rows)
    assert whole.shape[:2] == (high, wide)
    count = len(list((folder / layer / str(level)).iterdir()))
    assert count == math.ceil(high / TILE_PX) * math.ceil(wide / TILE_PX)
    return whole


@pytest.mark.parametrize(
    ("size", "levels"),
    [
        ((1, 1), 1),
        ((512, 512), 1),
        ((513, 2), 2),
        ((1024, 3), 2),
        ((1025, 9), 3),
        ((8192, 6144), 5),
    ],
)
def test_how_many_levels(size, levels):
    assert pyramid_levels(*size) == levels
    assert max(level_size(*size, levels - 1)) <= TILE_PX
    assert levels == 1 or max(level_size(*size, levels - 2)) > TILE_PX


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 19))
def test_a_level_is_the_half_of_the_one_before(width, height, level):
    wide, high = level_size(width, height, level)
    assert level_size(width, height, level + 1) == ((wide + 1) // 2, (high + 1) // 2)


@pytest.mark.parametrize("size", [(1, 1), (512, 512), (700, 1301), (1025, 513)])
def test_level_0_is_the_picture_itself_and_every_level_fits(tmp_path, size):
    height, width = size
    rng = np.random.default_rng(0)
    probability = rng.random(size, np.float32)
    mask = rng.random(size) > 0.99
    photo = cv2.resize(rng.integers(80, 160, (8, 8), np.uint8), (width, height))
    count = write_pyramid(tmp_path, photo, probability, mask)
    assert count == len([path for path in tmp_path.rglob("*.*") if path.is_file()])
    assert np.array_equal(level_of(tmp_path, "mask", 0, width, height), mask * np.uint8(255))
    stored = level_of(tmp_path, "probability", 0, width, height)
    assert np.abs(stored / 255 - probability).max() <= 0.5 / 255 + 1e-6
    shown = level_of(tmp_path, "photo", 0, width, height)
    assert np.abs(shown.astype(int) - photo).mean() < 2
    for level in range(pyramid_levels(width, height)):
        for layer in ("photo", "probability", "mask"):
            level_of(tmp_path, layer, level, width, height)


def test_a_crack_of_one_pixel_stays_to_be_seen(tmp_path):
    mask = np.zeros((2000, 3001), bool)
    mask[1001, 500:2500] = True
    mask[1999, 3000] = True
    write_layer(tmp_path, "mask", mask)
    last = pyramid_levels(3001, 2000) - 1
    small = level_of(tmp_path, "mask", last, 3001, 2000)
    assert (small[1001 >> last, 500 >> last : 2500 >> last] == 255).all()
    assert small[-1, -1] == 255
    assert (small > 0).sum() == (2500 - 1 >> last) - (500 >> last) + 2


def test_a_probability_cut_at_a_threshold_is_the_mask_at_every_level(tmp_path):
    rng = np.random.default_rng(3)
    probability = (rng.integers(0, 256, (1100, 1200)) / np.float32(255)).astype(np.float32)
    probability *= rng.random(probability.shape) > 0.9
    write_layer(tmp_path, "probability", probability)
    shown = cv2.convertScaleAbs(probability, alpha=255)
    write_layer(tmp_path, "mask", shown >= 100)
    for level in range(pyramid_levels(1200, 1100)):
        values = level_of(tmp_path, "probability", level, 1200, 1100)
        mask = level_of(tmp_path, "mask", level, 1200, 1100)
        assert np.array_equal(values >= 100, mask > 0)


def test_the_photograph_is_halved_by_its_mean(tmp_path):
    photo = np.zeros((600, 1000), np.uint8)
    photo[:, ::2] = 200
    write_layer(tmp_path, "photo", photo)
    assert np.abs(level_of(tmp_path, "photo", 1, 1000, 600).astype(int) - 100).max() <= 2


def test_colour_stays_and_turns_with_the_photograph(tmp_path):
    rgb = np.zeros((40, 60, 3), np.uint8) + np.array([180, 120, 60], np.uint8)
    rgb[:20, :10] = (20, 40, 200)
    exif = Image.Exif()
    exif[0x0112] = 6
    file = tmp_path / "wall.jpg"
    Image.fromarray(rgb).save(file, quality=95, exif=exif)
    gray = read_photo(file).gray
    colour = colour_of(file, gray)
    assert colour.shape == (60, 40, 3)
    assert np.abs(colour[50, 10].astype(int) - (60, 120, 180)).max() < 12
    assert np.abs(colour[4, 30].astype(int) - (200, 40, 20)).max() < 40
    write_layer(tmp_path / "tiles", "photo", colour)
    assert level_of(tmp_path / "tiles", "photo", 0, 40, 60).shape == (60, 40, 3)


@pytest.mark.parametrize("mode", ["L", "I;16", "RGBA", "CMYK"])
def test_other_pictures_are_shown_in_gray(tmp_path, mode):
    file = tmp_path / f"wall.{'jpg' if mode == 'CMYK' else 'png'}"
    if mode == "I;16":
        Image.fromarray(np.full((20, 30), 30000, np.uint16)).save(file)
    else:
        Image.new(mode, (30, 20), 100 if mode == "L" else (50, 60, 70, 80)).save(file)
    gray = read_photo(file).gray
    assert colour_of(file, gray) is gray


def test_a_picture_that_is_not_the_photograph_as_read_is_not_shown(tmp_path):
    file = tmp_path / "wall.png"
    Image.new("RGB", (30, 20), (200, 200, 200)).save(file)
    gray = np.full((20, 30), 60, np.uint8)
    assert colour_of(file, gray) is gray
    assert colour_of(tmp_path / "none.png", gray) is gray


def test_heic_of_a_phone_in_colour(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    rgb = np.zeros((64, 96, 3), np.uint8) + np.array([180, 120, 60], np.uint8)
    file = tmp_path / "wall.heic"
    pillow_heif.from_pillow(Image.fromarray(rgb)).save(file, quality=90)
    colour = colour_of(file, read_photo(file).gray)
    assert np.abs(colour[30, 30].astype(int) - (60, 120, 180)).max() < 15


def test_new_tiles_take_the_place_of_old_ones_as_a_whole(tmp_path):
    write_layer(tmp_path, "mask", np.ones((600, 1200), bool))
    write_layer(tmp_path, "mask", np.zeros((100, 90), bool))
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.png")] == [
        "mask/0/0_0.png"
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["mask"]


def test_what_a_kill_left_behind_does_not_disturb(tmp_path):
    for name in (".mask.part", ".mask.old"):
        (tmp_path / name / "0").mkdir(parents=True)
        (tmp_path / name / "0" / "9_9.png").write_bytes(b"half")
    write_layer(tmp_path, "mask", np.ones((10, 10), bool))
    assert [path.name for path in tmp_path.iterdir()] == ["mask"]


def test_after_a_failure_the_old_tiles_stay(tmp_path, monkeypatch):
    write_layer(tmp_path, "mask", np.ones((10, 10), bool))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pyramid, "_write_level", full)
    with pytest.raises(OutputError, match="No space left"):
        write_layer(tmp_path, "mask", np.zeros((10, 10), bool))
    assert level_of(tmp_path, "mask", 0, 10, 10).all()


def test_the_old_tiles_come_back_where_the_new_ones_cannot_take_their_place(tmp_path, monkeypatch):
    write_layer(tmp_path, "mask", np.ones((10, 10), bool))
    real = Path.rename

    def refused(self, target):
        if self.name == ".mask.part":
            raise OSError(5, "Input/output error")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(OutputError, match="Input/output"):
        write_layer(tmp_path, "mask", np.zeros((10, 10), bool))
    assert level_of(tmp_path, "mask", 0, 10, 10).all()


@pytest.mark.parametrize(
    "place",
    [("../mask", 0, 0, 0), ("mask", -1, 0, 0), ("mask", 0, "../..", 0), ("mask", 0, 0, 1.5)],
)
def test_nothing_else_becomes_part_of_a_path(tmp_path, place):
    with pytest.raises(ArgumentError, match="a tile is of a layer"):
        tile_path(tmp_path, *place)


def test_sizes_must_agree(tmp_path):
    with pytest.raises(ArgumentError, match="one size"):
        write_pyramid(tmp_path, np.zeros((5, 6), np.uint8), mask=np.zeros((6, 5), bool))
