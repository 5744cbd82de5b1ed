"""Where a raster lies on the earth: pixels to world coordinates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError
from cracknet.measurement.files import PhotoMeasurement

if TYPE_CHECKING:
    from pyproj import CRS, Transformer

Points = npt.NDArray[np.float64]
WGS84 = "OGC:CRS84"
"""WGS84 with longitude before latitude."""


@dataclass(frozen=True)
class Georeference:
    """An affine map from pixels to a coordinate reference system.

    Parameters
    ----------
    transform : (a, b, c, d, e, f)
        As rasterio writes it: ``x = a * column + b * row + c``, ``y = d * column + e * row + f``,
        where column and row count from the upper left CORNER of the first pixel; so the middle of
        a pixel at (x, y) in `Branch.points_px` is column x + 0.5, row y + 0.5.
    crs : str, optional
        Name (``EPSG:25832``) or WKT; None where it is not known. East or longitude comes first.

    Raises
    ------
    ArgumentError
        When the transform is not six finite numbers that can be inverted.

    Examples
    --------
    >>> orthophoto = Georeference((0.002, 0.0, 565000.0, 0.0, -0.002, 5934000.0), "EPSG:25832")
    >>> orthophoto.to_world(np.array([[-0.5, -0.5], [499.5, -0.5]])).tolist()
    [[565000.0, 5934000.0], [565001.0, 5934000.0]]
    """

    transform: tuple[float, float, float, float, float, float]
    crs: str | None = None

    def __post_init__(self) -> None:
        values = tuple(float(value) for value in self.transform)
        if len(values) != 6 or not all(math.isfinite(value) for value in values):
            msg = f"a georeference's transform must be six finite numbers; got {self.transform}."
            raise ArgumentError(msg)
        if values[0] * values[4] == values[1] * values[3]:
            msg = f"a georeference's transform must be one that can be undone; got {values}."
            raise ArgumentError(msg)
        object.__setattr__(self, "transform", values)

    def to_world(self, points_px: Points) -> Points:
        """Map positions, (N, 2) px with pixel centres at integers, to world coordinates."""
        a, b, c, d, e, f = self.transform
        x, y = np.asarray(points_px, np.float64).T + 0.5
        return np.column_stack([a * x + b * y + c, d * x + e * y + f])


def georeference_of(item: PhotoMeasurement) -> Georeference | None:
    """Read the georeference that a measured raster carries in its ``about``.

    It is ``{"transform": [a, b, c, d, e, f], "crs": "EPSG:25832"}``; photographs have none.

    Raises
    ------
    ArgumentError
        When it is there but damaged; the message names the photograph.
    """
    values = item.about.get("georeference")
    if values is None:
        return None
    if not isinstance(values, Mapping) or "transform" not in values:
        msg = f"{item.file}: its georeference must hold a transform; got {values!r}."
        raise ArgumentError(msg)
    crs = values.get("crs")
    try:
        return Georeference(tuple(values["transform"]), None if crs is None else str(crs))
    except (ArgumentError, TypeError, ValueError) as error:
        msg = f"{item.file}: {error} Measure the raster again."
        raise ArgumentError(msg) from error


def crs_of(georeference: Georeference) -> CRS | None:
    """Look up the coordinate reference system, None where none is named.

    Raises
    ------
    ArgumentError
        When PROJ does not know it.
    """
    if georeference.crs is None or not georeference.crs.strip():
        return None
    return _known_crs(georeference.crs)


@cache
def _known_crs(name: str) -> CRS:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return CRS.from_user_input(name)
    except CRSError as error:
        shown = name if len(name) < 80 else f"{name[:77]}..."
        msg = (
            f"the coordinate reference system {shown!r} is not known to PROJ. Give it as EPSG "
            "number (EPSG:25832) or as WKT, or leave it out."
        )
        raise ArgumentError(msg) from error


@cache
def mover(start: CRS, goal: CRS | str) -> Transformer:
    """Give the transformation between two systems, east or longitude first; made once."""
    from pyproj import Transformer

    return Transformer.from_crs(start, goal, always_xy=True)


def to_wgs84(georeference: Georeference, points_px: Points) -> Points:
    """Map positions in px to longitude and latitude in degrees, WGS84, (N, 2).

    Raises
    ------
    ArgumentError
        When the system is not known, or not one of the earth.
    """
    from pyproj.exceptions import ProjError

    crs = crs_of(georeference)
    world = georeference.to_world(points_px)
    lonlat = None
    if crs is not None and crs.geodetic_crs is not None:
        with suppress(ProjError):
            move = mover(crs, WGS84)
            lonlat = np.column_stack(move.transform(world[:, 0], world[:, 1], errcheck=True))
    if lonlat is None or not np.isfinite(lonlat).all():
        msg = (
            f"coordinates of {georeference.crs or 'an unknown system'!r} cannot be turned into "
            "WGS84 longitude and latitude. Check the raster's coordinate reference system and "
            f"transform: {georeference.transform}."
        )
        raise ArgumentError(msg)
    return np.asarray(lonlat, np.float64)


def on_earth(georeference: Georeference) -> bool:
    """Whether positions can be told in longitude and latitude."""
    crs = crs_of(georeference)
    return crs is not None and crs.geodetic_crs is not None
