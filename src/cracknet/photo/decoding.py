"""From an open image file to gray as stored (not yet upright) and its EXIF data.

Each format goes to its Pillow class itself and not through `Image.open`, because the latter holds
a process-wide limit of pixels; the limit here is the caller's, and threads do not share it.
What Pillow would cut to 8 bits (16-bit colour) or does not read (floats in colour) goes to tifffile
or OpenCV.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np
from PIL import (
    BmpImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.ExifTags import Base as Tag

from cracknet.errors import PhotoError
from cracknet.photo.containers import split_bmp, split_jpeg, split_png, split_webp
from cracknet.photo.gray import Samples, gray_from_image, gray_from_samples
from cracknet.photo.metadata import exif_stream
from cracknet.photo.tiff import Directory, lone_page, read_directory

if TYPE_CHECKING:
    from cracknet.arrays import Gray

FORMATS = "JPEG, PNG, TIFF, BMP, WebP and HEIC"

_TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_BMP_HEADERS = frozenset(size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124))
_DEFLATE_OR_NONE = frozenset({1, 8, 32946})
_COLOR_FILTER_ARRAY, _LINEAR_RAW = 32803, 34892


class Decoded(NamedTuple):
    """What a file holds.

    Parameters
    ----------
    gray
        Shape (H, W), uint8, as stored.
    exif
        Stream of EXIF data, or None.
    upright
        Whether the decoder has already turned the photograph.
    """

    gray: Gray
    exif: BinaryIO | None
    upright: bool = False


class _TiffFile(TiffImagePlugin.TiffImageFile):
    """TIFF without Pillow's own limit of pixels, which `load_prepare` applies to a new image."""

    def load_prepare(self) -> None:
        self.im = Image.new(self.mode, self.size).im
        super().load_prepare()


def decode(file: BinaryIO, max_pixels: int) -> Decoded:
    """Decode the image that `file` holds, at full resolution.

    Parameters
    ----------
    file
        The file, open at its beginning.
    max_pixels
        Greatest width times height; checked before anything is decoded.

    Returns
    -------
    Decoded
        Gray as stored, and the EXIF data.

    Raises
    ------
    PhotoError
        With what is wrong, without the file's name; `read_photo` says for which file, and turns
        the decoders' own errors into the same.
    """
    start = file.read(18)
    file.seek(0)
    if not start:
        msg = "the file is empty (0 bytes). Copy it again from the camera or the archive"
        raise PhotoError(msg)
    if start.startswith(b"\xff\xd8\xff"):
        pixels, exif = split_jpeg(file.read())
        return _decode_with(JpegImagePlugin.JpegImageFile, pixels, exif, max_pixels)
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return _decode_png(file.read(), max_pixels)
    if start.startswith(_TIFF_MARKS):
        return _decode_tiff(file, max_pixels)
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        pixels, exif = split_webp(file.read())
        return _decode_with(WebPImagePlugin.WebPImageFile, pixels, exif, max_pixels)
    if start[4:8] == b"ftyp" and start[8:12] in _HEIF_BRANDS:
        return _decode_heif(file.read(), max_pixels)
    if start.startswith(b"BM") and start[14:] in _BMP_HEADERS:
        pixels, exif = split_bmp(file.read())
        return _decode_with(BmpImagePlugin.BmpImageFile, pixels, exif, max_pixels)
    msg = (
        f"not an image that CrackNet reads; it begins with {start[:8]!r}. "
        f"CrackNet reads {FORMATS}: save the photograph in one of them"
    )
    raise PhotoError(msg)


