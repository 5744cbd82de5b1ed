"""The finished windows put together: tiled, compressed GeoTIFFs with overviews, and an overlay."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from cracknet import __version__
from cracknet.arrays import Mask
from cracknet.errors import OutputError
from cracknet.mosaic.finishing import GRAY, MASK, VALID
from cracknet.mosaic.parts import Parts
from cracknet.mosaic.plan import FULL, Job, Plan
from cracknet.mosaic.windows import ALIGN_PX
from cracknet.raster import Box, Georeference
from cracknet.raster.opening import quiet_gdal
from cracknet.raster.truncation import check_length
from cracknet.reporting.overlay import draw_overlay
from cracknet.reporting.writing import Picture

OVERVIEW_PX = 256
"""Overviews are halved until their longer side is below this."""

OVERLAY_PX = 2048

BAND = "band"

TAG = "CRACKNET"
"""Metadata item of the results that holds the run's header and counts."""


@dataclass(frozen=True, eq=False)
class Content:
    """What the results of a raster are assembled from.

    Attributes
    ----------
    parts : Parts
    plan : Plan
    georeference : Georeference
        Of the raster.
    """

    parts: Parts
    plan: Plan
    georeference: Georeference

    @property
    def masked(self) -> bool:
        """Whether some of its pixels hold no data."""
        return any(
            self.parts.windows[Job(FULL, window).key]["valid"] < prod(window.cell.shape)
            for window in self.plan.full.windows()
        )

    def cells(self, name: str) -> Iterator[tuple[Box, Picture | None]]:
        """Yield every cell with its picture of this name, None where it has none."""
        for window in self.plan.full.windows():
            yield window.cell, self.parts.load_picture(f"{Job(FULL, window).key}-{name}")

    def valid(self) -> Iterator[tuple[Box, Picture]]:
        """Yield every cell with 255 where its pixels hold data, 0 elsewhere."""
        for window in self.plan.full.windows():
            key = Job(FULL, window).key
            whole = 255 * bool(self.parts.windows[key]["valid"])
            valid = self.parts.load_picture(f"{key}-{VALID}")
            cell = window.cell
            yield cell, np.full(cell.shape, whole, np.uint8) if valid is None else valid


def write_geotiff(path: Path, content: Content, name: str, about: dict[str, Any]) -> None:
    """Write one band of a raster's results under a temporary name, read it back, then rename.

    The file has one band of 8 bits in blocks of 256x256 px by DEFLATE, and overviews of
    averages. Where the raster has pixels without data it holds a mask of them (GDAL's internal
    mask, since all values from 0 to 255 have a meaning), and 0.

    Parameters
    ----------
    path : Path
    content : Content
    name : str
        ``probability`` or ``mask``.
    about : dict
        Goes into the file's metadata.

    Raises
    ------
    OutputError
        When it cannot be written; nothing is left behind.
    """
    part = path.with_name(f".{path.name}.part")
    with _removed_on_failure(part, path), quiet_gdal():
        written = _write(part, content, name, about)
        _build_overviews(part, content.plan.full.shape)
        _check(part, written, content.plan)
        part.replace(path)


def _write(part: Path, content: Content, name: str, about: dict[str, Any]) -> dict[str, int]:
    """Write the file without overviews; return a checksum of its band, and of its mask."""
    import rasterio
    from rasterio.crs import CRS
    from rasterio.transform import Affine

    height, width = content.plan.full.shape
    where = content.georeference
    crs = CRS.from_wkt(where.crs_wkt) if where.crs_wkt else None
    sums = {BAND: 0}
    with rasterio.open(
        part, "w", driver="GTiff", height=height, width=width, count=1, dtype="uint8",
        crs=None if where.points else crs, transform=Affine(*where.transform),
        tiled=True, blockxsize=ALIGN_PX, blockysize=ALIGN_PX, compress="deflate",
        bigtiff="if_safer",
    ) as file:  # fmt: skip
        if where.points and crs:
            file.gcps = list(where.points), crs
        file.update_tags(**{TAG: json.dumps(about), "TIFFTAG_SOFTWARE": f"cracknet {__version__}"})
        file.set_band_description(1, name)
        for box, picture in content.cells(name):
            values = np.zeros(box.shape, np.uint8) if picture is None else picture
            file.write(values, 1, window=_window(box))
            sums[BAND] = zlib.crc32(values.tobytes(), sums[BAND])
        if content.masked:
            sums[VALID] = 0
            for box, valid in content.valid():
                file.write_mask(valid, window=_window(box))
                sums[VALID] = zlib.crc32(valid.tobytes(), sums[VALID])
    return sums


