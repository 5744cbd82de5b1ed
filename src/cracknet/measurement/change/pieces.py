"""Stretches of centreline to be drawn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from cracknet.measurement.change.growth import Stretch
from cracknet.measurement.change.lines import Lines
from cracknet.measurement.change.matching import runs
from cracknet.measurement.change.results import Piece, PieceKind


def flags_of(count: int, stretches: list[Stretch]) -> npt.NDArray[np.bool_]:
    """Points of some stretches, (N,) bool, of `count` points."""
    flags = np.zeros(count, bool)
    for stretch in stretches:
        flags[stretch.start : stretch.stop] = True
    return flags


def pieces_of(lines: Lines, flags: npt.NDArray[np.bool_], kind: PieceKind) -> Iterator[Piece]:
    """Yield the flagged stretches of each branch; each reaches to its neighbours."""
    for _, part in lines.branches():
        for start, stop in runs(flags[part]):
            # One point more on either side joins it to its neighbours.
            wide = slice(
                max(part.start + start - 1, part.start), min(part.start + stop + 1, part.stop)
            )
            yield Piece(kind, lines.points[wide], lines.widths[wide])
