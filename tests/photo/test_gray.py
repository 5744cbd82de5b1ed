"""Luma, and what black and white mean in photographs of more than 8 bits."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from cracknet.errors import PhotoError
from cracknet.photo import photo_from_array, read_photo
from cracknet.photo.gray import gray_from_samples


@pytest.mark.parametrize(
    ("rgb", "gray"),
    [
        ((0, 0, 0), 0),
        ((255, 255, 255), 255),
        ((255, 0, 0), 76),  # 76.245
        ((0, 255, 0), 150),  # 149.685
        ((0, 0, 255), 29),  # 29.070
        ((255, 255, 0), 226),  # 225.930
        ((0, 255, 255), 179),  # 178.755
        ((255, 0, 255), 105),  # 105.315
        ((128, 128, 128), 128),
        ((1, 2, 3), 2),  # 1.815
        ((0, 0, 250), 29),  # 28.500, a tie: upwards
        ((0, 250, 250), 175),  # 175.250
        ((54, 1, 7), 18),  # 17.531
    ],
)
def test_bt601_table(rgb, gray):
    assert photo_from_array(np.array([[rgb]], np.uint8)).gray.tolist() == [[gray]]


def test_luma_is_rounded_to_nearest_for_a_million_colors():
    rgb = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    thousandths = rgb.astype(np.int64) @ np.array([299, 587, 114])
    np.testing.assert_array_equal(photo_from_array(rgb).gray, (thousandths + 500) // 1000)


@pytest.mark.parametrize(
    ("greatest", "white"),
    [
        (1, 255), (255, 255), (256, 1023), (1023, 1023), (1024, 4095), (4095, 4095),
        (4096, 16383), (16383, 16383), (16384, 65535), (65535, 65535),
    ],
)  # fmt: skip
def test_white_of_sixteen_bit_data(greatest, white):
    array = np.array([[0, greatest // 3, greatest]], np.uint16)
    expected = [int(value * 255 / white + 0.5) for value in array[0].tolist()]
    assert photo_from_array(array).gray.tolist() == [expected]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 0.0, 0.0], [0, 0, 0]),
        ([0.0, 51.0, 255.0], [0, 51, 255]),
        ([0.0, 257.0, 65535.0], [0, 1, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([0.0, 50000.0, 100000.0], [0, 128, 255]),
        ([-3.0, -3.0, -3.0], [0, 0, 0]),
        ([0.25, np.nan, np.inf], [64, 255, 255]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float_rule(tmp_path, values, expected, dtype):
    tifffile.imwrite(tmp_path / "a.tif", np.array([values], dtype))
    assert read_photo(tmp_path / "a.tif").gray.tolist() == [expected]


def test_float_without_any_finite_number(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.full((2, 2), np.nan, np.float32))
    with pytest.raises(PhotoError, match=r"a\.tif: none of its samples is a finite number"):
        read_photo(tmp_path / "a.tif")


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.uint32])
def test_whole_numbers_of_other_types(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "a.tif", np.array([[0, 819, 4095]], dtype))
    assert read_photo(tmp_path / "a.tif").gray.tolist() == [[0, 51, 255]]


def test_negative_whole_numbers_are_black(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.array([[-5, 51, 255]], np.int16))
    assert read_photo(tmp_path / "a.tif").gray.tolist() == [[0, 51, 255]]


def test_complex_numbers_are_refused():
    with pytest.raises(PhotoError, match="of the kind complex64"):
        gray_from_samples(np.zeros((2, 2), np.complex64))


def deep_scene(greatest):
    scene = np.random.default_rng(3).integers(0, greatest + 1, (24, 20, 3), dtype=np.uint16)
    scene[0, 0] = greatest
    return scene


def expected_gray(scene, white):
    return np.floor(scene @ np.array([0.299, 0.587, 0.114]) * (255 / white) + 0.5)


@pytest.mark.parametrize(("greatest", "white"), [(4095, 4095), (65535, 65535)])
class TestSixteenBitColor:
    def test_png(self, tmp_path, greatest, white):
        scene = deep_scene(greatest)
        cv2.imwrite(str(tmp_path / "a.png"), scene[..., ::-1])
        np.testing.assert_array_equal(
            read_photo(tmp_path / "a.png").gray, expected_gray(scene, white)
        )

    def test_gray_png(self, tmp_path, greatest, white):
        scene = deep_scene(greatest)[..., 0]
        Image.fromarray(scene).save(tmp_path / "a.png")
        gray = read_photo(tmp_path / "a.png").gray
        np.testing.assert_array_equal(gray, np.floor(scene * (255 / white) + 0.5))

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"compression": "zlib"},
            {"compression": "zlib", "predictor": True},
            {"byteorder": ">"},
            {"bigtiff": True},
            {"tile": (16, 16)},
            {"rowsperstrip": 5},
        ],
    )
    def test_tiff(self, tmp_path, greatest, white, options):
        scene = deep_scene(greatest)
        tifffile.imwrite(tmp_path / "a.tif", scene, photometric="rgb", **options)
        np.testing.assert_array_equal(
            read_photo(tmp_path / "a.tif").gray, expected_gray(scene, white)
        )

    def test_lzw_tiff(self, tmp_path, greatest, white):
        scene = deep_scene(greatest)
        cv2.imwrite(str(tmp_path / "a.tif"), scene[..., ::-1])
        with Image.open(tmp_path / "a.tif") as image:
            assert image.info["compression"] == "tiff_lzw"
        np.testing.assert_array_equal(
            read_photo(tmp_path / "a.tif").gray, expected_gray(scene, white)
        )

    def test_tiff_in_separate_planes(self, tmp_path, greatest, white):
        scene = deep_scene(greatest)
        planes = np.moveaxis(scene, 2, 0)
        tifffile.imwrite(tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate")
        np.testing.assert_array_equal(
            read_photo(tmp_path / "a.tif").gray, expected_gray(scene, white)
        )


def test_sixteen_bit_alpha_lies_over_white(tmp_path):
    array = np.array([[[60, 60, 60, 255], [9, 9, 9, 0], [60, 60, 60, 51]]], np.uint16) * 257
    cv2.imwrite(str(tmp_path / "a.png"), array)
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="rgb", extrasamples=["unassalpha"])
    for name in ("a.png", "a.tif"):
        # white is 16383: the samples are at most 60 * 257 = 15420
        assert read_photo(tmp_path / name).gray.tolist() == [[240, 255, 252]], name


def test_premultiplied_alpha(tmp_path):
    array = np.array([[[65535] * 4, [0, 0, 0, 0], [13107] * 4]], np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="rgb", extrasamples=["assocalpha"])
    assert read_photo(tmp_path / "a.tif").gray.tolist() == [[255, 255, 255]]


def test_gray_with_deep_alpha(tmp_path):
    array = np.array([[[65535, 65535], [0, 65535], [0, 0]]], np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="minisblack",
                     extrasamples=["unassalpha"], planarconfig="contig")  # fmt: skip
    assert read_photo(tmp_path / "a.tif").gray.tolist() == [[255, 0, 255]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_white_is_zero(tmp_path, dtype):
    greatest = np.iinfo(dtype).max
    tifffile.imwrite(tmp_path / "a.tif", np.array([[0, greatest]], dtype), photometric="miniswhite")
    assert read_photo(tmp_path / "a.tif").gray.tolist() == [[255, 0]]


def test_stated_maximum_decides(tmp_path):
    """A dark photograph of 12 bits stays dark where the file states its range."""
    tifffile.imwrite(
        tmp_path / "a.tif", np.array([[0, 100]], np.uint16), extratags=[(281, 3, 1, 4095, True)]
    )
    assert read_photo(tmp_path / "a.tif").gray.tolist() == [[0, 6]]


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_packed_samples(tmp_path, bits):
    top = 2**bits - 1
    values = [0, top // 5, top, 1, 2, 3, 4, top // 5 * 2]
    packed = int("".join(f"{value:0{bits}b}" for value in values), 2).to_bytes(bits, "big")
    fields = [(256, 8), (257, 1), (258, bits), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1),
              (279, bits)]  # fmt: skip
    table = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in fields)
    start = 8 + bits
    (tmp_path / "a.tif").write_bytes(
        struct.pack("<2sHI", b"II", 42, start) + packed
        + struct.pack("<H", len(fields)) + table + bytes(4)
    )  # fmt: skip
    expected = [int(value * 255 / top + 0.5) for value in values]
    assert read_photo(tmp_path / "a.tif").gray.tolist() == [expected]


@settings(max_examples=40, deadline=None)
@given(arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_scaling_keeps_order_and_ends(samples):
    gray = photo_from_array(samples).gray
    order = np.argsort(samples, axis=None, kind="stable")
    assert (np.diff(gray.ravel()[order].astype(int)) >= 0).all()
    assert (gray[samples == 0] == 0).all()


@settings(max_examples=40, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_full_range_data_come_back_exactly(gray):
    gray[0, 0] = 255
    deep = gray.astype(np.uint16) * 257
    np.testing.assert_array_equal(photo_from_array(deep).gray, gray)