def _build_overviews(part: Path, shape: tuple[int, int]) -> None:
    import rasterio
    from rasterio.enums import Resampling

    factors: list[int] = []
    while max(shape) / 2 ** len(factors) > OVERVIEW_PX:
        factors.append(2 ** (len(factors) + 1))
    if factors:
        with rasterio.open(part, "r+") as file:
            file.build_overviews(factors, Resampling.average)


def _check(part: Path, written: dict[str, int], plan: Plan) -> None:
    """Read a file back: GDAL does not always say that the disk was full when it closed one."""
    import rasterio

    check_length(part)
    sums = dict.fromkeys(written, 0)
    with rasterio.open(part) as file:
        for window in plan.full.windows():
            place = _window(window.cell)
            sums[BAND] = zlib.crc32(file.read(1, window=place), sums[BAND])
            if VALID in sums:
                sums[VALID] = zlib.crc32(file.read_masks(1, window=place), sums[VALID])
    if sums != written:
        msg = "what was written is not what is read back"
        raise OSError(msg)


def _window(box: Box) -> Any:
    from rasterio.windows import Window

    return Window(box.left, box.top, box.shape[1], box.shape[0])


def read_about(path: Path) -> dict[str, Any] | None:
    """Return what `write_geotiff` put into a file's metadata; None where it is not one of its."""
    import rasterio
    from rasterio.errors import RasterioError

    try:
        with quiet_gdal(), rasterio.open(path) as file:
            about = json.loads(file.tags().get(TAG, "null"))
    except (RasterioError, ValueError):
        return None
    return about if isinstance(about, dict) else None


def overlay_factor(height: int, width: int) -> int:
    """Return by what power of 2 a raster is shrunk so that its longer side is at most 2048 px.

    At most 256, of which cells begin at multiples: a raster of more than half a million px has a
    larger overlay.
    """
    factor = 1
    while max(height, width) / factor > OVERLAY_PX and factor < ALIGN_PX:
        factor *= 2
    return factor


def overlay_of(content: Content) -> Picture:
    """Draw the whole raster small: gray, and red where any pixel beneath is crack.

    Returns
    -------
    (h, w, 3) uint8, BGR
        Black where there is no data.
    """
    height, width = content.plan.full.shape
    factor = overlay_factor(height, width)
    gray = np.zeros((-(-height // factor), -(-width // factor)), np.uint8)
    crack = np.zeros(gray.shape, bool)
    pictures = zip(content.cells(GRAY), content.cells(MASK), strict=True)
    for (box, small), (_, mask) in pictures:
        if small is None or mask is None:
            continue
        top, left = box.top // factor, box.left // factor
        here = slice(top, top + small.shape[0]), slice(left, left + small.shape[1])
        gray[here] = small
        crack[here] = _any_within(mask, factor)
    return draw_overlay(gray, crack)


def _any_within(mask: Picture, factor: int) -> Mask:
    filled = np.pad(mask, [(0, -side % factor) for side in mask.shape])
    height, width = filled.shape
    blocks = filled.reshape(height // factor, factor, width // factor, factor)
    return np.asarray(blocks.any(axis=(1, 3)))


@contextmanager
def _removed_on_failure(part: Path, path: Path) -> Iterator[None]:
    from rasterio.errors import RasterioError

    try:
        part.unlink(missing_ok=True)
        yield
    except (OSError, RasterioError, ValueError) as error:
        with suppress(OSError):
            part.unlink()
        if isinstance(error, OutputError):
            raise
        msg = (
            f"{path} cannot be written: {error}. Free some space and run again: the finished "
            "windows are kept."
        )
        raise OutputError(msg) from error
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
