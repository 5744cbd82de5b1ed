"""Width classes as a report shows them: bands with colours, and what a standard says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError
from cracknet.measurement.classes import ClassChoice, WidthBand
from cracknet.measurement.figures import Classifier, CrackFigures, Judged
from cracknet.reporting.layers.bands import DEFAULT_BANDS
from cracknet.reporting.width_legend import width_colours

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""


_ROUNDING_MM = 1e-9  # products of decimals miss by less: 3 * 0.1 > 0.3 in binary
_JUDGED_WORDS = {
    "p95": "95th percentile",
    "max": "maximum",
    "median": "median",
    "mean": "mean",
}


@dataclass(frozen=True)
class WidthClasses:
    """How widths are sorted in a report, and by which standard.

    Parameters
    ----------
    bands : sequence of (name, lower_mm, upper_mm)
        From narrow to wide, each beginning where the one before ends. A width on a limit is in
        the band below it. By default those of the drawings, which no standard stands behind.
    standard, exposure, clause : str
        As the report names them; empty where no standard was chosen.
    verdict : callable, optional
        Says what the standard says of a crack's width (see
        `cracknet.measurement.figures.Classifier`), as in the column ``width_class``.
    judged : {"p95", "max", "median", "mean"}
        Which of a crack's widths the standard judges, and which decides its band.

    Raises
    ------
    ArgumentError
        When there is no band, or they do not follow each other.
    """

    bands: Sequence[tuple[str, float, float]] = DEFAULT_BANDS
    standard: str = ""
    exposure: str = ""
    clause: str = ""
    verdict: Classifier | None = None
    judged: Judged = "p95"

    def __post_init__(self) -> None:
        bands = tuple(WidthBand(*band) for band in self.bands)
        if not bands:
            msg = "bands must hold at least one (name, lower_mm, upper_mm); got none."
            raise ArgumentError(msg)
        ends = [*(band.lower_mm for band in bands[1:]), bands[-1].upper_mm]
        names = {band.name for band in bands}
        if len(names) < len(bands) or any(
            not band.lower_mm < band.upper_mm or band.upper_mm != end
            for band, end in zip(bands, ends, strict=True)
        ):
            msg = (
                "bands must have names of their own and follow each other from narrow to wide, "
                f"each beginning where the one before ends; got {[tuple(band) for band in bands]}."
            )
            raise ArgumentError(msg)
        object.__setattr__(self, "bands", bands)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the bands."""
        return tuple(name for name, _, _ in self.bands)

    @property
    def limits_mm(self) -> tuple[float, ...]:
        """Limits between neighbouring bands."""
        return tuple(high for _, _, high in self.bands[:-1])

    @property
    def colours(self) -> tuple[Colour, ...]:
        """Colour of each band, those of the width overlay's map at equal steps."""
        return map_colours(len(self.bands))

    def index(self, widths_mm: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
        """Return the number of the band of each width; those beyond all are in the last."""
        return np.searchsorted(np.array(self.limits_mm) + _ROUNDING_MM, widths_mm, side="left")

    @property
    def judged_words(self) -> str:
        """Which width is judged, in words."""
        return _JUDGED_WORDS[self.judged]

    def judged_mm(self, crack: CrackFigures) -> float | None:
        """Return the width of a crack that is judged, in mm; None without a scale."""
        value: float | None = getattr(crack, f"width_{self.judged}_mm")
        return value

    def band_of(self, crack: CrackFigures) -> str:
        """Name the band of a crack's judged width; empty without a scale."""
        width = self.judged_mm(crack)
        return "" if width is None else self.names[int(self.index(np.array([width]))[0])]


def classes_of(choice: ClassChoice) -> WidthClasses:
    """Sort widths by a standard: its bands, and its word on each crack."""
    row = choice.table.exposures[choice.exposure]
    return WidthClasses(
        choice.bands,
        choice.table.title,
        f"{choice.exposure}: {row.words}",
        row.clause,
        choice,
        choice.judged,
    )


def map_colours(count: int) -> tuple[Colour, ...]:
    """Colours at equal steps of the width overlay's map, from narrow to wide, ever lighter."""
    places = np.linspace(0, 1, count) if count > 1 else np.array([0.5])
    return tuple(
        (red, green, blue) for blue, green, red in width_colours(places, (0.0, 1.0)).tolist()
    )


def plain_colour() -> Colour:
    """Colour of a crack where no scale is known, and so no class."""
    return map_colours(1)[0]


def as_hex(rgb: Sequence[int]) -> str:
    """Write a colour as a page does."""
    return "#{:02x}{:02x}{:02x}".format(*rgb)
