"""What counts as a change."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields

from cracknet.errors import ArgumentError
from cracknet.measurement.change.registration import RegistrationOptions


@dataclass(frozen=True)
class ChangeOptions:
    """Rules of the comparison; lengths in px are those of AFTER.

    Parameters
    ----------
    tolerance_px : float
        How far the centreline of one date may lie beside that of the other, on top of twice the
        registration's uncertainty and a quarter of the crack's width.
    direction_deg : float
        Greatest angle between the two.
    bridge_px : float
        Gaps of a crack between found parts, up to this length, are not a change: segmentation
        opens and closes them by chance.
    found_share : float
        A crack of which less of its length is found at the other date is new or gone.
    sigmas : float
        A difference counts from this many standard uncertainties on.
    least_width_px, least_length_px : float
        And from this size on.
    width_bias_px : float
        Standard uncertainty of a width difference that all points of a crack share: two
        photographs of different blur and light do not measure a width quite alike.
    tip_px : float
        Standard uncertainty of where a crack's end is found; it grows where the crack thins out.
    tip_width_px : float
        By how much the width at which a crack ceases to be found differs from one photograph to
        the next, for that.
    margin_px : float
        What is closer to the border of either photograph is not compared.
    least_seen_px : float
        A crack of which less lies in the common view is outside of it.
    registration : RegistrationOptions

    Raises
    ------
    ArgumentError
        When a value is negative or not a number, an angle above 90, or a share above 1.
    """

    tolerance_px: float = 3.0
    direction_deg: float = 35.0
    bridge_px: float = 12.0
    found_share: float = 0.2
    sigmas: float = 2.0
    least_width_px: float = 0.3
    least_length_px: float = 10.0
    width_bias_px: float = 0.12
    tip_px: float = 1.5
    tip_width_px: float = 0.15
    margin_px: float = 6.0
    least_seen_px: float = 20.0
    registration: RegistrationOptions = field(default_factory=RegistrationOptions)

    def __post_init__(self) -> None:
        most = {"found_share": 1.0, "direction_deg": 90.0}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name == "registration":
                continue
            if not 0 <= value <= most.get(item.name, 1e6) or not math.isfinite(value):
                msg = f"{item.name} must be in [0, {most.get(item.name, 1e6):g}]; got {value}."
                raise ArgumentError(msg)
