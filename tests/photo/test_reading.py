"""Ordinary photographs of every format, and arrays."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from cracknet.errors import ArgumentError, PhotoError
from cracknet.photo import photo_from_array, read_photo

DATA = Path(os.environ.get("CRACKNET_DATA", Path(__file__).parents[3] / "shared" / "data"))


def luma(rgb):
    """BT.601 in whole thousandths, ties upwards: the definition, not the code."""
    red, green, blue = (rgb[..., band].astype(np.int64) for band in range(3))
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)


@pytest.fixture
def scene():
    """Colours that differ at every pixel and under every turn; shape (20, 30, 3)."""
    return np.random.default_rng(7).integers(0, 256, (20, 30, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp", "A.PNG", "a.dat", "no_suffix"])
def test_lossless_color_is_exact_luma(tmp_path, scene, name):
    file = tmp_path / name
    known = {".png": "PNG", ".tif": "TIFF", ".bmp": "BMP"}.get(file.suffix.lower(), "PNG")
    Image.fromarray(scene).save(file, format=known)
    photo = read_photo(file)
    np.testing.assert_array_equal(photo.gray, luma(scene))
    assert photo.path == file
    assert (photo.width, photo.height) == (30, 20)
    assert photo.gray.dtype == np.uint8
    assert photo.gray.flags.c_contiguous
    assert photo.gray.flags.writeable


@pytest.mark.parametrize(
    "options",
    [
        {"format": "PNG"},
        {"format": "BMP"},
        {"format": "TIFF"},
        {"format": "TIFF", "compression": "tiff_lzw"},
        {"format": "TIFF", "compression": "tiff_adobe_deflate"},
        {"format": "TIFF", "compression": "packbits"},
        {"format": "TIFF", "big_tiff": True},
    ],
)
def test_gray_passes_unchanged(tmp_path, scene, options):
    gray = scene[..., 0]
    Image.fromarray(gray).save(tmp_path / "wall", **options)
    np.testing.assert_array_equal(read_photo(tmp_path / "wall").gray, gray)


def test_lossless_webp(tmp_path, scene):
    Image.fromarray(scene).save(tmp_path / "a.webp", lossless=True)
    np.testing.assert_array_equal(read_photo(tmp_path / "a.webp").gray, luma(scene))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_jpeg_is_luma_of_its_decoded_colors(tmp_path, scene, progressive, subsampling):
    file = tmp_path / "a.jpg"
    Image.fromarray(scene).save(file, progressive=progressive, subsampling=subsampling)
    with Image.open(file) as image:
        decoded = np.asarray(image)
    np.testing.assert_array_equal(read_photo(file).gray, luma(decoded))


def test_gray_jpeg(tmp_path, scene):
    file = tmp_path / "a.jpg"
    Image.fromarray(scene[..., 0]).save(file)
    with Image.open(file) as image:
        decoded = np.asarray(image)
    np.testing.assert_array_equal(read_photo(file).gray, decoded)


def test_cmyk_jpeg_with_adobe_inversion(tmp_path):
    rgb = Image.new("RGB", (32, 32), (200, 200, 200))
    rgb.paste((40, 40, 40), (0, 0, 16, 32))
    rgb.convert("CMYK").save(tmp_path / "a.jpg", quality=100)
    assert b"Adobe" in (tmp_path / "a.jpg").read_bytes()
    gray = read_photo(tmp_path / "a.jpg").gray.astype(int)
    assert abs(gray[:, :12] - 40).max() <= 4
    assert abs(gray[:, 20:] - 200).max() <= 4


def test_cmyk_tiff(tmp_path, scene):
    Image.fromarray(scene).convert("CMYK").save(tmp_path / "a.tif")
    np.testing.assert_array_equal(read_photo(tmp_path / "a.tif").gray, luma(scene))


def test_ycbcr_tiff(tmp_path):
    Image.new("YCbCr", (4, 4), (90, 128, 128)).save(tmp_path / "a.tif")
    assert set(read_photo(tmp_path / "a.tif").gray.flat) == {90}


def test_jpeg_within_tiff(tmp_path):
    Image.new("RGB", (32, 32), (90, 90, 90)).save(tmp_path / "a.tif", compression="jpeg")
    assert set(read_photo(tmp_path / "a.tif").gray.flat) == {90}


@pytest.mark.parametrize("compression", [None, "group4"])
def test_one_bit(tmp_path, compression):
    bits = np.zeros((9, 17), bool)
    bits[2:5, 3:11] = True
    Image.fromarray(bits).save(tmp_path / "a.tif", compression=compression)
    np.testing.assert_array_equal(read_photo(tmp_path / "a.tif").gray, bits * np.uint8(255))
    Image.fromarray(bits).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_photo(tmp_path / "a.png").gray, bits * np.uint8(255))


def palette_image():
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 10, 20, 30, 0, 0, 255])
    image.putdata([0, 1, 2])
    return image


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp"])
def test_palette(tmp_path, name):
    palette_image().save(tmp_path / name)
    assert read_photo(tmp_path / name).gray.tolist() == [[76, 18, 29]]


@pytest.mark.parametrize(
    ("transparency", "expected"),
    [(1, [76, 255, 29]), (b"\xff\x80\x00", [76, 136, 255])],
)
def test_transparent_palette_lies_over_white(tmp_path, transparency, expected):
    palette_image().save(tmp_path / "a.png", transparency=transparency)
    assert read_photo(tmp_path / "a.png").gray.tolist() == [expected]


@pytest.mark.parametrize(("mode", "color"), [("LA", (60,)), ("RGBA", (60, 60, 60))])
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_alpha_lies_over_white(tmp_path, mode, color, name):
    image = Image.new(mode, (3, 1))
    for x, alpha in enumerate((255, 0, 51)):
        image.putpixel((x, 0), (*color, alpha))
    image.save(tmp_path / name)
    # 60 * 51/255 + 255 * 204/255 = 216
    assert read_photo(tmp_path / name).gray.tolist() == [[60, 255, 216]]


def test_transparent_color_of_rgb_png(tmp_path):
    image = Image.new("RGB", (2, 1), (10, 10, 10))
    image.putpixel((1, 0), (0, 255, 0))
    image.save(tmp_path / "a.png", transparency=(0, 255, 0))
    assert read_photo(tmp_path / "a.png").gray.tolist() == [[10, 255]]


@pytest.mark.parametrize("size", [(1, 1), (30000, 20), (20, 30000), (1, 7)])
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
def test_extreme_sizes(tmp_path, size, name):
    Image.new("L", size, 77).save(tmp_path / name)
    gray = read_photo(tmp_path / name).gray
    assert gray.shape == size[::-1]
    assert set(np.unique(gray)) == {77}


UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.T,
    6: lambda a: a.T[:, ::-1],
    7: lambda a: a.T[::-1, ::-1],
    8: lambda a: a.T[::-1],
}
"""Turns the stored rows and columns upright, as Exif 2.32 describes tag 274."""


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.png", {}),
        ("a.tif", {}),
        ("lzw.tif", {"compression": "tiff_lzw"}),
        ("a.webp", {"lossless": True}),
    ],
)
def test_every_orientation_is_turned_upright(tmp_path, scene, orientation, name, options):
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(scene).save(tmp_path / name, exif=exif, **options)
    photo = read_photo(tmp_path / name)
    np.testing.assert_array_equal(photo.gray, UPRIGHT[orientation](luma(scene)))
    assert photo.metadata.orientation == orientation
    assert photo.gray.flags.c_contiguous


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_orientations_of_one_scene_agree(tmp_path, orientation):
    """The scene as the inspector saw it comes out, whichever way the camera was held."""
    upright = np.full((48, 64), 200, np.uint8)
    upright[8:16, 8:56] = 30
    upright[8:40, 8:16] = 90
    stored = next(
        candidate
        for turn in UPRIGHT.values()
        for candidate in (turn(upright),)
        if np.array_equal(UPRIGHT[orientation](candidate), upright)
    )
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.jpg", exif=exif, quality=100)
    gray = read_photo(tmp_path / "a.jpg").gray.astype(int)
    assert gray.shape == upright.shape
    assert abs(gray - upright).max() <= 3


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_orientation_outside_the_standard_counts_as_upright(tmp_path, scene, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(scene).save(tmp_path / "a.png", exif=exif)
    photo = read_photo(tmp_path / "a.png")
    np.testing.assert_array_equal(photo.gray, luma(scene))
    assert photo.metadata.orientation == 1


def test_first_page_of_several(tmp_path):
    pages = [Image.new("L", (4, 4), value) for value in (10, 200, 90)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    pages[0].save(tmp_path / "a.webp", save_all=True, append_images=pages[1:], lossless=True)
    pages[0].save(tmp_path / "a.png", save_all=True, append_images=pages[1:])
    pages[0].save(tmp_path / "a.mpo", save_all=True, append_images=pages[1:])
    for name in ("a.tif", "a.webp", "a.png", "a.mpo"):
        assert set(read_photo(tmp_path / name).gray.flat) == {10}, name


def test_tiled_tiff(tmp_path, scene):
    tifffile.imwrite(tmp_path / "a.tif", scene, tile=(16, 16), photometric="rgb")
    np.testing.assert_array_equal(read_photo(tmp_path / "a.tif").gray, luma(scene))


def test_color_in_separate_planes(tmp_path, scene):
    planes = np.moveaxis(scene, 2, 0)
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_photo(tmp_path / "a.tif").gray, luma(scene))


def test_tiff_with_private_and_broken_tags_reads_without_warnings(tmp_path, scene):
    tags = [(65000, 12, 3, (1.0, 2.0, 3.0), True), (305, 2, 0, "x" * 40, True)]
    tifffile.imwrite(tmp_path / "a.tif", scene, photometric="rgb", extratags=tags)
    data = bytearray((tmp_path / "a.tif").read_bytes())
    # point the private tag's values far behind the end of the file
    at = data.index((65000).to_bytes(2, "little"))
    data[at + 8 : at + 12] = (2**31).to_bytes(4, "little")
    (tmp_path / "a.tif").write_bytes(data)
    np.testing.assert_array_equal(read_photo(tmp_path / "a.tif").gray, luma(scene))


def test_photo_above_pillows_own_limit(tmp_path, monkeypatch):
    """Pillow's limit belongs to the caller's process: it neither applies here nor is changed."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    for name in ("a.png", "a.jpg", "a.tif", "a.bmp"):
        Image.new("L", (40, 40), 9).save(tmp_path / name)
        assert read_photo(tmp_path / name).gray.shape == (40, 40)
    assert Image.MAX_IMAGE_PIXELS == 50


