"""A scale from two points of the photograph and the distance between them on the concrete."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cracknet.errors import ArgumentError
from cracknet.measurement.scale.scale import Scale
from cracknet.photo import Photo

POINTING_PX = 1.0
"""Standard uncertainty of each point along the line between them: how well a hand points."""
LEAST_DISTANCE_PX = 20.0
"""Nearer points would make a scale more uncertain than 7 %."""


@dataclass(frozen=True)
class PointPair:
    """Two points of a photograph whose distance on the concrete is known.

    Parameters
    ----------
    first_px, second_px : (float, float)
        x and y in pixels, x to the right, y down, of the upright photograph.
    distance_mm : float
        Between them on the concrete.
    """

    first_px: tuple[float, float]
    second_px: tuple[float, float]
    distance_mm: float


def parse_points(text: str) -> PointPair:
    """Read ``x1,y1,x2,y2,mm``.

    Raises
    ------
    ArgumentError
        When it is not five numbers.

    Examples
    --------
    >>> parse_points("100,200,1100,200,500")
    PointPair(first_px=(100.0, 200.0), second_px=(1100.0, 200.0), distance_mm=500.0)
    """
    try:
        x1, y1, x2, y2, distance = (float(part) for part in text.split(","))
    except ValueError:
        msg = (
            "two points and their distance are written x1,y1,x2,y2,mm, as in "
            f"100,200,1100,200,500; got {text!r}."
        )
        raise ArgumentError(msg) from None
    return PointPair((x1, y1), (x2, y2), distance)


def scale_from_points(photo: Photo, pair: PointPair) -> Scale:
    """Divide a known distance by its pixels.

    The relative uncertainty is sqrt(2) x `POINTING_PX` / pixels: both points are pointed at
    independently. The distance itself is taken as exact, the view as square to the concrete.

    Raises
    ------
    ArgumentError
        When a point is not in the photograph, the points are nearer than `LEAST_DISTANCE_PX`, the
        distance is not positive, or the scale is absurd.
    """
    name = photo.path or "the photograph"
    for x, y in (pair.first_px, pair.second_px):
        # written so that NaN fails too
        if not (-0.5 <= x <= photo.width - 0.5 and -0.5 <= y <= photo.height - 0.5):
            msg = (
                f"both points must lie in {name}, which is {photo.width} x {photo.height} px; got "
                f"{x:g},{y:g}. Read them off the upright photograph, x to the right, y down."
            )
            raise ArgumentError(msg)
    if not (math.isfinite(pair.distance_mm) and pair.distance_mm > 0):
        msg = (
            "the distance between the two points must be a positive number of millimetres; got "
            f"{pair.distance_mm}. Measure it on the concrete."
        )
        raise ArgumentError(msg)
    length_px = math.dist(pair.first_px, pair.second_px)
    if length_px < LEAST_DISTANCE_PX:
        msg = (
            f"the two points must be at least {LEAST_DISTANCE_PX:g} px apart; in {name} they are "
            f"{length_px:.1f} px. Take points as far apart as the photograph allows."
        )
        raise ArgumentError(msg)
    uncertainty = math.sqrt(2) * POINTING_PX / length_px
    source = (
        f"two points {length_px:.1f} px apart, {pair.distance_mm:g} mm on the concrete, "
        f"± {uncertainty:.2%} (k = 1, each point to {POINTING_PX:g} px; view taken as square on)"
    )
    return Scale(pair.distance_mm / length_px, "points", source, uncertainty)
