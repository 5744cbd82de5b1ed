"""The directory of a TIFF file, which is also the form of EXIF data.

A directory (IFD) is a list of entries: tag, type, number of values, and the values or where they
lie. Reading it here, and not in the image library, keeps damaged entries from failing a photograph
or raising warnings in threads, and tells of a cut file before anything is decoded.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from PIL.ExifTags import Base as Tag

from cracknet.errors import PhotoError

_FORMATS = {
    1: "B",
    2: "s",
    3: "H",
    4: "I",
    5: "II",
    6: "b",
    7: "s",
    8: "h",
    9: "i",
    10: "ii",
    11: "f",
    12: "d",
    13: "I",
    16: "Q",
    17: "q",
    18: "Q",
}
"""Field types of TIFF 6.0 (section 2) and BigTIFF as `struct` formats; a rational is a pair."""

_SINGLE = frozenset(
    {
        Tag.ImageWidth,
        Tag.ImageLength,
        Tag.Compression,
        Tag.PhotometricInterpretation,
        Tag.FillOrder,
        Tag.SamplesPerPixel,
        Tag.RowsPerStrip,
        Tag.PlanarConfiguration,
        Tag.Predictor,
        Tag.TileWidth,
        Tag.TileLength,
    }
)
_PIXEL_TAGS = _SINGLE | {
    Tag.BitsPerSample,
    Tag.StripOffsets,
    Tag.StripByteCounts,
    Tag.TileOffsets,
    Tag.TileByteCounts,
    Tag.T4Options,
    Tag.T6Options,
    Tag.ColorMap,
    Tag.InkSet,
    Tag.ExtraSamples,
    Tag.SampleFormat,
    Tag.JPEGTables,
    Tag.YCbCrCoefficients,
    Tag.YCbCrSubSampling,
    Tag.YCbCrPositioning,
    Tag.ReferenceBlackWhite,
}

Values = tuple[int, ...] | tuple[float, ...] | bytes


class Entry(NamedTuple):
    """One field of a directory.

    Parameters
    ----------
    raw
        The entry as it stands in the directory: 12 bytes, or 20 in BigTIFF.
    values
        The field's values; bytes for text and undefined data; numerators and denominators in turn
        for rationals.
    """

    raw: bytes
    values: Values


@dataclass(frozen=True)
class Directory:
    """The readable entries of one directory.

    Parameters
    ----------
    order
        Byte order as `struct` writes it, ``<`` or ``>``.
    big
        Whether the file is a BigTIFF.
    entries
        Entry by tag. An entry of unknown type, or whose values lie outside the file, is left out.
    """

    order: str
    big: bool
    entries: dict[int, Entry]

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Whole numbers of `tag`; empty when the tag is absent or of another kind."""
        entry = self.entries.get(tag)
        if entry is None or isinstance(entry.values, bytes):
            return ()
        return tuple(value for value in entry.values if isinstance(value, int))

    def number(self, tag: int, default: int) -> int:
        """First whole number of `tag`, or `default`."""
        return next(iter(self.numbers(tag)), default)

    def text(self, tag: int) -> str | None:
        """Text of `tag` up to its closing zero, without blanks around it; None when empty."""
        entry = self.entries.get(tag)
        if entry is None or not isinstance(entry.values, bytes):
            return None
        return entry.values.split(b"\0")[0].decode("utf-8", "replace").strip() or None

    def ratios(self, tag: int) -> tuple[float, ...]:
        """Rationals of `tag` as floats; empty when absent or when a denominator is zero."""
        pairs = self.numbers(tag)
        if 0 in pairs[1::2] or len(pairs) % 2:
            return ()
        return tuple(top / bottom for top, bottom in zip(pairs[::2], pairs[1::2], strict=True))


def read_directory(file: BinaryIO, offset: int | None = None) -> Directory:
    """Read one directory of a TIFF, BigTIFF or EXIF stream.

    Parameters
    ----------
    file
        Stream that begins with the TIFF header.
    offset
        Where the directory begins, in bytes; None: the first one, which the header points to.

    Returns
    -------
    Directory
        What could be read of it.

    Raises
    ------
    PhotoError
        The header is not TIFF's, or the directory itself is cut off.
    """
    size = file.seek(0, 2)
    file.seek(0)
    header = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(header[:2])
    version = struct.unpack(f"{order}H", header[2:4])[0] if order and len(header) >= 4 else 0
    if order is None or version not in (42, 43):
        msg = "the TIFF header is damaged"
        raise PhotoError(msg)
    big = version == 43
    count_format, word, width = ("Q", "Q", 20) if big else ("H", "I", 12)
    try:
        if offset is None:
            (offset,) = struct.unpack_from(f"{order}{word}", header, 8 if big else 4)
        file.seek(min(offset, size))
        (count,) = struct.unpack(f"{order}{count_format}", file.read(8 if big else 2))
        table = file.read(min(count, size) * width)
    except struct.error:
        table, count = b"", 1
    if len(table) < count * width:
        msg = "the file is truncated: its directory lies beyond the end"
        raise PhotoError(msg)
    entries: dict[int, Entry] = {}
    budget = size
    for start in range(0, len(table), width):
        raw = table[start : start + width]
        tag, values = _read_entry(file, raw, order, word, budget)
        budget -= len(values or ())
        if values is not None:
            entries.setdefault(tag, Entry(raw, values))
    return Directory(order, big, entries)


