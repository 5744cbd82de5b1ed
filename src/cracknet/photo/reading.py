"""Reading photographs: upright, gray (H, W) uint8, with what EXIF says of them."""

from __future__ import annotations

import stat
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from cracknet.errors import ArgumentError, PhotoError
from cracknet.photo.decoding import decode
from cracknet.photo.gray import gray_from_image, gray_from_samples
from cracknet.photo.metadata import PhotoMetadata, read_metadata

if TYPE_CHECKING:
    from cracknet.arrays import Gray

DEFAULT_MAX_PIXELS = 500_000_000
"""Greatest width times height that `read_photo` decodes unless told otherwise."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a photograph of this EXIF orientation upright (Exif 2.32, section 4.6.4, tag 274)."""

_DECODER_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    Image.DecompressionBombError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What the decoders raise on damaged files."""


@dataclass(frozen=True, eq=False)
class Photo:
    """One photograph as read.

    Parameters
    ----------
    path
        The file; None for a photograph that came as an array.
    gray
        Shape (H, W), uint8, upright; luma by ITU-R BT.601.
    metadata
        What EXIF says of it.
    """

    path: Path | None
    gray: Gray
    metadata: PhotoMetadata = field(default_factory=PhotoMetadata)

    @property
    def width(self) -> int:
        """Pixels across the upright photograph."""
        return int(self.gray.shape[1])

    @property
    def height(self) -> int:
        """Pixels down the upright photograph."""
        return int(self.gray.shape[0])


def read_photo(path: str | Path, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> Photo:
    """Read a photograph: JPEG, PNG, TIFF, BMP, WebP, or HEIC (extra ``heic``).

    The format is told by the file's content, not its name. The photograph is decoded at full
    resolution and turned upright by its EXIF orientation. Colour becomes luma,
    0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded to nearest with ties upwards; a gray
    photograph of 8 bits passes unchanged. Colour profiles are not applied. Samples of more than
    8 bits, and floats, are scaled by the rule of `cracknet.photo.gray.gray_from_samples`.
    Transparent pixels are laid over white. Of several pages or frames, the first is read.

    Parameters
    ----------
    path
        The file.
    max_pixels
        Greatest width times height that is decoded, against small files that unpack to
        gigabytes.

    Returns
    -------
    Photo
        Gray, shape (H, W), uint8, upright, and the metadata. Damaged EXIF data count as absent.

    Raises
    ------
    PhotoError
        The file is missing, is not an image of these formats, is damaged or truncated, or holds
        more than `max_pixels` pixels. The message names the file and the next step.
    ArgumentError
        `max_pixels` is not a positive whole number.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "wall.png")
    ...     Image.new("RGB", (4, 3), (0, 255, 0)).save(file)
    ...     photo = read_photo(file)
    >>> photo.width, photo.height, int(photo.gray[0, 0])
    (4, 3, 150)
    """
    if not isinstance(max_pixels, int) or max_pixels < 1:
        msg = f"max_pixels must be a positive whole number; got {max_pixels!r}"
        raise ArgumentError(msg)
    path = Path(path)
    with _open_file(path) as file:
        try:
            gray, exif, upright = decode(file, max_pixels)
            metadata = read_metadata(exif)
        except PhotoError as error:
            msg = f"{path}: {error}"
            raise PhotoError(msg) from error
        except MemoryError as error:
            msg = f"{path}: not enough memory to decode it. Cut it into smaller photographs"
            raise PhotoError(msg) from error
        except _DECODER_ERRORS as error:
            msg = (
                f"{path}: the image is damaged or truncated ({error}). Copy it again from the "
                "camera or the archive, or save it anew with an image editor"
            )
            raise PhotoError(msg) from error
    return Photo(path, gray if upright else _turn(gray, metadata.orientation), metadata)


def photo_from_array(array: npt.NDArray[Any], path: str | Path | None = None) -> Photo:
    """Make a photograph of an array, by the same rules as `read_photo`.

    Parameters
    ----------
    array
        Shape (H, W) gray, (H, W, 3) red, green, blue, or (H, W, 4) with opacity; uint8 or uint16;
        upright. It is copied.
    path
        The file that it came from, where there is one.

    Returns
    -------
    Photo
        Gray, shape (H, W), uint8, with empty metadata.

    Raises
    ------
    ArgumentError
        The array has another shape or dtype, or no pixels.

    Examples
    --------
    >>> photo_from_array(np.array([[[255, 0, 0], [0, 0, 255]]], dtype=np.uint8)).gray
    array([[76, 29]], dtype=uint8)
    """
    array = np.asarray(array)
    bands = array.shape[2:]
    if array.ndim not in (2, 3) or bands not in ((), (3,), (4,)) or array.size == 0:
        msg = (
            "array must have the shape (H, W), (H, W, 3) or (H, W, 4), and at least one pixel; "
            f"got the shape {array.shape}"
        )
        raise ArgumentError(msg)
    if array.dtype not in (np.uint8, np.uint16):
        msg = (
            f"array must be uint8 or uint16; got {array.dtype}. Scale it to 0..255 and convert it "
            "with array.astype(numpy.uint8)"
        )
        raise ArgumentError(msg)
    if array.dtype == np.uint8:
        gray = gray_from_image(Image.fromarray(np.ascontiguousarray(array)))
    else:
        colors, alpha = (array[..., :3], array[..., 3]) if bands == (4,) else (array, None)
        gray = gray_from_samples(colors, alpha)
    return Photo(None if path is None else Path(path), gray)


def _open_file(path: Path) -> BinaryIO:
    """Open a regular file; anything else could block (a pipe) or has no image in it."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            reason = "is a folder, not a photograph. Give the photographs in it"
        elif not stat.S_ISREG(mode):
            reason = "is not a regular file. Give a photograph on disk"
        else:
            return path.open("rb")
    except FileNotFoundError:
        reason = "no such file. Check the path"
        if path.is_symlink():
            reason = f"is a link to {path.readlink()}, which does not exist. Restore its target"
    except PermissionError:
        reason = "no permission to read it. Change its permissions or owner"
    except (OSError, ValueError) as error:
        reason = f"cannot be opened ({error}). Check the path and the disk"
    msg = f"{path}: {reason}"
    raise PhotoError(msg)


def _turn(gray: Gray, orientation: int) -> Gray:
    turn = _UPRIGHT.get(orientation)
    return gray if turn is None else np.array(Image.fromarray(gray).transpose(turn))
