"""A photograph's format and size from its header alone: nothing is decoded.

For those who must decide on a file before they trust it to a decoder. What is read is a few
kilobytes, by this module's own code, whatever the file's size and whatever it claims.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cracknet.errors import PhotoError

_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers (ITU-T T.81, table B.1); C4, C8 and CC mean something else."""
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_BMP_HEADERS = frozenset((12, 16, 40, 52, 56, 64, 108, 124))
_WIDTH, _LENGTH = 256, 257
_TIFF_WHOLE = {3: "H", 4: "I", 16: "Q"}
_MOST_STEPS = 10_000
"""Segments, boxes or tags that are passed by before a header counts as endless."""


@dataclass(frozen=True)
class PhotoHeader:
    """What the first bytes of a photograph say of it.

    Parameters
    ----------
    format : {"JPEG", "PNG", "TIFF", "WebP", "BMP", "HEIC"}
    suffix : str
        Ending that a file of this format bears, with its dot.
    width_px, height_px : int
        As stored, not turned upright, at least 1.
    """

    format: str
    suffix: str
    width_px: int
    height_px: int

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width_px * self.height_px


def read_header(path: Path) -> PhotoHeader:
    """Read a photograph's format and size; the format is told by content, not by name.

    Parameters
    ----------
    path : Path

    Returns
    -------
    PhotoHeader
        Of a HEIC file, the largest size that it names: its pixels are at most as many.

    Raises
    ------
    PhotoError
        When the file is empty, of another format, or its header is damaged or cut off. The
        message does not name the file.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "wall.dat")
    ...     Image.new("L", (4, 3)).save(file, "PNG")
    ...     header = read_header(file)
    >>> header.format, header.width_px, header.height_px
    ('PNG', 4, 3)
    """
    with path.open("rb") as file:
        start = file.read(32)
        try:
            header = _read(file, start)
        except (struct.error, IndexError) as error:
            msg = "its header is cut off. Copy the photograph again from the camera or the archive"
            raise PhotoError(msg) from error
    if header.width_px < 1 or header.height_px < 1:
        msg = (
            f"its header says {header.width_px} x {header.height_px} pixels. Save the photograph "
            "anew with an image editor"
        )
        raise PhotoError(msg)
    return header


def _read(file: BinaryIO, start: bytes) -> PhotoHeader:
    if not start:
        msg = "the file is empty (0 bytes). Copy it again from the camera or the archive"
        raise PhotoError(msg)
    if start.startswith(b"\xff\xd8\xff"):
        return PhotoHeader("JPEG", ".jpg", *_jpeg(file))
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        if start[12:16] != b"IHDR":
            msg = "its PNG header is damaged. Save the photograph anew with an image editor"
            raise PhotoError(msg)
        return PhotoHeader("PNG", ".png", *struct.unpack_from(">II", start, 16))
    if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return PhotoHeader("TIFF", ".tif", *_tiff(file, start))
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return PhotoHeader("WebP", ".webp", *_webp(start))
    if start[4:8] == b"ftyp" and start[8:12] in _HEIF_BRANDS:
        return PhotoHeader("HEIC", ".heic", *_heif(file))
    if start.startswith(b"BM") and struct.unpack_from("<I", start, 14)[0] in _BMP_HEADERS:
        return PhotoHeader("BMP", ".bmp", *_bmp(start))
    msg = (
        "it is not an image that CrackNet reads. CrackNet reads JPEG, PNG, TIFF, BMP, WebP and "
        "HEIC: save the photograph in one of them"
    )
    raise PhotoError(msg)


def _jpeg(file: BinaryIO) -> tuple[int, int]:
    """Walk the segments up to the first frame header (ITU-T T.81, annex B)."""
    at = 2
    for _ in range(_MOST_STEPS):
        file.seek(at)
        mark, marker = struct.unpack(">BB", file.read(2))
        if mark != 0xFF:
            break
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in _JPEG_BARE:
            at += 2
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">xHH", file.read(5))
            return width, height
        if marker in (0xDA, 0xD9):
            break
        at += 2 + length
    msg = "its JPEG header names no size. Save the photograph anew with an image editor"
    raise PhotoError(msg)


def _tiff(file: BinaryIO, start: bytes) -> tuple[int, int]:
    """Find the size in the first directory (TIFF 6.0, section 2; BigTIFF), value by value."""
    order = "<" if start[:2] == b"II" else ">"
    big = struct.unpack_from(f"{order}H", start, 2)[0] == 43
    word, counter, width, values_at = ("Q", "Q", 20, 12) if big else ("I", "H", 12, 8)
    (offset,) = struct.unpack_from(f"{order}{word}", start, 8 if big else 4)
    file.seek(min(offset, 2**62))
    (count,) = struct.unpack(f"{order}{counter}", file.read(8 if big else 2))
    sizes: dict[int, int] = {}
    for _ in range(min(count, _MOST_STEPS)):
        entry = file.read(width)
        tag, kind = struct.unpack_from(f"{order}HH", entry)
        if tag in (_WIDTH, _LENGTH) and kind in _TIFF_WHOLE:
            (value,) = struct.unpack_from(f"{order}{_TIFF_WHOLE[kind]}", entry, values_at)
            sizes.setdefault(tag, value)
        if len(sizes) == 2:
            return sizes[_WIDTH], sizes[_LENGTH]
    msg = "its TIFF directory names no size. Save the photograph anew with an image editor"
    raise PhotoError(msg)


def _webp(start: bytes) -> tuple[int, int]:
    """Read the size of a simple, lossless or extended file (RFC 9649, sections 2.5 to 2.7)."""
    kind = start[12:16]
    if kind == b"VP8X":
        return (
            1 + int.from_bytes(start[24:27], "little"),
            1 + int.from_bytes(start[27:30], "little"),
        )
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", start, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", start, 26)
        return width & 0x3FFF, height & 0x3FFF
    msg = "its WebP header is damaged. Save the photograph anew with an image editor"
    raise PhotoError(msg)


def _bmp(start: bytes) -> tuple[int, int]:
    if struct.unpack_from("<I", start, 14)[0] == 12:
        width, height = struct.unpack_from("<HH", start, 18)
    else:
        width, height = struct.unpack_from("<ii", start, 18)
    return width, abs(height)  # a negative height means that the rows run downwards


def _heif(file: BinaryIO) -> tuple[int, int]:
    """Find the largest image spatial extent (ISO/IEC 23008-12, section 6.5.3)."""
    size = file.seek(0, 2)
    largest = 0, 0
    for meta in _boxes(file, 0, size, b"meta"):
        for iprp in _boxes(file, meta[0] + 4, meta[1], b"iprp"):
            for ipco in _boxes(file, *iprp, b"ipco"):
                for ispe in _boxes(file, *ipco, b"ispe"):
                    file.seek(ispe[0] + 4)
                    found = struct.unpack(">II", file.read(8))
                    largest = max(largest, (found[0], found[1]), key=lambda px: px[0] * px[1])
        return largest
    return largest


def _boxes(file: BinaryIO, start: int, end: int, wanted: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the contents of boxes of a kind begin and end (ISO/IEC 14496-12, 4.2)."""
    for _ in range(_MOST_STEPS):
        if start + 8 > end:
            return
        file.seek(start)
        length, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
            head = 16
        stop = end if length == 0 else start + length
        if (length and length < head) or stop > end:
            msg = "its HEIC header is damaged. Copy the photograph again from the phone"
            raise PhotoError(msg)
        if kind == wanted:
            yield start + head, stop
        start = stop
