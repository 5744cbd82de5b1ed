"""Opening a raster, and reading windows of it as gray."""

from __future__ import annotations

import hashlib
import json
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask
from cracknet.errors import ArgumentError, PhotoError
from cracknet.raster.bands import Bands, choose_bands
from cracknet.raster.box import Box
from cracknet.raster.gray import gray_of_window, valid_of_nodata
from cracknet.raster.levels import Levels, find_levels
from cracknet.raster.truncation import check_length

CACHE_MB = 64
"""What GDAL may keep of decoded blocks; its default is a twentieth of the machine's memory."""

BLOCK_PX = 250_000_000
"""Larger blocks are refused: each is decoded in memory."""

STRIP_ROWS = 512
"""Least height of the strips in which a window is read and turned into gray."""


@dataclass(frozen=True, eq=False)
class Georeference:
    """Where a raster lies, as results of it repeat it.

    Attributes
    ----------
    crs_wkt : str or None
        The coordinate reference system as WKT.
    transform : tuple of 6 float
        a, b, c, d, e, f of ``x = a column + b row + c``, ``y = d column + e row + f``, counted from
        the upper left corner of the first pixel; (1, 0, 0, 0, 1, 0) where it has none.
    points : tuple
        Ground control points, as rasterio gives them, of a raster that has these for a transform.
    """

    crs_wkt: str | None
    transform: tuple[float, float, float, float, float, float]
    points: tuple[Any, ...] = ()


class Raster:
    """A raster, open; use it in a `with` block, from any thread.

    Attributes
    ----------
    path : Path
    width, height : int
        Px.
    bands : int
    dtype : str
        Of the samples.
    georeference : Georeference
    nodata : float or None
        Of the first band.
    block : (int, int)
        Height and width of the blocks that it is stored in.
    may_be_invalid : bool
        Whether pixels may hold no data: by a nodata value, alpha, a mask, or as floats.
    levels : Levels or None
        Which samples are black and white; None for 8 bits.
    """

    def __init__(self, path: Path, dataset: Any) -> None:
        self.path = path
        self.width, self.height = int(dataset.width), int(dataset.height)
        self.bands = int(dataset.count)
        self._bands: Bands = choose_bands(dataset)
        first = self._bands.colours[0] - 1
        self.dtype = str(dataset.dtypes[first])
        points, points_crs = dataset.gcps
        crs = dataset.crs or points_crs
        self.georeference = Georeference(
            crs.to_wkt() if crs else None, tuple(dataset.transform)[:6], tuple(points)
        )
        self.nodata: float | None = dataset.nodatavals[first]
        self.block: tuple[int, int] = tuple(dataset.block_shapes[first])
        self._nodata = tuple(dataset.nodatavals[band - 1] for band in self._bands.colours)
        flags = {flag.name for flag in dataset.mask_flag_enums[first]}
        self._masked = "per_dataset" in flags and self._bands.alpha is None
        palette = self._bands.opaque
        self.may_be_invalid = (
            self._masked
            or self._bands.alpha is not None
            or None not in self._nodata
            or np.dtype(self.dtype).kind == "f"
            or (palette is not None and not bool(palette.all()))
        )
        self._check_block()
        self._files = [Path(name) for name in dataset.files]
        self._dataset = dataset
        self._lock = threading.Lock()
        self.levels: Levels | None = None
        bits = dataset.tags(first + 1, ns="IMAGE_STRUCTURE").get("NBITS")
        if palette is None and (self.dtype != "uint8" or bits):
            self.levels = find_levels(
                self.height, self.width, np.dtype(self.dtype), int(bits) if bits else None,
                lambda box: self._read(box)[::2],
            )  # fmt: skip

    def __enter__(self) -> Raster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._dataset.close()

    def _check_block(self) -> None:
        if self.block[0] * self.block[1] > BLOCK_PX:
            msg = (
                f"it is stored in blocks of {self.block[1]}x{self.block[0]} px, and a window of it "
                "costs a whole block. Write it anew with `gdal_translate -co TILED=YES`"
            )
            raise PhotoError(msg)

    @property
    def box(self) -> Box:
        """All of it."""
        return Box(0, 0, self.height, self.width)

    def stamp(self) -> str:
        """Digest the names, sizes and times of change of its files, to see whether it changed.

        Of a VRT the files that it is made of count too.
        """
        state = []
        for file in sorted({self.path, *self._files}):
            if file.is_file():
                status = file.stat()
                state.append([file.name, status.st_size, status.st_mtime_ns])
        return hashlib.sha256(json.dumps(state).encode()).hexdigest()

    def read_gray(self, box: Box) -> tuple[Gray, Mask]:
        """Read a window as gray, by the rules of `cracknet.photo` and `levels`.

        Parameters
        ----------
        box : Box
            Within the raster.

        Returns
        -------
        gray : (h, w) uint8
            White where not valid.
        valid : (h, w) bool
            Where the raster holds data; not to be written to.

        Raises
        ------
        ArgumentError
            When the box is empty, or reaches beyond the raster.
        PhotoError
            When the file is damaged there.
        """
        inside = 0 <= box.top < box.bottom <= self.height
        if not inside or not 0 <= box.left < box.right <= self.width:
            msg = (
                f"a window must lie within the raster's {self.height} rows and {self.width} "
                f"columns; got {box}."
            )
            raise ArgumentError(msg)
        gray = np.empty(box.shape, np.uint8)
        # One value for all where all hold data: a window's worth of memory less.
        valid = (
            np.empty(box.shape, bool) if self.may_be_invalid else np.broadcast_to(True, box.shape)
        )
        rows = -(-STRIP_ROWS // self.block[0]) * self.block[0]
        for strip in box.strips(min(rows, 4 * STRIP_ROWS)):
            place = strip.within(box)
            colours, alpha, held = self._read(strip)
            gray[place], held = gray_of_window(colours, alpha, held, self._bands, self.levels)
            if self.may_be_invalid:
                valid[place] = held
        return gray, valid

    def _read(self, box: Box) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None, Mask]:
        """Read colours (C, h, w), alpha (h, w) and what nodata and masks leave valid (h, w)."""
        from rasterio.errors import RasterioError
        from rasterio.windows import Window

        window = Window(box.left, box.top, box.shape[1], box.shape[0])
        try:
            with self._lock, gdal():
                samples = self._dataset.read(self._bands.read, window=window)
                mask = self._dataset.read_masks(1, window=window) if self._masked else None
        except (RasterioError, ValueError) as error:
            if self._dataset.closed:
                msg = "this Raster is closed. Read within its `with` block."
                raise ArgumentError(msg) from error
            msg = (
                f"{self.path}: rows {box.top} to {box.bottom}, columns {box.left} to {box.right} "
                f"cannot be read ({_last_line(error)}). The file is damaged or truncated, or a "
                "file that it is made of is missing. Copy it again"
            )
            raise PhotoError(msg) from error
        count = len(self._bands.colours)
        colours = samples[:count]
        alpha = samples[count] if self._bands.alpha is not None else None
        if mask is not None:
            return colours, alpha, mask > 0
        if alpha is None and None not in self._nodata:
            return colours, alpha, valid_of_nodata(colours, self._nodata)
        return colours, alpha, np.ones(box.shape, bool)