def _read_entry(
    file: BinaryIO, raw: bytes, order: str, word: str, budget: int
) -> tuple[int, Values | None]:
    tag, kind, count = struct.unpack_from(f"{order}HH{word}", raw)
    code = _FORMATS.get(kind)
    if code is None:
        return tag, None
    length = struct.calcsize(f"={code}") * count
    inline = raw[8:] if word == "I" else raw[12:]
    if length <= len(inline):
        data = inline[:length]
    else:
        (offset,) = struct.unpack(f"{order}{word}", inline)
        # the budget keeps many entries from each reading the same large part of the file
        data = _read_at(file, offset, length) if length <= budget else b""
        if len(data) < length:
            return tag, None
    if code == "s":
        return tag, data
    return tag, struct.unpack(f"{order}{count * len(code)}{code[0]}", data)


def _read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    if offset >= 2**63:
        return b""
    file.seek(offset)
    return file.read(length)


def lone_page(data: bytes, directory: Directory) -> bytes:
    """Copy a TIFF so that it holds one page, with only the tags that decide its pixels.

    What is dropped (EXIF, orientation, further pages, private tags) can neither fail the decoder
    nor make it warn.

    Parameters
    ----------
    data
        The whole file.
    directory
        The page, as `read_directory` gave it.

    Returns
    -------
    bytes
        The new file: the old one with a new directory at its end.

    Raises
    ------
    PhotoError
        The file ends before its pixels do, or its directory contradicts itself.
    """
    _check_segments(directory, len(data))
    kept = {tag: entry for tag, entry in directory.entries.items() if tag in _PIXEL_TAGS}
    if any(len(kept[tag].values) != 1 for tag in _SINGLE & kept.keys()):
        msg = "the TIFF directory is damaged: a tag of one value holds several"
        raise PhotoError(msg)
    table = b"".join(kept[tag].raw for tag in sorted(kept))
    word, count_format, header = ("Q", "Q", 16) if directory.big else ("I", "H", 8)
    start = len(data) + len(data) % 2
    if start > 0xFFFF0000 and not directory.big:
        msg = "a TIFF of 4 GB can only be read window by window: give it as a raster"
        raise PhotoError(msg)
    order = directory.order
    return b"".join(
        (
            data[: header - struct.calcsize(f"={word}")],
            struct.pack(f"{order}{word}", start),
            data[header:],
            bytes(len(data) % 2),
            struct.pack(f"{order}{count_format}", len(kept)),
            table,
            struct.pack(f"{order}{word}", 0),
        )
    )


def _check_segments(directory: Directory, size: int) -> None:
    """Refuse a page of which a strip or tile is missing; decoders would leave it black."""
    width, height = directory.number(Tag.ImageWidth, 0), directory.number(Tag.ImageLength, 0)
    tile_width = directory.number(Tag.TileWidth, 0)
    if tile_width:
        tags = Tag.TileOffsets, Tag.TileByteCounts
        rows = directory.number(Tag.TileLength, 0)
    else:
        tags = Tag.StripOffsets, Tag.StripByteCounts
        rows, tile_width = directory.number(Tag.RowsPerStrip, height), width
    offsets, counts = (directory.numbers(tag) for tag in tags)
    if len(offsets) == 1 and not counts:
        # old writers leave out how long a single strip is
        counts = (_plain_size(directory),)
    if any(offset + count > size for offset, count in zip(offsets, counts, strict=False)):
        msg = "the file is truncated: its pixels lie beyond the end"
        raise PhotoError(msg)
    planar = directory.number(Tag.PlanarConfiguration, 1) == 2
    planes = directory.number(Tag.SamplesPerPixel, 1) if planar else 1
    if 0 in (width, height, rows) or len(counts) != len(offsets) or 0 in counts:
        msg = "the TIFF directory is damaged: it does not say where all pixels lie"
        raise PhotoError(msg)
    if len(offsets) < -(-width // tile_width) * -(-height // rows) * planes:
        msg = "the TIFF directory is damaged: it names fewer strips or tiles than the size asks for"
        raise PhotoError(msg)


def _plain_size(directory: Directory) -> int:
    """Bytes of the page's pixels without compression; 1 where they are compressed."""
    if directory.number(Tag.Compression, 1) != 1:
        return 1
    bits = sum(directory.numbers(Tag.BitsPerSample)) or 1
    row = -(-directory.number(Tag.ImageWidth, 0) * bits // 8)
    return row * directory.number(Tag.ImageLength, 0)
