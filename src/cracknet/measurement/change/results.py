"""What the comparison of two dates says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cracknet.arrays import Gray
from cracknet.errors import ArgumentError
from cracknet.measurement.change.registration import Registration
from cracknet.measurement.results import Measurement, Points

State = Literal[
    "new", "grown", "widened", "grown and widened", "unchanged", "no longer visible", "outside"
]

STATES: tuple[State, ...] = (
    "new", "grown and widened", "grown", "widened", "unchanged", "no longer visible", "outside"
)  # fmt: skip
"""In the order of a report: what asks for attention first."""

PieceKind = Literal["matched", "widened", "grown", "new", "gone", "lost", "outside"]


@dataclass(frozen=True, eq=False)
class Dated:
    """A photograph with its cracks at one date.

    Parameters
    ----------
    measurement : Measurement
    gray : (H, W) uint8
        The photograph that was measured.
    name : str
        For messages and outputs.
    taken : str
        When, as far as known; only passed on.

    Raises
    ------
    ArgumentError
        When the photograph is not of the size that was measured.
    """

    measurement: Measurement
    gray: Gray
    name: str = ""
    taken: str = ""

    def __post_init__(self) -> None:
        measured = (self.measurement.height_px, self.measurement.width_px)
        if self.gray.ndim != 2 or self.gray.dtype != np.uint8:
            msg = (
                f"the photograph {self.name} must be gray, (H, W) uint8; got {self.gray.shape} "
                f"{self.gray.dtype}."
            )
            raise ArgumentError(msg)
        if self.gray.shape != measured:
            msg = (
                f"a photograph and its measurement must have one size; {self.name or 'it'} is "
                f"{self.gray.shape[1]}x{self.gray.shape[0]} px, its cracks were measured on "
                f"{measured[1]}x{measured[0]} px. Name the photograph that was measured."
            )
            raise ArgumentError(msg)


@dataclass(frozen=True, eq=False)
class Piece:
    """A stretch of centreline to be drawn, in px of AFTER.

    `change_mm` and `change_px` are the width difference of a widened piece.
    """

    kind: PieceKind
    points_px: Points
    widths_px: np.ndarray[tuple[int], np.dtype[np.float64]]
    change_px: float | None = None
    change_mm: float | None = None


@dataclass(frozen=True, eq=False)
class CrackChange:
    """One crack at both dates. Lengths and widths in px are those of AFTER's frame.

    Attributes
    ----------
    state : str
        One of `STATES`.
    before, after : tuple of int
        Numbers of the cracks in either measurement; several where parts have joined or fallen
        apart, none where there is none. The number of a crack that is new or gone stands alone.
    length_before_px, length_after_px : float
        Within the common view; of an outside crack, its whole length.
    found_share : float, optional
        Of that length in AFTER, found in BEFORE; for a crack no longer visible, the reverse.
    length_change_px, length_change_sigma_px : float, optional
        Length in AFTER not there in BEFORE, less the reverse, and its standard uncertainty.
    grown_px : float
        Sum of the stretches in AFTER that are new beyond their uncertainty.
    widened_px : float
        Length that has widened: all that was compared, or the branches that have by themselves.
    width_before_px, width_after_px : float, optional
        Medians over the points found at both dates; the one of BEFORE scaled into AFTER's frame.
        Where only some branches have widened, of the longest of these.
    width_change_px, width_change_sigma_px : float, optional
        Median of their differences, and its standard uncertainty.
    length_change_mm, length_change_sigma_mm, grown_mm, width_before_mm, width_after_mm,
    width_change_mm, width_change_sigma_mm : float, optional
        The same in mm where a scale is known.
    compared_px : float
        Length over which widths were compared.
    seen_share : float
        Share of the crack that lies in the common view.
    remark : str
    pieces : tuple of Piece
    """

    state: State
    before: tuple[int, ...]
    after: tuple[int, ...]
    length_before_px: float
    length_after_px: float
    found_share: float | None = None
    length_change_px: float | None = None
    length_change_sigma_px: float | None = None
    grown_px: float = 0.0
    widened_px: float = 0.0
    width_before_px: float | None = None
    width_after_px: float | None = None
    width_change_px: float | None = None
    width_change_sigma_px: float | None = None
    length_change_mm: float | None = None
    length_change_sigma_mm: float | None = None
    grown_mm: float | None = None
    width_before_mm: float | None = None
    width_after_mm: float | None = None
    width_change_mm: float | None = None
    width_change_sigma_mm: float | None = None
    compared_px: float = 0.0
    seen_share: float = 1.0
    remark: str = ""
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, eq=False)
class Change:
    """The comparison of two dates.

    Attributes
    ----------
    before, after : str
        Names of the photographs.
    registration : Registration
    cracks : tuple of CrackChange
        In the order of `STATES`, the longest first.
    mm_per_px : float, optional
        Of AFTER in the middle of the common view, by the scale that was used.
    scale_source : str
        Which scale that was; empty where none is known.
    notes : tuple of str
        What a reader must know.
    """

    before: str
    after: str
    registration: Registration
    cracks: tuple[CrackChange, ...]
    mm_per_px: float | None = None
    scale_source: str = ""
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Cracks by state, all states named."""
        found = Counter(crack.state for crack in self.cracks)
        return {state: found[state] for state in STATES}

    @property
    def changed(self) -> bool:
        """Whether any crack is new, grown, widened or no longer visible."""
        return any(crack.state not in ("unchanged", "outside") for crack in self.cracks)