def test_threads(tmp_path):
    files = []
    for value in range(24):
        files.append(tmp_path / f"{value}.{('png', 'jpg', 'tif')[value % 3]}")
        Image.new("RGB", (64, 48), (value, value, value)).save(files[-1])
    with ThreadPoolExecutor(4) as pool:
        photos = list(pool.map(read_photo, files))
    assert [int(photo.gray[5, 5]) for photo in photos] == list(range(24))
    assert threading.active_count() < 20


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_files_are_closed(tmp_path):
    for name in ("a.png", "a.jpg", "a.tif", "a.webp"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 no")
    before = len(list(Path("/proc/self/fd").iterdir()))
    kept = [read_photo(tmp_path / name) for name in ("a.png", "a.jpg", "a.tif", "a.webp")]
    with pytest.raises(PhotoError):
        read_photo(tmp_path / "bad.jpg")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert len(kept) == 4


def test_heic(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    image = Image.new("RGB", (64, 48), (180, 180, 180))
    image.paste((40, 40, 40), (0, 0, 64, 12))
    exif = Image.Exif()
    exif[271], exif[272], exif[274] = "Apple", "iPhone 15", 6
    pillow_heif.from_pillow(image).save(tmp_path / "a.heic", quality=95, exif=exif.tobytes())
    photo = read_photo(tmp_path / "a.heic")
    assert photo.metadata.camera == "Apple iPhone 15"
    with pytest.raises(PhotoError, match="more than the limit"):
        read_photo(tmp_path / "a.heic", max_pixels=64 * 48 - 1)
    # the file's own rotation (irot), written from orientation 6, turns the dark top to the right
    assert photo.gray.shape == (64, 48)
    assert abs(photo.gray[:, 38:].astype(int) - 40).max() <= 6
    assert abs(photo.gray[:, :34].astype(int) - 180).max() <= 6


def test_heic_without_its_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(PhotoError, match=r'a\.heic: .*pip install "cracknet\[heic\]"'):
        read_photo(tmp_path / "a.heic")


class TestPhotoFromArray:
    def test_gray_is_copied_unchanged(self, scene):
        gray = scene[..., 0]
        photo = photo_from_array(gray, "wall.png")
        np.testing.assert_array_equal(photo.gray, gray)
        assert not np.shares_memory(photo.gray, gray)
        assert photo.path == Path("wall.png")
        assert photo.metadata.orientation == 1

    def test_color_agrees_with_read_photo(self, tmp_path, scene):
        Image.fromarray(scene).save(tmp_path / "a.png")
        photo = photo_from_array(scene)
        np.testing.assert_array_equal(photo.gray, read_photo(tmp_path / "a.png").gray)
        assert photo.path is None

    def test_view_with_strides(self, scene):
        np.testing.assert_array_equal(
            photo_from_array(scene[::-2, ::3]).gray, luma(scene[::-2, ::3])
        )

    def test_alpha(self):
        array = np.array([[[0, 0, 0, 0], [60, 60, 60, 51], [255] * 4]], np.uint8)
        assert photo_from_array(array).gray.tolist() == [[255, 216, 255]]
        assert photo_from_array(array.astype(np.uint16) * 257).gray.tolist() == [[255, 216, 255]]

    def test_sixteen_bits_agree_with_the_file(self, tmp_path, scene):
        deep = scene.astype(np.uint16) * 16
        cv2.imwrite(str(tmp_path / "a.png"), deep[..., ::-1])
        np.testing.assert_array_equal(
            photo_from_array(deep).gray, read_photo(tmp_path / "a.png").gray
        )

    @pytest.mark.parametrize("shape", [(0, 5), (5,), (2, 2, 2), (2, 2, 5), (1, 2, 2, 3), (3, 0, 3)])
    def test_wrong_shape(self, shape):
        with pytest.raises(ArgumentError, match=r"array must have the shape .*got the shape \("):
            photo_from_array(np.zeros(shape, np.uint8))

    @pytest.mark.parametrize("dtype", [np.float32, np.int8, np.int32, bool])
    def test_wrong_dtype(self, dtype):
        with pytest.raises(ArgumentError, match="array must be uint8 or uint16; got"):
            photo_from_array(np.zeros((2, 2), dtype))


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no photographs in {DATA}")
def test_real_photographs():
    photos = sorted((DATA / "photos").glob("*.jpg"))
    sets = [
        next(iter(sorted(folder.rglob("images/**/*.jpg"))))
        for folder in DATA.iterdir()
        if (folder / "images").is_dir()
    ]
    assert len(photos) == 2
    assert len(sets) >= 6
    for file in photos + sets:
        photo = read_photo(file)
        with Image.open(file) as image:
            assert (photo.width, photo.height) == image.size
            np.testing.assert_array_equal(photo.gray, luma(np.asarray(image.convert("RGB"))))
        assert photo.gray.std() > 1
