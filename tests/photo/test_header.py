"""Format and size from the header, as the decoders find them; a plain error for damaged files."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cracknet.errors import PhotoError
from cracknet.photo.header import read_header


def save(path, size=(37, 21), mode="L", **options):
    Image.new(mode, size, 128 if mode == "L" else (1, 2, 3)).save(path, **options)
    return path


@pytest.mark.parametrize(
    ("options", "kind", "suffix"),
    [
        ({"format": "JPEG"}, "JPEG", ".jpg"),
        ({"format": "JPEG", "progressive": True}, "JPEG", ".jpg"),
        ({"format": "JPEG", "exif": b"Exif\0\0" + bytes(60_000)}, "JPEG", ".jpg"),
        ({"format": "PNG"}, "PNG", ".png"),
        ({"format": "TIFF"}, "TIFF", ".tif"),
        ({"format": "TIFF", "compression": "tiff_lzw"}, "TIFF", ".tif"),
        ({"format": "TIFF", "big_tiff": True}, "TIFF", ".tif"),
        ({"format": "WEBP", "lossless": True}, "WebP", ".webp"),
        ({"format": "WEBP", "quality": 50}, "WebP", ".webp"),
        ({"format": "WEBP", "exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}, "WebP", ".webp"),
        ({"format": "BMP"}, "BMP", ".bmp"),
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (37, 21), (300, 4000)])
def test_every_format(tmp_path, options, kind, suffix, size):
    header = read_header(save(tmp_path / "file.dat", size, **options))
    assert (header.format, header.suffix) == (kind, suffix)
    assert (header.width_px, header.height_px) == size
    assert header.pixels == size[0] * size[1]


def test_webp_with_opacity(tmp_path):
    path = tmp_path / "file"
    Image.new("RGBA", (19, 7), (1, 2, 3, 4)).save(path, "WEBP")
    header = read_header(path)
    assert (header.width_px, header.height_px) == (19, 7)


def test_bmp_from_the_top(tmp_path):
    data = bytearray(save(tmp_path / "a", format="BMP").read_bytes())
    data[22:26] = (-21).to_bytes(4, "little", signed=True)
    (tmp_path / "b").write_bytes(data)
    assert read_header(tmp_path / "b").height_px == 21


def test_heic(tmp_path):
    heif = pytest.importorskip("pillow_heif")
    image = heif.from_pillow(Image.fromarray(np.zeros((96, 130, 3), np.uint8)))
    image.save(tmp_path / "a.heic")
    header = read_header(tmp_path / "a.heic")
    assert (header.format, header.suffix) == ("HEIC", ".heic")
    # the coder may store more than is shown, in whole blocks
    assert 130 * 96 <= header.pixels <= 192 * 192


def test_empty_and_foreign(tmp_path):
    path = tmp_path / "file"
    for content, words in ((b"", "empty"), (b"GIF89a" + bytes(50), "JPEG, PNG, TIFF")):
        path.write_bytes(content)
        with pytest.raises(PhotoError, match=words):
            read_header(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "BMP"])
def test_every_cut(tmp_path, kind):
    """A file cut anywhere gives the whole file's size, or a plain error; never another one."""
    data = save(tmp_path / "whole", format=kind).read_bytes()
    path = tmp_path / "cut"
    for end in range(min(len(data), 400)):
        path.write_bytes(data[:end])
        with contextlib.suppress(PhotoError):
            header = read_header(path)
            assert (header.width_px, header.height_px) == (37, 21)


@given(st.sampled_from(["JPEG", "PNG", "TIFF", "WEBP", "BMP"]), st.data())
def test_any_damage(tmp_path_factory, kind, data):
    file = io.BytesIO()
    Image.new("L", (37, 21)).save(file, kind)
    content = bytearray(file.getvalue())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damage") / "file"
    path.write_bytes(content)
    with contextlib.suppress(PhotoError):
        assert read_header(path).pixels >= 1
