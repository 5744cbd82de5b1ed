"""What a raster's cracks are measured in: mask, probability and gray, read by windows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cracknet.arrays import Gray, Mask, Probability
from cracknet.errors import PhotoError
from cracknet.raster import Box
from cracknet.raster.opening import gdal, quiet_gdal
from cracknet.raster.truncation import check_length


class GraySource(Protocol):
    """A `Raster`, or a `RollingGray`."""

    def read_gray(self, box: Box) -> tuple[Gray, Mask]:
        """Read a window: gray, and where it holds data."""


class Source(Protocol):
    """A segmented raster. Boxes lie within it."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, px."""

    def mask(self, box: Box) -> Mask:
        """Where there is crack, (h, w) bool."""

    def probability(self, box: Box) -> Probability | None:
        """Probability of crack, (h, w) float32; None where it is not known."""

    def gray(self, box: Box) -> Gray | None:
        """Gray of the surface, (h, w) uint8; None where it is not known."""


@dataclass(frozen=True, eq=False)
class Arrays:
    """A raster that is in memory.

    Attributes
    ----------
    masked : (H, W) bool
    likely : (H, W) float32, optional
    surface : (H, W) uint8, optional
    """

    masked: Mask
    likely: Probability | None = None
    surface: Gray | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, px."""
        height, width = self.masked.shape
        return height, width

    def mask(self, box: Box) -> Mask:
        """See `Source`."""
        return self.masked[_slices(box)]

    def probability(self, box: Box) -> Probability | None:
        """See `Source`."""
        return None if self.likely is None else self.likely[_slices(box)]

    def gray(self, box: Box) -> Gray | None:
        """See `Source`."""
        return None if self.surface is None else self.surface[_slices(box)]


class Files:
    """The GeoTIFFs that segmenting wrote, and the raster itself; see `open_files`."""

    def __init__(self, mask: Any, probability: Any, surface: GraySource | None) -> None:
        self._mask, self._probability, self._surface = mask, probability, surface
        self.shape: tuple[int, int] = (int(mask.height), int(mask.width))

    def mask(self, box: Box) -> Mask:
        """See `Source`."""
        return np.asarray(_read(self._mask, box) > 127)

    def probability(self, box: Box) -> Probability | None:
        """See `Source`."""
        if self._probability is None:
            return None
        values = _read(self._probability, box)
        scaled: Probability = np.multiply(values, np.float32(1 / 255), dtype=np.float32)
        return scaled

    def gray(self, box: Box) -> Gray | None:
        """See `Source`."""
        return None if self._surface is None else self._surface.read_gray(box)[0]


@contextmanager
def open_files(mask: Path, probability: Path | None, surface: GraySource | None) -> Iterator[Files]:
    """Open a raster's mask and probability.

    Raises
    ------
    PhotoError
        When one cannot be read, is truncated, or is of another size or kind than the mask.
    """
    import rasterio
    from rasterio.errors import RasterioError

    opened: list[Any] = []
    with ExitStack() as stack:
        for path in (mask, probability):
            if path is None:
                continue
            try:
                check_length(path)
                with quiet_gdal():
                    file = rasterio.open(path)
            except (RasterioError, OSError) as error:
                msg = f"{path}: it cannot be read. Segment the raster again with --overwrite"
                raise PhotoError(msg) from error
            stack.callback(file.close)
            if file.count != 1 or file.dtypes[0] != "uint8":
                msg = f"{path}: it must have one band of 8 bits. Segment the raster again"
                raise PhotoError(msg)
            opened.append(file)
        if len({(file.height, file.width) for file in opened}) > 1:
            msg = f"{probability}: it must have the mask's size. Segment the raster again"
            raise PhotoError(msg)
        yield Files(opened[0], opened[1] if len(opened) > 1 else None, surface)


def _read(file: Any, box: Box) -> Any:
    from rasterio.errors import RasterioError
    from rasterio.windows import Window

    try:
        with gdal():
            window = Window(box.left, box.top, box.shape[1], box.shape[0])
            return file.read(1, window=window)
    except RasterioError as error:
        msg = f"{file.name}: it is damaged. Segment the raster again with --overwrite"
        raise PhotoError(msg) from error


def _slices(box: Box) -> tuple[slice, slice]:
    return slice(box.top, box.bottom), slice(box.left, box.right)
