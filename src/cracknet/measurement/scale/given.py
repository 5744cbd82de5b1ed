"""A scale that the user states."""

from __future__ import annotations

import math

from cracknet.errors import ArgumentError
from cracknet.measurement.scale.scale import (
    COARSEST_MM_PER_PX,
    FINEST_MM_PER_PX,
    Scale,
)


def scale_given(mm_per_px: float) -> Scale:
    """Take a scale as stated; nothing is known of its uncertainty.

    Parameters
    ----------
    mm_per_px : float
        Millimetres per pixel.

    Raises
    ------
    ArgumentError
        When it is not a number between `FINEST_MM_PER_PX` and `COARSEST_MM_PER_PX`.

    Examples
    --------
    >>> scale_given(0.25).source
    'given as 0.25 mm per pixel, uncertainty unknown'
    """
    value = float(mm_per_px)
    if not math.isfinite(value) or value <= 0:
        msg = (
            f"a scale must be a positive number of millimetres per pixel; got {mm_per_px}. Divide "
            "a length on the concrete in mm by its pixels in the photograph."
        )
        raise ArgumentError(msg)
    if not FINEST_MM_PER_PX <= value <= COARSEST_MM_PER_PX:
        msg = (
            f"a scale must be between {FINEST_MM_PER_PX:g} and {COARSEST_MM_PER_PX:g} millimetres "
            f"per pixel; got {value:g}. Check the unit: it is mm per pixel, not pixels per mm."
        )
        raise ArgumentError(msg)
    return Scale(value, "given", f"given as {value:g} mm per pixel, uncertainty unknown")
