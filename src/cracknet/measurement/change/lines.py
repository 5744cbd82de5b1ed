"""All centrelines of one date as points in AFTER's frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask
from cracknet.measurement.change.registration import Registration
from cracknet.measurement.results import Branch, Measurement, Points

Values = npt.NDArray[np.float64]

TANGENT_PX = 4
"""Points to either side over which a direction is taken."""

MASK_MARGIN_PX = 4
"""How far beyond its edges a crack is left out of the registration."""


@dataclass(frozen=True, eq=False)
class Lines:
    """N points, about a pixel of AFTER apart, branch after branch.

    Attributes
    ----------
    points : (N, 2) float64
        In px of AFTER.
    along : (N, 2) float64
        Unit vectors along the branch.
    widths : (N,) float64
        In px of AFTER, at right angles to the branch.
    own_widths : (N,) float64
        In px of the photograph that was measured.
    width_sigma : (N,) float64
        Relative uncertainty of `widths` by the registration.
    sigma : (N,) float64
        Uncertainty of `points` by the registration, px per axis.
    lengths : (N,) float64
        Length that each point stands for, px of AFTER.
    methods : (N,) uint8
    resolved, seen : (N,) bool
        Whether the photograph resolves the crack; whether the point lies in the common view.
    crack : (N,) int
        Number of the crack.
    branch : (N,) int
        Which piece of `starts` the point belongs to.
    starts : (B + 1,) int
        Branch b is ``starts[b]:starts[b + 1]``.
    free : (B, 2) bool
        Whether the branch's first and last point is a free end of its crack.
    """

    points: Points
    along: Points
    widths: Values
    own_widths: Values
    width_sigma: Values
    sigma: Values
    lengths: Values
    methods: npt.NDArray[np.uint8]
    resolved: npt.NDArray[np.bool_]
    seen: npt.NDArray[np.bool_]
    crack: npt.NDArray[np.intp]
    branch: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]
    free: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.points)

    def branches(self) -> Iterator[tuple[int, slice]]:
        """Yield each branch's number and its points."""
        for number, (start, stop) in enumerate(
            zip(self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True)
        ):
            yield number, slice(start, stop)


def lines_of(
    measurement: Measurement, registration: Registration, margin_px: float, *, mapped: bool
) -> Lines:
    """Lay all centrelines of a measurement into AFTER's frame.

    Parameters
    ----------
    measurement : Measurement
    registration : Registration
    margin_px : float
        Distance from either photograph's border from which on a point is in the common view.
    mapped : bool
        True for the measurement of BEFORE, which is mapped; that of AFTER lies there already.
    """
    parts: list[dict[str, npt.NDArray[np.generic]]] = []
    free = []
    for crack in measurement.cracks:
        degree = Counter(node for branch in crack.branches for node in branch.nodes)
        for branch in crack.branches:
            part = _part(branch, registration, mapped=mapped)
            part["crack"] = np.full(len(part["points"]), crack.number, np.intp)
            parts.append(part)
            free.append([degree[node] == 1 for node in branch.nodes])
    names = ("points", "along", "widths", "own_widths", "width_sigma", "sigma", "lengths",
             "methods", "resolved", "crack")  # fmt: skip
    sizes = [len(part["points"]) for part in parts]
    if not parts:
        empty = {name: np.empty((0, 2) if name in names[:2] else 0) for name in names}
        empty |= {"methods": np.empty(0, np.uint8), "resolved": np.empty(0, bool)}
        empty |= {"crack": np.empty(0, np.intp)}
        joined = empty
    else:
        joined = {name: np.concatenate([part[name] for part in parts]) for name in names}
    return Lines(
        **joined,  # type: ignore[arg-type]
        seen=registration.common(np.asarray(joined["points"], np.float64), margin_px),
        branch=np.repeat(np.arange(len(parts)), sizes),
        starts=np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp),
        free=np.array(free, bool).reshape(-1, 2),
    )


def crack_area(measurement: Measurement) -> Mask:
    """Pixels that cracks cover, with a margin, (H, W) bool: what registration leaves out."""
    area = np.zeros((measurement.height_px, measurement.width_px), np.uint8)
    for crack in measurement.cracks:
        for branch in crack.branches:
            for start in range(0, len(branch.points_px) - 1, 16):
                piece = branch.points_px[start : start + 17]
                widest = float(branch.widths_px[start : start + 17].max())
                thick = int(np.ceil(widest)) + 2 * MASK_MARGIN_PX
                cv2.polylines(area, [np.round(piece).astype(np.int32)], False, 1, min(thick, 255))
    return area.astype(bool)


def _part(
    branch: Branch, registration: Registration, *, mapped: bool
) -> dict[str, npt.NDArray[np.generic]]:
    own = branch.points_px
    there = registration.to_after(own) if mapped else own
    points, own, index = _resampled(there, own)
    nearest = np.round(index).astype(int)
    own_widths = np.interp(index, np.arange(len(branch.widths_px)), branch.widths_px)
    if mapped:
        factors, width_sigma = registration.width_factors(own, tangents(own))
        sigma = registration.position_sigma_px(own)
    else:
        factors, width_sigma, sigma = np.ones(len(own)), np.zeros(len(own)), np.zeros(len(own))
    half = np.hypot(*np.diff(points, axis=0).T) / 2
    return {
        "points": points,
        "along": tangents(points),
        "widths": own_widths * factors,
        "own_widths": own_widths,
        "width_sigma": width_sigma,
        "sigma": sigma,
        "lengths": np.append(half, 0) + np.append(0, half),
        "methods": branch.methods[nearest],
        "resolved": np.full(len(points), branch.resolved),
    }


def tangents(points: Points) -> Points:
    """Return unit vectors along a line, (N, 2), over `TANGENT_PX` points to either side."""
    last = len(points) - 1
    at = np.arange(len(points))
    along = points[np.minimum(at + TANGENT_PX, last)] - points[np.maximum(at - TANGENT_PX, 0)]
    size = np.hypot(along[:, 0], along[:, 1])
    flat = size == 0
    along[flat], size[flat] = (1.0, 0.0), 1.0
    return np.asarray(along / size[:, None], np.float64)


def _resampled(there: Points, own: Points) -> tuple[Points, Points, Values]:
    """Even steps of about a pixel of AFTER: positions in both frames, and fractional indices."""
    walked = np.append(0.0, np.cumsum(np.hypot(*np.diff(there, axis=0).T)))
    count = max(int(np.ceil(walked[-1])), 1) + 1
    keep = np.append(True, np.diff(walked) > 0)
    at = np.linspace(0, walked[-1], count)
    index = np.interp(at, walked[keep], np.flatnonzero(keep))
    every = np.arange(len(there))
    both = [
        np.column_stack([np.interp(index, every, p[:, k]) for k in (0, 1)]) for p in (there, own)
    ]
    return both[0], both[1], np.asarray(index, np.float64)
