"""Measure the cracks of a photograph: from a mask to centrelines with widths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask, Probability
from cracknet.errors import ArgumentError
from cracknet.measurement.centreline import (
    Traced,
    TracedBranch,
    TracedCrack,
    TraceOptions,
    trace_cracks,
)
from cracknet.measurement.results import Branch, MeasuredCrack, Measurement
from cracknet.measurement.scale import Scale
from cracknet.measurement.widths import WidthOptions, WidthProfile, width_profiles
from cracknet.measurement.widths.blur import Blur

SHORTEST_PX = 0.01
"""A branch that smoothing has shrunk below this has neither direction nor width."""

RESOLVED_SHARE = 0.5
"""A branch counts as resolved where at least this share of its points is."""


@dataclass(frozen=True)
class MeasureOptions:
    """How cracks are measured.

    Attributes
    ----------
    trace : TraceOptions
        How masks become centrelines.
    width : WidthOptions
        How widths are found.
    """

    trace: TraceOptions = field(default_factory=TraceOptions)
    width: WidthOptions = field(default_factory=WidthOptions)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def measure(
    mask: Mask,
    *,
    probability: Probability | None = None,
    gray: Gray | None = None,
    scale: Scale | None = None,
    options: MeasureOptions | None = None,
) -> Measurement:
    """Measure the cracks of a mask.

    Parameters
    ----------
    mask : (H, W) bool
        True = crack.
    probability : (H, W) float32, optional
        In [0, 1]; gives widths to a part of a pixel where the photograph does not.
    gray : (H, W) uint8, optional
        The photograph, whose gray profile across the crack gives the most exact widths.
    scale : Scale, optional
        Millimetres per pixel; without, everything is in px.
    options : MeasureOptions, optional

    Returns
    -------
    Measurement
        Cracks numbered from 1 on, the longest first.

    Raises
    ------
    ArgumentError
        When the shapes differ, or an array is not of the type stated.

    Examples
    --------
    >>> mask = np.zeros((60, 120), bool)
    >>> mask[28:33, 10:110] = True
    >>> crack = measure(mask).cracks[0]
    >>> round(crack.length_px, 1), round(float(np.median(crack.branches[0].widths_px)), 2)
    (100.0, 5.0)
    """
    options = options or MeasureOptions()
    check_maps(mask, probability, gray)
    traced = trace_cracks(mask, probability=probability, options=options.trace)
    widths = profiler(mask, probability=probability, gray=gray, options=options.width)
    found = with_widths(traced, widths)
    height, width = mask.shape
    return Measurement(
        height_px=height,
        width_px=width,
        cracks=found.cracks,
        scale=scale,
        specks=found.specks,
        specks_area_px2=found.specks_area_px2,
        notes=measure_notes(sum(map(is_thin, found.cracks))),
    )


@dataclass(frozen=True, eq=False)
class Found:
    """Cracks measured in px, numbered from 1 on, and what was left out; see `Measurement`."""

    cracks: tuple[MeasuredCrack, ...]
    specks: int
    specks_area_px2: float


Profiler = Callable[[Sequence[TracedBranch], Sequence[tuple[bool, bool]]], list[WidthProfile]]
"""Finds the widths along branches, given which of their ends meet no other."""


def with_widths(traced: Traced, profiles_of: Profiler) -> Found:
    """Give traced cracks the widths along their branches.

    Parameters
    ----------
    traced : Traced
    profiles_of : callable
        Called once, with all branches.
    """
    kept = [_without_points(crack) for crack in traced.cracks]
    lost = [crack for crack in kept if not crack.branches]
    kept = [crack for crack in kept if crack.branches]
    branches = [branch for crack in kept for branch in crack.branches]
    free = [ends for crack in kept for ends in _free_ends(crack)]
    profiles = profiles_of(branches, free) if branches else []
    measured = iter(
        _measured(branch, profile) for branch, profile in zip(branches, profiles, strict=True)
    )
    cracks = tuple(
        MeasuredCrack(
            number=number,
            branches=tuple(next(measured) for _ in crack.branches),
            area_px2=crack.area_px2,
            polygons_px=crack.polygons_px,
        )
        for number, crack in enumerate(kept, 1)
    )
    area = traced.specks_area_px2 + sum(crack.area_px2 for crack in lost)
    return Found(cracks, traced.specks + len(lost), area)


def profiler(
    mask: Mask,
    *,
    probability: Probability | None = None,
    gray: Gray | None = None,
    options: WidthOptions | None = None,
    blur: Blur | None = None,
) -> Profiler:
    """Make what finds widths in a mask and its photograph.

    Parameters
    ----------
    mask : (H, W) bool
        With all cracks that are there, traced or not: profiles end before the next.
    probability, gray
        See `measure`.
    options : WidthOptions, optional
    blur : Blur, optional
        Of the whole photograph, where this is a part of it.
    """

    def profiles_of(
        branches: Sequence[TracedBranch], free: Sequence[tuple[bool, bool]]
    ) -> list[WidthProfile]:
        starts = np.cumsum([0, *(len(branch.points_px) for branch in branches)])
        found = width_profiles(
            np.concatenate([branch.points_px for branch in branches]),
            starts,
            mask=mask,
            half_widths_px=np.concatenate([branch.half_widths_px for branch in branches]),
            probability=probability,
            gray=gray,
            free_ends=np.array(free, bool),
            closed=np.array([branch.nodes[0] == branch.nodes[1] for branch in branches], bool),
            options=options,
            blur=blur,
        )
        return [found.part(int(a), int(b)) for a, b in pairwise(starts)]

    return profiles_of


def _without_points(crack: TracedCrack) -> TracedCrack:
    kept = tuple(branch for branch in crack.branches if branch.length_px > SHORTEST_PX)
    return crack if len(kept) == len(crack.branches) else replace(crack, branches=kept)


def _free_ends(crack: TracedCrack) -> list[tuple[bool, bool]]:
    """Tell for each branch which of its ends meets no other."""
    uses = Counter(node for branch in crack.branches for node in branch.nodes)
    return [(uses[branch.nodes[0]] == 1, uses[branch.nodes[1]] == 1) for branch in crack.branches]


def _measured(branch: TracedBranch, profile: WidthProfile) -> Branch:
    resolved: npt.NDArray[np.bool_] = profile.resolved
    return Branch(
        points_px=branch.points_px,
        widths_px=profile.widths_px,
        methods=profile.methods,
        nodes=branch.nodes,
        resolved=bool(resolved.mean() >= RESOLVED_SHARE),
    )


def is_thin(crack: MeasuredCrack) -> bool:
    """Whether a crack is in parts too thin to be resolved."""
    return not all(branch.resolved for branch in crack.branches)


def measure_notes(thin: int) -> tuple[str, ...]:
    """Say how many cracks are in parts too thin to be resolved."""
    if not thin:
        return ()
    cracks_are = "crack is" if thin == 1 else "cracks are"
    return (
        f"{thin} {cracks_are} in parts too thin to be resolved: widths there are upper bounds.",
    )


def check_maps(mask: Mask, probability: Probability | None, gray: Gray | None) -> None:
    """Check types and shapes; `ArgumentError` where they do not fit."""
    if mask.ndim != 2 or mask.dtype != np.bool_ or mask.size == 0:
        msg = f"mask must be (H, W) bool, at least 1x1; got {mask.shape} {mask.dtype}."
        raise ArgumentError(msg)
    for name, values, kind in (("probability", probability, "float32"), ("gray", gray, "uint8")):
        if values is not None and (values.shape != mask.shape or values.dtype != kind):
            msg = (
                f"{name} must be {kind} of the mask's shape {mask.shape}; got {values.shape} "
                f"{values.dtype}."
            )
            raise ArgumentError(msg)
