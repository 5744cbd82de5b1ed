"""JPEG, PNG, WebP and BMP files taken apart: the pixels' part, and the EXIF data.

The decoder is given only what decides the pixels: profiles, previews, texts and damaged EXIF can
then neither fail it nor make it warn. A file that ends too early is told before it is decoded.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from cracknet.errors import PhotoError

_TRUNCATED = "the file is truncated: {}. Copy it again from the camera or the archive"

_SOS, _EOI, _APP1 = 0xDA, 0xD9, 0xE1
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_JPEG_DROPPED = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})
"""Application segments and comments, but for JFIF (APP0) and Adobe (APP14), which name colours."""

_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


class Container(NamedTuple):
    """A file taken apart.

    Parameters
    ----------
    pixels
        A file of the same format, without what the pixels do not need.
    exif
        EXIF data, with or without the ``Exif`` mark before them; None when there are none.
    """

    pixels: bytes
    exif: bytes | None


def split_jpeg(data: bytes) -> Container:
    """Take a JPEG file apart (ITU-T T.81, annex B); of a multi-picture file, the first picture."""
    kept = [data[:2]]
    exif = []
    at = 2
    while True:
        start = at
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        if len(data) < at + 4:
            raise PhotoError(_TRUNCATED.format("its header does not end"))
        mark, marker, length = struct.unpack_from(">BBH", data, at)
        if mark != 0xFF or marker in (_SOS, _EOI):
            break
        end = at + 2 if marker in _JPEG_BARE else at + 2 + length
        if end > len(data):
            raise PhotoError(_TRUNCATED.format("its header does not end"))
        if marker == _APP1 and data.startswith(b"Exif\0\0", at + 4):
            exif.append(data[at + 10 : end])
        if marker not in _JPEG_DROPPED:
            kept.append(data[start:end])
        at = end
    if data.rfind(b"\xff\xd9", at) < 0:
        raise PhotoError(_TRUNCATED.format("it has no end mark"))
    kept.append(data[at:])
    return Container(b"".join(kept), b"".join(exif) or None)


def split_png(data: bytes) -> Container:
    """Take a PNG file apart (ISO/IEC 15948, section 5); of an animation, the still image."""
    kept = [data[:8]]
    exif = None
    at = 8
    kind = b""
    while kind != b"IEND":
        if len(data) < at + 12:
            raise PhotoError(_TRUNCATED.format("it has no end mark"))
        (length,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            raise PhotoError(_TRUNCATED.format("it ends within a chunk"))
        if kind in _PNG_KEPT:
            if zlib.crc32(data[at + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
                msg = f"its {kind.decode()} chunk is damaged: the checksum does not fit"
                raise PhotoError(msg)
            kept.append(data[at:end])
        elif kind == b"eXIf":
            exif = data[at + 8 : end - 4]
        at = end
    return Container(b"".join(kept), exif)


def split_webp(data: bytes) -> Container:
    """Take a WebP file apart (RFC 9649)."""
    (size,) = struct.unpack_from("<I", data, 4)
    if len(data) < size + 8:
        raise PhotoError(_TRUNCATED.format("it is shorter than its header says"))
    exif = None
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind == b"EXIF":
            exif = data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    return Container(data, exif)


def split_bmp(data: bytes) -> Container:
    """Take a BMP file apart; it has no EXIF data."""
    (size,) = struct.unpack_from("<I", data, 2)
    if len(data) < size:
        raise PhotoError(_TRUNCATED.format("it is shorter than its header says"))
    return Container(data, None)
