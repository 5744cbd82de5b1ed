"""Widths and orientations of a photograph, each with the length that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.measurement.figures import length_mm, profile_points, widths_mm
from cracknet.measurement.results import Branch, MeasuredCrack, Measurement
from cracknet.measurement.scale import Scale

Values = npt.NDArray[np.float64]

ROSE_PARTS = 18
"""Of 10 degrees each, the first about 0 degrees."""


@dataclass(frozen=True, eq=False)
class WidthProfile:
    """Widths with lengths: (N,) each, in mm where a scale is known, else in px."""

    widths: Values
    lengths: Values


def width_profile(measurement: Measurement) -> WidthProfile:
    """Collect the widths of all cracks, by the same rule as the tables' statistics.

    Of each crack the points count whose width came from a profile; where these are less than a
    fifth of its length, all. Their lengths are stretched to the crack's whole length, so that the
    sum over a photograph is the length of its cracks.
    """
    parts = [_crack_profile(crack, measurement.scale) for crack in measurement.cracks]
    if not parts:
        return WidthProfile(np.empty(0), np.empty(0))
    return WidthProfile(
        np.concatenate([widths for widths, _ in parts]),
        np.concatenate([lengths for _, lengths in parts]),
    )


def _crack_profile(crack: MeasuredCrack, scale: Scale | None) -> tuple[Values, Values]:
    branches = [branch for branch in crack.branches if branch.length_px > 0]
    if not branches:
        return np.empty(0), np.empty(0)
    weights = np.concatenate([branch.weights_px for branch in branches])
    methods = np.concatenate([branch.methods for branch in branches])
    if scale is None:
        widths = np.concatenate([branch.widths_px for branch in branches])
        lengths = weights
    else:
        widths = np.concatenate([widths_mm(branch, scale) for branch in branches])
        lengths = np.concatenate([_lengths_mm(branch, scale) for branch in branches])
    profile = profile_points(methods, weights)
    return widths[profile], lengths[profile] * (lengths.sum() / lengths[profile].sum())


def _lengths_mm(branch: Branch, scale: Scale) -> Values:
    """Length in mm that each point of a branch stands for."""
    if scale.homography is None:
        return branch.weights_px * scale.mm_per_px
    return branch.weights_px * (length_mm(branch, scale) / branch.length_px)


def rose_shares(measurement: Measurement) -> Values:
    """Share of length in each of `ROSE_PARTS` orientations, (18,); zeros where there is none.

    Part k is about 10 k degrees, counter-clockwise from the picture's x axis.
    """
    steps, lengths = _steps(measurement.cracks)
    total = lengths.sum()
    if total == 0:
        return np.zeros(ROSE_PARTS)
    degrees = np.degrees(np.arctan2(-steps[:, 1], steps[:, 0]))
    parts = np.rint(degrees / (180 / ROSE_PARTS)).astype(int) % ROSE_PARTS
    return np.asarray(np.bincount(parts, lengths, minlength=ROSE_PARTS) / total, np.float64)


def _steps(cracks: Sequence[MeasuredCrack]) -> tuple[Values, Values]:
    branches = [branch for crack in cracks for branch in crack.branches]
    if not branches:
        return np.empty((0, 2)), np.empty(0)
    return (
        np.concatenate([np.diff(branch.points_px, axis=0) for branch in branches]),
        np.concatenate([branch.steps_px for branch in branches]),
    )
