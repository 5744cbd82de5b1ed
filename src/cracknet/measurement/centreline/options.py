"""How cracks are traced."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from cracknet.errors import ArgumentError


@dataclass(frozen=True)
class TraceOptions:
    """How cracks are traced.

    Parameters
    ----------
    least_length_px : float
        A region shorter than this is a speck: it is counted, not measured.
    spur_factor, spur_px : float
        A branch with a free end is a spur, and goes, where it reaches less than
        ``spur_factor * width + spur_px`` beyond the largest circle that fits into the mask at the
        branch's junction; width is the circle's diameter. See `spurs`.
    least_hole_px2 : float
        A smaller hole is a flaw of the mask, not a loop of the crack: it is passed over.
    bridge_px : float
        Free ends that face each other across a gap up to this are joined; 0 joins none.
    smooth_px, smooth_factor : float
        Waves of the centreline shorter than ``max(smooth_px, smooth_factor * width)`` are taken
        for the pixels' steps and smoothed away. See `smoothing`.

    Raises
    ------
    ArgumentError
        When a value is negative or not finite.
    """

    least_length_px: float = 10.0
    spur_factor: float = 0.75
    spur_px: float = 2.0
    least_hole_px2: float = 10.0
    bridge_px: float = 0.0
    smooth_px: float = 4.0
    smooth_factor: float = 0.7

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value >= 0):
                msg = f"{field.name} must be a number of at least 0; got {value}."
                raise ArgumentError(msg)
