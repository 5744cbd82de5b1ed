"""Photographs of a dataset as files: which way is up, and masks turned with them.

An annotation tool shows a photograph either upright, with its EXIF orientation applied, or as its
pixels are stored. A mask drawn on it has the one size or the other. In a dataset all is upright.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask
from cracknet.errors import DatasetError, OutputError, PhotoError
from cracknet.photo import PHOTO_SUFFIXES, read_photo

_Value = TypeVar("_Value", bound=np.generic)

_MARKS = {
    b"\xff\xd8\xff": ".jpg",
    b"\x89PNG\r\n\x1a\n": ".png",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"RIFF": ".webp",
    b"BM": ".bmp",
}
"""How files begin, for photographs whose name says nothing of their format."""


@dataclass(frozen=True, eq=False)
class PhotoFile:
    """A photograph that was read, with its bytes.

    Parameters
    ----------
    name
        Its path, or where it was embedded.
    content
        The file's bytes.
    suffix
        Of its format, with the dot.
    gray
        Shape (H, W), uint8, upright.
    orientation
        EXIF orientation 1 to 8 of the stored pixels; 1 where the decoder itself turns them (HEIC).
    """

    name: str
    content: bytes
    suffix: str
    gray: Gray
    orientation: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright photograph, px."""
        return self.gray.shape[1], self.gray.shape[0]

    @property
    def stored_size(self) -> tuple[int, int]:
        """Width and height of the pixels as stored."""
        width, height = self.size
        return (height, width) if self.orientation >= 5 else (width, height)


def read_photo_file(path: Path) -> PhotoFile:
    """Read a photograph and its bytes.

    Raises
    ------
    PhotoError
        When it cannot be read.
    """
    photo = read_photo(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}). Check the disk"
        raise PhotoError(msg) from error
    suffix = path.suffix if path.suffix.lower() in PHOTO_SUFFIXES else _suffix_of(content)
    turned = 1 if content[4:8] == b"ftyp" else photo.metadata.orientation
    return PhotoFile(str(path), content, suffix, photo.gray, turned)


def read_photo_bytes(content: bytes, name: str) -> PhotoFile:
    """Read a photograph that is embedded in another file.

    Parameters
    ----------
    content
        The bytes of a photograph's file.
    name
        What errors call it, such as ``imageData of wall.json``.

    Raises
    ------
    PhotoError
        When the bytes are not a photograph.
    OutputError
        When there is no room for a temporary file.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="cracknet-") as folder:
            path = Path(folder, f"photo{_suffix_of(content)}")
            path.write_bytes(content)
            photo = read_photo_file(path)
    except PhotoError as error:
        raise PhotoError(str(error).replace(str(path), name)) from error
    except OSError as error:
        msg = f"no temporary file for {name}: {error.strerror}. Free some space."
        raise OutputError(msg) from error
    return PhotoFile(name, content, photo.suffix, photo.gray, photo.orientation)


def lies_as_stored(
    photo: PhotoFile, width: int | None, height: int | None, *, where: object, otherwise: bool
) -> bool:
    """Tell whether an annotation of a given size was drawn on the pixels as stored.

    Parameters
    ----------
    photo
        The photograph.
    width, height
        What the annotation says of its size, px; None where it does not say.
    where
        Names the annotation's file.
    otherwise
        The answer where the size does not tell: it is not given, or the photograph has the same
        size upright and as stored (square, mirrored, or upside down).

    Raises
    ------
    DatasetError
        When the size is neither that of the upright photograph nor that of its stored pixels.
    """
    if photo.orientation == 1:
        otherwise = False
    if width is None or height is None:
        return otherwise
    fits_upright = photo.size == (width, height)
    fits_stored = photo.stored_size == (width, height)
    if fits_upright and fits_stored:
        return otherwise
    if not (fits_upright or fits_stored):
        msg = (
            f"an annotation must have its photograph's size, {photo.size[0]}x{photo.size[1]} "
            f"({photo.name}); {where} says {width}x{height}. Find the photograph that it was "
            "drawn on, or draw it again on this one."
        )
        raise DatasetError(msg)
    return fits_stored


def as_drawn_on(photo: PhotoFile, *, stored: bool) -> Gray:
    """Give the gray photograph upright, or turned back to its pixels as stored."""
    if not stored:
        return photo.gray
    back = {6: 8, 8: 6}.get(photo.orientation, photo.orientation)
    return turn_upright(photo.gray, back)


def turn_upright(values: npt.NDArray[_Value], orientation: int) -> npt.NDArray[_Value]:
    """Turn a mask or photograph from stored pixels upright (Exif 2.32, section 4.6.4, tag 274).

    Parameters
    ----------
    values : (H, W) array
    orientation : int
        EXIF orientation 1 to 8 of the photograph.

    Examples
    --------
    >>> turn_upright(np.array([[True, False, False]]), 6).tolist()
    [[True], [False], [False]]
    """
    turned = {
        2: lambda: values[:, ::-1],
        3: lambda: values[::-1, ::-1],
        4: lambda: values[::-1],
        5: lambda: values.T,
        6: lambda: values.T[:, ::-1],
        7: lambda: values.T[::-1, ::-1],
        8: lambda: values.T[::-1],
    }.get(orientation, lambda: values)()
    return np.ascontiguousarray(turned)


def upright_file(photo: PhotoFile) -> tuple[str, bytes]:
    """Give suffix and bytes of a file that is upright without EXIF.

    The photograph's own bytes where it stands upright already, otherwise a PNG: in colour, or gray
    where the colours cannot be had (HEIC, or more than 8 bits).
    """
    if photo.orientation == 1:
        return photo.suffix, photo.content
    return ".png", png_upright(photo)


def png_upright(photo: PhotoFile) -> bytes:
    """Encode a photograph upright as 8-bit PNG."""
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        colours = cv2.imdecode(np.frombuffer(photo.content, np.uint8), flags)
    except cv2.error:
        colours = None
    if colours is not None and colours.shape[1::-1] == photo.stored_size and _like(colours, photo):
        planes = [
            turn_upright(np.asarray(plane), photo.orientation) for plane in cv2.split(colours)
        ]
        return _png(cv2.merge(planes))
    return _png(photo.gray)


def png_of_mask(mask: Mask) -> bytes:
    """Encode a mask, (H, W) bool, as 8-bit PNG holding 0 and 255."""
    return _png(np.where(mask, np.uint8(255), np.uint8(0)))


def _like(colours: cv2.typing.MatLike, photo: PhotoFile) -> bool:
    """Tell whether OpenCV read the same gray values; it scales deep ones by another rule."""
    gray = turn_upright(np.asarray(cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY)), photo.orientation)
    return bool(np.abs(gray.astype(np.int16) - photo.gray).mean() < 2)


def _png(values: cv2.typing.MatLike) -> bytes:
    done, code = cv2.imencode(".png", values)
    if not done:
        msg = f"a picture of {values.shape[1]}x{values.shape[0]} cannot be encoded as PNG."
        raise OutputError(msg)
    return code.tobytes()


def _suffix_of(content: bytes) -> str:
    for mark, suffix in _MARKS.items():
        if content.startswith(mark):
            return suffix
    return ".heic" if content[4:8] == b"ftyp" else ".bin"
