"""From a photograph's pixels to the coordinates of a layer or drawing, y up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cracknet.measurement.results import Measurement
from cracknet.measurement.scale import Scale
from cracknet.reporting.layers.georeference import Georeference

Points = npt.NDArray[np.float64]
Unit = Literal["px", "mm", "world", "degrees"]


_LOCAL = (
    'LOCAL_CS["{name}",LOCAL_DATUM["photograph",0],UNIT["{unit}",{metres}],'
    'AXIS["x",EAST],AXIS["y",NORTH]]'
)
LOCAL_SYSTEMS = {
    "px": _LOCAL.format(name="Photograph, px, y up", unit="pixel", metres=1),
    "mm": _LOCAL.format(name="Photograph, mm, y up", unit="millimetre", metres=0.001),
    "world": _LOCAL.format(name="Unknown", unit="unknown", metres=1),
}
"""What coordinates without a place on the earth are in: no place, but a named unit (WKT 1)."""


@dataclass(frozen=True, eq=False)
class Placement:
    """Where a layer's coordinates come from.

    Attributes
    ----------
    unit : {"px", "mm", "world", "degrees"}
    place : callable
        Maps (N, 2) positions in px, y down, to (N, 2) coordinates, y up.
    text : str
        The same in words, for the files.
    crs : str, optional
        Of coordinates on the earth.
    """

    unit: Unit
    place: Callable[[Points], Points]
    text: str
    crs: str | None = None


def placement(measurement: Measurement, georeference: Georeference | None = None) -> Placement:
    """Choose the coordinates of a photograph's layers.

    World coordinates where it has a georeference; else millimetres where it has a scale; else
    pixels. Both are y up and begin at the photograph's upper left corner, as QGIS lays an image
    without georeference; of a slanted view, where its homography begins.
    """
    if georeference is not None:
        name = georeference.crs or "an unknown coordinate reference system"
        return Placement("world", georeference.to_world, f"coordinates of {name}", georeference.crs)
    return local_placement(measurement.scale)


def local_placement(scale: Scale | None) -> Placement:
    """Coordinates in the photograph itself: millimetres with a scale, else pixels, y up."""
    if scale is None:
        text = "pixels from the photograph's upper left corner, x to the right, y up"
        return Placement("px", _upright, text)
    if scale.homography is None:
        text = "millimetres from the photograph's upper left corner, x to the right, y up"
        return Placement("mm", lambda points: _upright(points) * scale.mm_per_px, text)
    text = "millimetres on the concrete, by the photograph's homography, y up"
    return Placement("mm", lambda points: scale.to_mm(points) * (1, -1), text)


def frame_px(height_px: int, width_px: int) -> Points:
    """Corners of a photograph in px, (4, 2), from the upper left clockwise."""
    right, below = width_px - 0.5, height_px - 0.5
    return np.array([[-0.5, -0.5], [right, -0.5], [right, below], [-0.5, below]])


def before_horizon(scale: Scale | None, points_px: Points) -> bool:
    """Whether all positions lie on the side of the horizon that a slanted view can see."""
    if scale is None or scale.homography is None:
        return True
    depth = np.column_stack([points_px, np.ones(len(points_px))]) @ scale.homography[2]
    return bool((depth > 0).all() or (depth < 0).all())


def _upright(points_px: Points) -> Points:
    return (np.asarray(points_px, np.float64) + 0.5) * (1, -1)
