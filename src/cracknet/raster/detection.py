"""Whether a file is a raster, to be read by windows, or a photograph, to be read at once."""

from __future__ import annotations

from pathlib import Path

import tifffile

RASTER_PIXELS = 100_000_000
"""A TIFF of more pixels is a raster, wherever on earth it lies."""

_TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_GEOREFERENCE_TAGS = (33550, 33922, 34264, 34735)
"""ModelPixelScale, ModelTiepoint, ModelTransformation, GeoKeyDirectory (OGC 19-008r4)."""

_WORLD_SUFFIXES = (".tfw", ".tifw", ".tiffw", ".wld")


def is_raster(path: str | Path) -> bool:
    """Tell whether a file is read by windows rather than as a photograph.

    A raster is a VRT; a TIFF that carries a coordinate system, a transform or tie points, or has
    a world file beside it; and any TIFF of more than 100 megapixels. Only the header is read, and
    rasterio is not needed. What cannot be read is no raster: the reader of photographs says what
    is wrong with it.

    Parameters
    ----------
    path : str or Path

    Examples
    --------
    >>> is_raster("no such file.tif")
    False
    """
    path = Path(path)
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            start = file.read(1024)
    except (OSError, ValueError):
        return False
    if start[:4] not in _TIFF_MARKS:
        return start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<VRTDataset")
    if any(path.with_suffix(suffix).is_file() for suffix in _WORLD_SUFFIXES):
        return True
    try:
        with tifffile.TiffFile(path) as file:
            page = file.pages.first
            pixels = int(page.imagewidth) * int(page.imagelength)
            return pixels > RASTER_PIXELS or any(tag in page.tags for tag in _GEOREFERENCE_TAGS)
    except Exception:  # noqa: BLE001  # damaged in one of many ways: the reader of it says how
        return False
