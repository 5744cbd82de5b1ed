"""Widths along branches that no window holds, found piece by piece.

A piece reaches into its neighbours, so that averages along the branch do not end at its ends. Only
the depth of thin cracks, which a photograph tells from a whole branch, is told from a piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from cracknet.measurement.centreline import TracedBranch
from cracknet.measurement.measure import Profiler
from cracknet.measurement.widths import WidthOptions, WidthProfile, width_profiles
from cracknet.measurement.widths.blur import Blur
from cracknet.measurement.widths.walk import WIDEST_HALF_PX
from cracknet.mosaic.measuring.batches import Limits
from cracknet.mosaic.measuring.regions import with_halo
from cracknet.mosaic.measuring.sources import Source
from cracknet.raster import Box

OVERLAP_PX = 240
"""Points of the neighbours that a piece has, and twice its half width more: a width is smoothed by
those up to 120 points away, whose energies are averaged over 100 more."""


@dataclass(frozen=True, eq=False)
class _Piece:
    """Points of a branch: which are looked at, and which of these are kept."""

    branch: int
    points: npt.NDArray[np.intp]
    kept: slice
    free: tuple[bool, bool]
    closed: bool


def piecewise_profiler(
    source: Source, limits: Limits, options: WidthOptions, blur: Blur
) -> Profiler:
    """Make what finds widths in windows of a raster; see `cracknet.measurement.measure.profiler`.

    Parameters
    ----------
    source : Source
    limits : Limits
    options : WidthOptions
    blur : Blur
        Of the whole raster.
    """

    def profiles_of(
        branches: Sequence[TracedBranch], free: Sequence[tuple[bool, bool]]
    ) -> list[WidthProfile]:
        pieces = [
            piece
            for k, (branch, ends) in enumerate(zip(branches, free, strict=True))
            for piece in _cut(k, branch, ends, limits.piece_px)
        ]
        found: list[list[tuple[int, WidthProfile]]] = [[] for _ in branches]
        for several, box in _batched(pieces, branches, source.shape, limits):
            profile = _profiles(several, branches, box, source, options, blur)
            first = 0
            for piece in several:
                whole = profile.part(first, first + len(piece.points))
                first += len(piece.points)
                kept = whole.part(piece.kept.start, piece.kept.stop)
                found[piece.branch].append((int(piece.points[piece.kept.start]), kept))
        return [_joined([part for _, part in sorted(parts, key=_place)]) for parts in found]

    return profiles_of


def _cut(
    number: int, branch: TracedBranch, free: tuple[bool, bool], piece_px: int
) -> Iterator[_Piece]:
    count = len(branch.points_px)
    closed = branch.nodes[0] == branch.nodes[1]
    if count <= piece_px:
        yield _Piece(number, np.arange(count), slice(0, count), free, closed)
        return
    widest = min(float(branch.half_widths_px.max()), WIDEST_HALF_PX)
    overlap = min(OVERLAP_PX + int(2 * widest), count - 1)
    for first in range(0, count, piece_px):
        last = min(first + piece_px, count)
        begin, end = first - overlap, last + overlap
        if closed:  # goes on from its end at its beginning
            points = np.arange(begin, end) % (count - 1)
            points[first - begin : last - begin] = np.arange(first, last)
        else:
            begin, end = max(begin, 0), min(end, count)
            points = np.arange(begin, end)
        ends = (free[0] and begin == 0, free[1] and end == count)
        yield _Piece(number, points, slice(first - begin, last - begin), ends, closed=False)


def _batched(
    pieces: Sequence[_Piece],
    branches: Sequence[TracedBranch],
    shape: tuple[int, int],
    limits: Limits,
) -> Iterator[tuple[list[_Piece], Box]]:
    """Put pieces near each other together, with the window that holds them."""
    boxes = []
    for piece in pieces:
        points = branches[piece.branch].points_px[piece.points]
        left, top = np.maximum(np.floor(points.min(axis=0)), 0).astype(int).tolist()
        right, bottom = (np.ceil(points.max(axis=0)).astype(int) + 1).tolist()
        boxes.append((top, left, min(bottom, shape[0]), min(right, shape[1])))
    tile = limits.tile_px
    order = sorted(range(len(pieces)), key=lambda k: (boxes[k][0] // tile, boxes[k][1] // tile, k))
    several: list[_Piece] = []
    around: Box | None = None
    for k in order:
        top, left, bottom, right = boxes[k]
        own = Box(top, left, bottom, right)
        both = own
        if around is not None:
            both = Box(
                min(top, around.top), min(left, around.left),
                max(bottom, around.bottom), max(right, around.right),
            )  # fmt: skip
            height, width = with_halo(both, limits.halo_px, shape).shape
            if height * width > limits.most_px:
                yield several, with_halo(around, limits.halo_px, shape)
                several, both = [], own
        several.append(pieces[k])
        around = both
    if around is not None:
        yield several, with_halo(around, limits.halo_px, shape)


def _profiles(
    pieces: Sequence[_Piece],
    branches: Sequence[TracedBranch],
    box: Box,
    source: Source,
    options: WidthOptions,
    blur: Blur,
) -> WidthProfile:
    corner = np.array([box.left, box.top], np.float64)
    taken = [(branches[piece.branch], piece.points) for piece in pieces]
    return width_profiles(
        np.concatenate([branch.points_px[points] - corner for branch, points in taken]),
        np.cumsum([0, *(len(piece.points) for piece in pieces)]),
        mask=source.mask(box),
        half_widths_px=np.concatenate([branch.half_widths_px[at] for branch, at in taken]),
        probability=source.probability(box),
        gray=source.gray(box),
        free_ends=np.array([piece.free for piece in pieces], bool),
        closed=np.array([piece.closed for piece in pieces], bool),
        options=options,
        blur=blur,
    )


def _place(item: tuple[int, WidthProfile]) -> int:
    return item[0]


def _joined(parts: Sequence[WidthProfile]) -> WidthProfile:
    return WidthProfile(
        *(
            np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(WidthProfile)
        )
    )
