"""Numbers as a report prints them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cracknet.measurement.figures import CrackFigures

NONE = "-"


def width(value: float | None) -> str:
    """Write a width in mm or px: hundredths below 10, tenths below 100.

    Examples
    --------
    >>> width(0.238), width(12.34), width(None)
    ('0.24', '12.3', '-')
    """
    if value is None:
        return NONE
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def length(value: float | None, unit: str) -> str:
    """Write a length with its unit, from 10 m on in metres.

    Examples
    --------
    >>> length(312.4, "mm"), length(12345, "mm"), length(15000.4, "px")
    ('312 mm', '12.35 m', '15,000 px')
    """
    if value is None:
        return NONE
    if unit == "mm" and value >= 1e4:
        return f"{value / 1000:,.2f} m"
    return f"{value:,.1f} {unit}" if value < 100 else f"{value:,.0f} {unit}"


def degrees(value: float | None) -> str:
    """Write an orientation in whole degrees, 180 as 0."""
    return NONE if value is None else f"{round(value) % 180}°"


def confidence(crack: CrackFigures) -> str:
    """Say how far a crack's width was resolved, and by what its width was measured."""
    share = crack.resolved_share
    if share <= 0.005:
        return "not resolved: upper bound"
    by = f"({crack.width_method})"
    return f"resolved {by}" if share >= 0.995 else f"{100 * share:.0f} % resolved {by}"


def position(about: Mapping[str, Any]) -> str:
    """Write an EXIF position, as far as it is known.

    Examples
    --------
    >>> position({"latitude_deg": 52.5163, "longitude_deg": -13.37771, "altitude_m": 34.2})
    '52.516300° N, 13.377710° W, 34 m'
    """
    north, east = about.get("latitude_deg"), about.get("longitude_deg")
    if not isinstance(north, (int, float)) or not isinstance(east, (int, float)):
        return ""
    text = f"{abs(north):.6f}° {'N' if north >= 0 else 'S'}, "
    text += f"{abs(east):.6f}° {'E' if east >= 0 else 'W'}"
    height = about.get("altitude_m")
    return f"{text}, {height:.0f} m" if isinstance(height, (int, float)) else text