def open_raster(path: str | Path) -> Raster:
    """Open a raster: whatever GDAL reads, of any size.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Raster

    Raises
    ------
    PhotoError
        When the file is missing, is no raster, is truncated, or has bands of which it cannot be
        told which are meant.
    ArgumentError
        When rasterio is not installed.
    """
    try:
        import rasterio
        from rasterio.errors import RasterioError
    except ImportError as error:
        msg = 'reading rasters needs rasterio. Install it with `pip install "cracknet[geo]"`.'
        raise ArgumentError(msg) from error
    path = Path(path)
    if not path.is_file():
        reason = "is a folder, not a raster" if path.is_dir() else "no such file"
        msg = f"{path}: {reason}. Check the path"
        raise PhotoError(msg)
    check_length(path)
    try:
        with quiet_gdal():
            dataset = rasterio.open(path)
    except RasterioError as error:
        msg = (
            f"{path}: it cannot be opened as a raster ({_last_line(error)}). It is damaged, or of "
            "another format: convert it to GeoTIFF"
        )
        raise PhotoError(msg) from error
    try:
        return Raster(path, dataset)
    except PhotoError as error:
        dataset.close()
        msg = str(error) if str(error).startswith(str(path)) else f"{path}: {error}"
        raise PhotoError(msg) from error


@contextmanager
def gdal() -> Iterator[None]:
    """Bound GDAL's cache, and keep it from writing files beside the raster."""
    import rasterio

    with rasterio.Env(GDAL_CACHEMAX=CACHE_MB, GDAL_PAM_ENABLED=False, GDAL_TIFF_INTERNAL_MASK=True):
        yield


@contextmanager
def quiet_gdal() -> Iterator[None]:
    """As `gdal`, without the warning of a file that has no transform: not for many threads."""
    from rasterio.errors import NotGeoreferencedWarning

    with gdal(), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def _last_line(error: BaseException) -> str:
    # rasterio's own text is mostly "see previous exception for details"
    said = error.__cause__ or error
    lines = str(said).strip().splitlines()
    return lines[-1][:200] if lines else type(said).__name__