def _check_pixels(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        megapixels = -(-width * height // 1_000_000)
        msg = (
            f"{width} x {height} pixels are more than the limit of {max_pixels / 1e6:g} megapixels."
            f" If the photograph is genuine, raise the limit: max_pixels={width * height} in "
            f"Python, --max-megapixels {megapixels} on the command line"
        )
        raise PhotoError(msg)


def _decode_with(
    reader: type[ImageFile.ImageFile], pixels: bytes, exif: bytes | None, max_pixels: int
) -> Decoded:
    image = reader(io.BytesIO(pixels))
    _check_pixels(*image.size, max_pixels)
    image.load()
    return Decoded(gray_from_image(image), exif_stream(exif))


def _decode_png(data: bytes, max_pixels: int) -> Decoded:
    pixels, exif = split_png(data)
    bits, color_type = pixels[24], pixels[25]
    if bits < 16 or color_type not in (2, 4, 6):
        return _decode_with(PngImagePlugin.PngImageFile, pixels, exif, max_pixels)
    _check_pixels(
        int.from_bytes(pixels[16:20], "big"), int.from_bytes(pixels[20:24], "big"), max_pixels
    )
    samples, alpha = _split_bands(_decode_opencv(pixels), 3)
    return Decoded(gray_from_samples(samples, alpha), exif_stream(exif))


def _decode_opencv(pixels: bytes) -> Samples:
    import cv2

    try:
        samples = cv2.imdecode(np.frombuffer(pixels, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ValueError(error.err) from error
    if samples is None:
        msg = "its pixels cannot be decoded"
        raise ValueError(msg)
    if samples.ndim == 3:
        samples = samples[..., [2, 1, 0, *range(3, samples.shape[2])]]
    return samples


def _split_bands(samples: Samples, colors: int) -> tuple[Samples, Samples | None]:
    if samples.ndim == 2:
        return samples, None
    alpha = samples[..., colors] if samples.shape[2] > colors else None
    return samples[..., 0] if colors == 1 else samples[..., :colors], alpha


def _decode_tiff(file: BinaryIO, max_pixels: int) -> Decoded:
    directory = read_directory(file)
    photometric = directory.number(Tag.PhotometricInterpretation, 1)
    raw = photometric in (_COLOR_FILTER_ARRAY, _LINEAR_RAW)
    if raw or directory.number(Tag.NewSubfileType, 0) & 1:
        msg = (
            "a camera's raw file (its first page is a preview or undeveloped). Develop it, and "
            "give the TIFF or JPEG"
        )
        raise PhotoError(msg)
    size = directory.number(Tag.ImageWidth, 0), directory.number(Tag.ImageLength, 0)
    _check_pixels(*size, max_pixels)
    file.seek(0)
    pixels = lone_page(file.read(), directory)
    if max(directory.numbers(Tag.BitsPerSample), default=1) <= 8:
        decoded = _decode_with(_TiffFile, pixels, None, max_pixels)
        return decoded._replace(exif=file)
    return Decoded(_deep_tiff(pixels, directory, size), file)


def _deep_tiff(pixels: bytes, directory: Directory, size: tuple[int, int]) -> Gray:
    """Gray of a TIFF page of more than 8 bits a sample."""
    bits = directory.number(Tag.BitsPerSample, 0)
    photometric = directory.number(Tag.PhotometricInterpretation, 1)
    if photometric not in (0, 1, 2):
        msg = f"its colours (TIFF photometric {photometric}) are read with 8 bits only"
        raise PhotoError(msg)
    bands = directory.number(Tag.SamplesPerPixel, 1)
    if bands > 8:
        msg = f"it has {bands} bands. Save it as RGB or gray"
        raise PhotoError(msg)
    planar = bands > 1 and directory.number(Tag.PlanarConfiguration, 1) == 2
    plain = directory.number(Tag.Compression, 1) in _DEFLATE_OR_NONE
    stated_max = directory.number(Tag.MaxSampleValue, 0)
    if bits % 8 == 0 and plain and directory.number(Tag.Predictor, 1) <= 2:
        import tifffile

        with tifffile.TiffFile(io.BytesIO(pixels)) as page:
            samples = page.pages[0].asarray()
        samples = np.moveaxis(samples, 0, -1) if planar else samples
    elif planar:
        msg = "its colours lie in separate planes, compressed or packed"
        raise PhotoError(msg)
    else:
        samples = _decode_opencv(pixels)
        if bits % 8:
            # OpenCV gives packed samples of 10, 12 or 14 bits as the upper bits of 16
            samples = samples >> (16 - bits)
            stated_max = 2**bits - 1
    if samples.shape[:2] != size[::-1] or (samples.ndim == 3) != (bands > 1):
        msg = f"this kind of TIFF ({bands} bands of {bits} bits) is not read"
        raise PhotoError(msg)
    samples, alpha = _split_bands(samples, 3 if photometric == 2 else 1)
    kind = directory.number(Tag.ExtraSamples, 0)
    return gray_from_samples(
        samples,
        alpha if kind in (1, 2) else None,
        premultiplied=kind == 1,
        white_is_zero=photometric == 0,
        stated_max=stated_max,
    )


def _decode_heif(data: bytes, max_pixels: int) -> Decoded:
    try:
        import pillow_heif
    except ImportError as error:
        msg = 'HEIC photographs need the package pillow-heif: pip install "cracknet[heic]"'
        raise PhotoError(msg) from error
    image = pillow_heif.open_heif(io.BytesIO(data))
    width, height = image.size
    _check_pixels(width, height, max_pixels)
    exif = exif_stream(image.info.get("exif"))
    return Decoded(gray_from_image(image.to_pillow()), exif, upright=True)
