"""Millimetres of what was measured in AFTER's px, by the scale of either date."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.measurement.change.registration import Registration
from cracknet.measurement.results import Points
from cracknet.measurement.scale import Scale, width_factor

AGREE = 0.02
"""Two scales of unstated uncertainty are expected to agree to this share each."""


@dataclass(frozen=True, eq=False)
class Millimetres:
    """A scale for AFTER's frame.

    Attributes
    ----------
    scale : Scale, optional
        The one that is used; None where neither date has one.
    registration : Registration
    of_before : bool
        Whether it is BEFORE's.
    uncertainty : float
        Relative standard uncertainty of it, as far as known; 0 where not.
    notes : tuple of str
    """

    scale: Scale | None
    registration: Registration
    of_before: bool
    uncertainty: float
    notes: tuple[str, ...]

    def along(self, points: Points, directions: Points) -> npt.NDArray[np.float64]:
        """Millimetres per px of AFTER along (N, 2) unit directions, (N,); nan without a scale."""
        if self.scale is None:
            return np.full(len(points), math.nan)
        return _along(self.scale, self.registration if self.of_before else None, points, directions)

    def across(self, points: Points, along: Points) -> npt.NDArray[np.float64]:
        """Millimetres per px of width of a crack that runs along (N, 2) unit vectors, (N,).

        nan without a scale.
        """
        scale = self.scale
        if scale is None:
            return np.full(len(points), math.nan)
        if not self.of_before:
            return scale.mm_across(points, along)
        return width_factor(
            lambda own: scale.to_mm(self.registration.to_before(own)), points, along
        )


def choose_scale(
    before: Scale | None, after: Scale | None, registration: Registration, middle: Points
) -> Millimetres:
    """Take AFTER's scale, or BEFORE's through the registration; check one against the other.

    Parameters
    ----------
    before, after : Scale, optional
    registration : Registration
    middle : (N, 2) float64
        Points of AFTER in the common view, where the two are compared.

    Returns
    -------
    Millimetres
        Where two scales disagree, the uncertainty is at least half of what parts them.
    """
    used = after or before
    if used is None:
        note = "No scale is known: all differences are in px of AFTER."
        return Millimetres(None, registration, False, 0.0, (note,))
    notes = []
    uncertainty = used.uncertainty or 0.0
    if used.uncertainty is None:
        notes.append("The scale's own uncertainty is unknown and not in that of the millimetres.")
    if before is not None and after is not None:
        ratio = _ratio(before, after, registration, middle)
        known = [AGREE if s.uncertainty is None else s.uncertainty for s in (before, after)]
        allowed = 2 * math.hypot(*known, 0.002)
        said = f"lengths by BEFORE's differ by {100 * (ratio - 1):+.1f} % from AFTER's"
        if abs(math.log(ratio)) > allowed:
            uncertainty = max(uncertainty, abs(math.log(ratio)) / 2)
            notes.append(
                f"The scales disagree: {said}, where {100 * allowed:.1f} % was to be expected. "
                "AFTER's is used; check both."
            )
        else:
            notes.append(f"The scales agree: {said}.")
    elif after is None:
        notes.append("Millimetres are by the scale of BEFORE, carried over by the registration.")
    return Millimetres(used, registration, after is None, uncertainty, tuple(notes))


def _ratio(before: Scale, after: Scale, registration: Registration, points: Points) -> float:
    """Millimetres by BEFORE's scale over those by AFTER's, the median over points and both axes."""
    logs = []
    for axis in ((1.0, 0.0), (0.0, 1.0)):
        way = np.tile(axis, (len(points), 1))
        logs.append(
            np.log(_along(before, registration, points, way) / _along(after, None, points, way))
        )
    return math.exp(float(np.median(np.concatenate(logs))))


def _along(
    scale: Scale, registration: Registration | None, points: Points, directions: Points
) -> npt.NDArray[np.float64]:
    if registration is None:
        return scale.mm_along(points, directions)
    half = 0.5 * directions
    ends = [scale.to_mm(registration.to_before(points + sign * half)) for sign in (1, -1)]
    return np.asarray(np.hypot(*(ends[0] - ends[1]).T), np.float64)
