"""Bands of width, each with a name and a colour."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cracknet.errors import ArgumentError
from cracknet.measurement.classes import WidthBand

COLOURS_RGB = (
    (44, 160, 60),
    (150, 190, 30),
    (235, 190, 20),
    (245, 130, 30),
    (225, 50, 40),
    (190, 30, 140),
    (110, 50, 190),
)
"""From narrow to wide; all stand out on black and on white, as drawings are shown and printed."""


DEFAULT_BANDS = (
    WidthBand("up to 0.1 mm", 0.0, 0.1),
    WidthBand("0.1 to 0.2 mm", 0.1, 0.2),
    WidthBand("0.2 to 0.3 mm", 0.2, 0.3),
    WidthBand("0.3 to 0.4 mm", 0.3, 0.4),
    WidthBand("0.4 to 1 mm", 0.4, 1.0),
    WidthBand("above 1 mm", 1.0, math.inf),
)
"""The steps at which the usual tables of crack width change; no standard's verdict."""


def checked_bands(bands: Sequence[tuple[str, float, float]]) -> tuple[WidthBand, ...]:
    """Check bands of width, and give them in ascending order.

    Raises
    ------
    ArgumentError
        When there is none, two share a name, one is empty or below 0, or two overlap.
    """
    sorted_bands = tuple(
        sorted((WidthBand(*band) for band in bands), key=lambda band: band.lower_mm)
    )
    if not sorted_bands:
        msg = "bands must hold at least one band of width; got none."
        raise ArgumentError(msg)
    if len({band.name.casefold() for band in sorted_bands}) < len(sorted_bands):
        msg = f"bands must have names of their own; got {[band.name for band in sorted_bands]}."
        raise ArgumentError(msg)
    before = 0.0
    for band in sorted_bands:
        if not before <= band.lower_mm < band.upper_mm:
            msg = (
                "bands must run from a width of 0 mm or more to a larger one, and not overlap; got "
                f"{band.name!r} from {band.lower_mm:g} to {band.upper_mm:g} mm after one up to "
                f"{before:g} mm."
            )
            raise ArgumentError(msg)
        before = band.upper_mm
    return sorted_bands


def band_of(width_mm: float, bands: Sequence[WidthBand]) -> int | None:
    """Give the number of the band that a width falls into; None between or beyond them.

    A width of 0 falls into a band that begins at 0.

    Examples
    --------
    >>> [band_of(width, DEFAULT_BANDS) for width in (0.0, 0.1, 0.11, 7.0)]
    [0, 0, 1, 5]
    >>> band_of(3.0, [WidthBand("a", 0.0, 1.0)]) is None
    True
    """
    for number, band in enumerate(bands):
        if band.lower_mm < width_mm <= band.upper_mm or width_mm == band.lower_mm == 0:
            return number
    return None


def band_colour(number: int, count: int) -> tuple[int, int, int]:
    """Red, green and blue of a band among so many, spread over `COLOURS_RGB`."""
    if count <= 1:
        return COLOURS_RGB[-3]
    place = number * (len(COLOURS_RGB) - 1) / (count - 1) if count > 5 else number * 4 / (count - 1)
    low = min(int(place), len(COLOURS_RGB) - 2)
    share = place - low
    red, green, blue = (
        round(a + (b - a) * share)
        for a, b in zip(COLOURS_RGB[low], COLOURS_RGB[low + 1], strict=True)
    )
    return red, green, blue
