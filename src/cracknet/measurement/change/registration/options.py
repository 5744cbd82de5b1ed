"""When two photographs count as registered, and how the search is bounded."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from cracknet.errors import ArgumentError, MeasurementError


class RegistrationError(MeasurementError):
    """Two photographs cannot be laid over each other; `reason` is the rule that did not hold.

    The reasons are ``texture``, ``matches``, ``degenerate``, ``mirror``, ``scale``, ``overlap``,
    ``unconfirmed``, ``repeats`` and ``residual``.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class RegistrationOptions:
    """Bounds of the registration.

    Parameters
    ----------
    longest_px : int
        Side to which larger photographs are reduced for the first, coarse step.
    features : int
        Most features of each photograph in that step.
    least_matches : int
        Fewest matches that must agree with the coarse homography.
    least_patches : int
        Fewest patches that must be found again at full resolution, within `farthest_px` of where
        the homography puts them.
    least_share : float
        Share of the patches tried that must be found again.
    least_hull : float
        Share of the common view that the hull of those patches must cover.
    largest_residual_px : float
        Greatest robust deviation of the patches from the homography, per axis, in px of AFTER.
    least_overlap : float
        Share of the photograph with the smaller view that the other must show, too.
    largest_scale : float
        Greatest factor by which one photograph may be finer than the other, at any place.
    largest_slant : float
        Greatest ratio of the two principal factors at any place: how slanted one view may be
        against the other (2 is 60 degrees).
    try_slanted : bool
        Where all else fails, look for features on slanted copies, too; it takes seconds.
    mask_cracks : bool
        Leave the cracks themselves out, lest one that has changed pulls the registration.

    Raises
    ------
    ArgumentError
        When a value is not a positive number, or a share is above 1.
    """

    longest_px: int = 1600
    features: int = 5000
    least_matches: int = 12
    least_patches: int = 24
    least_share: float = 0.2
    least_hull: float = 0.3
    largest_residual_px: float = 2.0
    least_overlap: float = 0.2
    largest_scale: float = 3.0
    largest_slant: float = 3.0
    try_slanted: bool = True
    mask_cracks: bool = True

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            most = 1.0 if item.name in _SHARES else math.inf
            if not isinstance(value, bool) and not (math.isfinite(value) and 0 < value <= most):
                msg = f"{item.name} must be above 0 and at most {most:g}; got {value}."
                raise ArgumentError(msg)


_SHARES = ("least_share", "least_hull", "least_overlap")
