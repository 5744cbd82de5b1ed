"""Files that cannot be read: each gives one PhotoError that names the file and the next step."""

from __future__ import annotations

import io
import os
import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from cracknet.errors import ArgumentError, PhotoError
from cracknet.photo import read_photo

SCENE = np.random.default_rng(5).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def encoded(name, **options):
    stream = io.BytesIO()
    Image.fromarray(SCENE).save(stream, name, **options)
    return stream.getvalue()


def deep_tiff(**options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, SCENE.astype(np.uint16) * 200, photometric="rgb", **options)
    return stream.getvalue()


WHOLE = {
    "JPEG": encoded("JPEG"),
    "progressive JPEG": encoded("JPEG", progressive=True),
    "PNG": encoded("PNG"),
    "16-bit PNG": cv2.imencode(".png", SCENE.astype(np.uint16) * 200)[1].tobytes(),
    "TIFF": encoded("TIFF"),
    "LZW TIFF": encoded("TIFF", compression="tiff_lzw"),
    "16-bit TIFF": deep_tiff(),
    "16-bit deflate TIFF": deep_tiff(compression="zlib"),
    "16-bit LZW TIFF": cv2.imencode(".tif", SCENE.astype(np.uint16) * 200)[1].tobytes(),
    "BMP": encoded("BMP"),
    "WebP": encoded("WEBP"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_files_read(tmp_path, name):
    (tmp_path / "a").write_bytes(WHOLE[name])
    assert read_photo(tmp_path / "a").gray.shape == (40, 60)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("name", WHOLE)
def test_truncated_at_a_share(tmp_path, name, share):
    data = WHOLE[name]
    file = tmp_path / "wall.jpg"
    file.write_bytes(data[: max(30, int(len(data) * share))])
    with pytest.raises(PhotoError, match=r"wall\.jpg: .*(truncated|damaged)"):
        read_photo(file)


@pytest.mark.parametrize("missing", [1, 2, 3, 5, 12, 20])
@pytest.mark.parametrize("name", WHOLE)
def test_truncated_by_a_few_bytes(tmp_path, name, missing):
    file = tmp_path / "wall.jpg"
    file.write_bytes(WHOLE[name][:-missing])
    if "TIFF" in name:
        # a TIFF may end in bytes that no pixel needs
        whole = tmp_path / "whole"
        whole.write_bytes(WHOLE[name])
        try:
            gray = read_photo(file).gray
        except PhotoError:
            return
        np.testing.assert_array_equal(gray, read_photo(whole).gray)
        return
    with pytest.raises(PhotoError, match=r"wall\.jpg: .*(truncated|damaged)"):
        read_photo(file)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.integers(1, 10**6))
def test_truncation_anywhere_is_an_error_or_changes_nothing(tmp_path_factory, name, cut):
    data = WHOLE[name]
    folder = tmp_path_factory.mktemp("cut")
    (folder / "whole").write_bytes(data)
    (folder / "cut").write_bytes(data[: cut % len(data)])
    try:
        gray = read_photo(folder / "cut").gray
    except PhotoError as error:
        assert str(folder / "cut") in str(error)  # noqa: PT017
    else:
        np.testing.assert_array_equal(gray, read_photo(folder / "whole").gray)


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(sorted(set(WHOLE) - {"16-bit LZW TIFF"})),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_flipped_bytes_raise_only_photo_errors(tmp_path_factory, name, flips):
    data = bytearray(WHOLE[name])
    for at, value in flips:
        data[at % len(data) if at % 2 else at % 200] = value
    file = tmp_path_factory.mktemp("flip") / "a"
    file.write_bytes(data)
    try:
        assert read_photo(file, max_pixels=10**6).gray.dtype == np.uint8
    except PhotoError as error:
        assert str(file) in str(error)  # noqa: PT017


def test_truncated_stays_an_error_when_the_caller_lets_pillow_fill(tmp_path, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    for name in ("JPEG", "PNG", "TIFF", "BMP", "WebP"):
        (tmp_path / name).write_bytes(WHOLE[name][: len(WHOLE[name]) // 2])
        with pytest.raises(PhotoError):
            read_photo(tmp_path / name)


def test_zero_bytes(tmp_path):
    (tmp_path / "a.jpg").touch()
    with pytest.raises(PhotoError, match=r"a\.jpg: the file is empty \(0 bytes\)"):
        read_photo(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
        b"<!DOCTYPE html><html></html>",
        b"crack at pillar 3\n",
        b"BM is how this note begins, and it is no bitmap at all\n",
        b"GIF89a" + bytes(40),
        b"%PDF-1.7\n",
        b"\0" * 100,
        b"x",
    ],
)
def test_not_an_image(tmp_path, content):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(
        PhotoError, match=r"a\.jpg: not an image.*JPEG, PNG, TIFF, BMP, WebP and HEIC"
    ):
        read_photo(tmp_path / "a.jpg")


def test_missing_file(tmp_path):
    with pytest.raises(PhotoError, match=r"gone\.jpg: no such file\. Check the path"):
        read_photo(tmp_path / "gone.jpg")


def test_folder(tmp_path):
    with pytest.raises(PhotoError, match="is a folder, not a photograph"):
        read_photo(tmp_path)


def test_dangling_link(tmp_path):
    (tmp_path / "a.jpg").symlink_to(tmp_path / "gone.jpg")
    with pytest.raises(PhotoError, match=r"a\.jpg: is a link to .*gone\.jpg, which does not exist"):
        read_photo(tmp_path / "a.jpg")


def test_link_to_itself(tmp_path):
    (tmp_path / "a.jpg").symlink_to(tmp_path / "a.jpg")
    with pytest.raises(PhotoError, match=r"a\.jpg: cannot be opened"):
        read_photo(tmp_path / "a.jpg")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_named_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(PhotoError, match=r"a\.jpg: is not a regular file"):
        read_photo(tmp_path / "a.jpg")


def test_name_that_no_file_can_have(tmp_path):
    with pytest.raises(PhotoError, match="cannot be opened"):
        read_photo(tmp_path / ("x" * 5000))
    with pytest.raises(PhotoError, match="cannot be opened"):
        read_photo("a\0b.jpg")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no POSIX permissions on this system")
def test_no_permission(tmp_path):
    file = tmp_path / "a.jpg"
    file.write_bytes(WHOLE["JPEG"])
    file.chmod(0)
    user = os.geteuid()
    if user == 0:
        # root may read everything: be nobody for a moment
        os.seteuid(65534)
    try:
        with pytest.raises(PhotoError, match=r"a\.jpg: no permission to read it"):
            read_photo(file)
    finally:
        os.seteuid(user)


def test_single_strip_without_its_length(tmp_path):
    whole = patch_tag(WHOLE["TIFF"], 279, number=65000)
    (tmp_path / "a.tif").write_bytes(whole)
    assert read_photo(tmp_path / "a.tif").gray.shape == (40, 60)
    (tmp_path / "a.tif").write_bytes(whole[:-10])
    with pytest.raises(PhotoError, match=r"a\.tif: the file is truncated"):
        read_photo(tmp_path / "a.tif")


def png_header(width, height):
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def test_bomb_is_refused_by_its_header(tmp_path):
    (tmp_path / "a.png").write_bytes(png_header(60000, 60000))
    with pytest.raises(PhotoError, match=r"a\.png: 60000 x 60000 .* 500 megapixels") as caught:
        read_photo(tmp_path / "a.png")
    assert "max_pixels=3600000000" in str(caught.value)
    assert "--max-megapixels 3600" in str(caught.value)


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_limit_is_exact_in_every_format(tmp_path, name):
    (tmp_path / "a").write_bytes(WHOLE[name])
    assert read_photo(tmp_path / "a", max_pixels=2400).gray.size == 2400
    with pytest.raises(PhotoError, match="60 x 40 pixels are more than the limit"):
        read_photo(tmp_path / "a", max_pixels=2399)


@pytest.mark.parametrize("limit", [0, -1, 1.5, "10"])
def test_limit_must_be_positive(tmp_path, limit):
    with pytest.raises(ArgumentError, match="max_pixels must be a positive whole number"):
        read_photo(tmp_path / "a.jpg", max_pixels=limit)


def test_damaged_png_chunk(tmp_path):
    data = bytearray(WHOLE["PNG"])
    data[data.index(b"IDAT") + 100] ^= 0xFF
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(PhotoError, match=r"a\.png: its IDAT chunk is damaged"):
        read_photo(tmp_path / "a.png")


def test_png_with_too_few_rows(tmp_path):
    (tmp_path / "a.png").write_bytes(png_header(600, 600))
    with pytest.raises(PhotoError, match=r"a\.png: .*(damaged|truncated)"):
        read_photo(tmp_path / "a.png")


@pytest.mark.parametrize("tag", [(254, 4, 1, 1, True), (262, 3, 1, 32803, True)])
def test_camera_raw_is_not_read_as_its_preview(tmp_path, tag):
    code, _, _, value, _ = tag
    options = {"subfiletype": value} if code == 254 else {"photometric": value}
    tifffile.imwrite(tmp_path / "a.dng", SCENE[..., 0], **options)
    with pytest.raises(PhotoError, match=r"a\.dng: a camera's raw file"):
        read_photo(tmp_path / "a.dng")


def patch_tag(data, tag, field=b"", number=None):
    """Overwrite a tag's number, or its type, count and value, in a little-endian TIFF."""
    start = struct.unpack_from("<I", data, 4)[0] + 2
    at = next(
        at for at in range(start, len(data), 12) if struct.unpack_from("<H", data, at)[0] == tag
    )
    return data[:at] + struct.pack("<H", number or tag) + field + data[at + 2 + len(field) :]


@pytest.mark.parametrize("name", ["TIFF", "16-bit TIFF", "16-bit deflate TIFF"])
@pytest.mark.parametrize(
    ("tag", "field"),
    [
        (278, struct.pack("<HII", 3, 1, 7)),  # rows of a strip: 6 strips, one is named
        (279, struct.pack("<HII", 4, 1, 0)),  # no bytes in the strip
        (257, struct.pack("<HII", 3, 1, 0)),  # no rows
        (259, struct.pack("<HHHHH", 3, 2, 0, 1, 1)),  # two compressions
    ],
)
def test_tiff_directory_that_contradicts_itself(tmp_path, name, tag, field):
    (tmp_path / "a.tif").write_bytes(patch_tag(WHOLE[name], tag, field))
    with pytest.raises(PhotoError, match=r"a\.tif: the TIFF directory is damaged"):
        read_photo(tmp_path / "a.tif")


def test_many_bands(tmp_path):
    bands = np.zeros((4, 4, 12), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", bands, photometric="minisblack", planarconfig="contig")
    with pytest.raises(PhotoError, match="it has 12 bands"):
        read_photo(tmp_path / "a.tif")


def test_lab_colors(tmp_path):
    Image.new("LAB", (4, 4)).save(tmp_path / "a.tif")
    with pytest.raises(PhotoError, match=r"a\.tif: its colours are CIE L\*a\*b\*"):
        read_photo(tmp_path / "a.tif")


def test_reading_prints_nothing(tmp_path, capfd):
    for name in ("JPEG", "PNG", "16-bit PNG", "LZW TIFF", "16-bit TIFF", "16-bit LZW TIFF", "WebP"):
        (tmp_path / "a").write_bytes(WHOLE[name][: len(WHOLE[name]) // 2])
        with pytest.raises(PhotoError):
            read_photo(tmp_path / "a")
        (tmp_path / "a").write_bytes(WHOLE[name])
        read_photo(tmp_path / "a")
    assert capfd.readouterr() == ("", "")
