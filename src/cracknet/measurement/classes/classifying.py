"""Judging a crack's width by a table. The engineer decides; this only compares numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from cracknet.errors import ArgumentError
from cracknet.measurement.classes.tables import Exposure, WidthTable

State = Literal["within", "above", "undecided", "severity"]


_ROUNDING_MM = 1e-9
"""Sums of decimals miss by less: 0.28 + 0.02 > 0.30 in binary."""


class WidthBand(NamedTuple):
    """Widths of one colour: above `lower_mm`, up to and with `upper_mm` (inf for the last)."""

    name: str
    lower_mm: float
    upper_mm: float


@dataclass(frozen=True)
class WidthClass:
    """What a table says of a width.

    Parameters
    ----------
    standard, exposure, clause : str
        Title of the table, name of its exposure, and where it stands.
    words : str
        A sentence for a report.
    kind : {"limit", "severity"}
    within : bool or None
        Whether the limit is kept; None where undecided, and for severities.
    state : {"within", "above", "undecided", "severity"}
        "undecided" where the uncertainty lets the width lie on both sides of a limit or a band's
        end.
    short : str
        For the column ``width_class``: ``above 0.30 mm``, ``undecided at 0.30 mm``, ``moderate``.
    """

    standard: str
    exposure: str
    clause: str
    words: str
    kind: Literal["limit", "severity"]
    within: bool | None
    state: State
    short: str


def classify(
    width_mm: float,
    table: WidthTable,
    exposure: str | None = None,
    uncertainty_mm: float | None = None,
) -> WidthClass:
    """Compare a width with a limit, or name its severity.

    A width of exactly the limit is within it, as codes say "not exceed". With an uncertainty u
    (of whichever coverage the caller stands for), it is within where width + u <= limit, above
    where width - u > limit, and undecided between.

    Parameters
    ----------
    width_mm : float
        Of a crack: its 95th percentile, maximum or mean, as `WidthTable.judged` says.
    table : WidthTable
    exposure : str, optional
        May be left out where the table has one only.
    uncertainty_mm : float, optional
        Of the width; None and 0 decide by the width alone.

    Raises
    ------
    ArgumentError
        When a number is negative or not finite, or the exposure is unknown.

    Examples
    --------
    >>> from cracknet.measurement.classes import find_table
    >>> classify(0.42, find_table("aci224r"), "humid").short
    'above 0.30 mm'
    >>> classify(0.29, find_table("aci224r"), "humid", uncertainty_mm=0.02).short
    'undecided at 0.30 mm'
    >>> classify(12, find_table("ltpp")).short
    'moderate'
    """
    spread = 0.0 if uncertainty_mm is None else uncertainty_mm
    for name, value in (("width_mm", width_mm), ("uncertainty_mm", spread)):
        if not (math.isfinite(value) and value >= 0):
            msg = f"{name} must be a finite number, at least 0; got {value}."
            raise ArgumentError(msg)
    name = table.named(exposure)
    row = table.exposures[name]
    measured = f"{width_mm:.2f} mm" + (f" ± {spread:.2f} mm" if spread else "")
    if row.limit_mm is not None:
        state, short = _by_limit(width_mm, spread, row.limit_mm)
        verdict = {
            "within": "is within",
            "above": "is above",
            "undecided": "cannot be told from",
        }[state]
        says = f"{measured} {verdict} the {_millimetres(row.limit_mm)} of"
    else:
        state, short = _by_bands(width_mm, spread, row)
        says = f"{measured} is {'either ' if state == 'undecided' else ''}{short} by"
    return WidthClass(
        standard=table.title,
        exposure=name,
        clause=row.clause,
        words=f"{says} {table.title}, {row.clause} ({name}: {row.words})",
        kind=table.kind,
        within={"within": True, "above": False}.get(state),
        state=state,
        short=short,
    )


def legend(table: WidthTable, exposure: str | None = None) -> list[WidthBand]:
    """Give the bands that colours, layers and histograms use.

    Severities are their own bands. A limit makes four: up to half of it, up to it, up to twice,
    and above.

    Examples
    --------
    >>> from cracknet.measurement.classes import find_table
    >>> for band in legend(find_table("is456"), "mild"):
    ...     print(band.name, band.lower_mm, band.upper_mm)
    up to 0.15 mm 0.0 0.15
    0.15 to 0.30 mm 0.15 0.3
    0.30 to 0.60 mm 0.3 0.6
    above 0.60 mm 0.6 inf
    """
    row = table.exposures[table.named(exposure)]
    limit = row.limit_mm
    if limit is not None:
        ends = [limit / 2, limit, limit * 2, math.inf]
        half, full, twice = (_millimetres(end) for end in ends[:3])
        names = [
            f"up to {half}",
            f"{half.removesuffix(' mm')} to {full}",
            f"{full.removesuffix(' mm')} to {twice}",
            f"above {twice}",
        ]
    else:
        ends = [math.inf if band.up_to_mm is None else band.up_to_mm for band in row.bands]
        names = [band.name for band in row.bands]
    return [
        WidthBand(name, lower, upper)
        for name, lower, upper in zip(names, [0.0, *ends[:-1]], ends, strict=True)
    ]


def band_of(width_mm: float, bands: list[WidthBand]) -> int:
    """Give the number of the band that holds a width, from 0 on."""
    return next(k for k, band in enumerate(bands) if width_mm <= band.upper_mm + _ROUNDING_MM)


def _by_limit(width: float, spread: float, limit: float) -> tuple[State, str]:
    text = _millimetres(limit)
    if width + spread <= limit + _ROUNDING_MM:
        return "within", f"within {text}"
    if width - spread > limit + _ROUNDING_MM:
        return "above", f"above {text}"
    return "undecided", f"undecided at {text}"


def _by_bands(width: float, spread: float, row: Exposure) -> tuple[State, str]:
    bands = [
        band.name
        for band, lower in zip(
            row.bands, [-math.inf, *(b.up_to_mm or math.inf for b in row.bands[:-1])], strict=True
        )
        if width + spread > lower + _ROUNDING_MM
        and width - spread <= (band.up_to_mm or math.inf) + _ROUNDING_MM
    ]
    return ("severity" if len(bands) == 1 else "undecided"), " or ".join(bands)


def _millimetres(value: float) -> str:
    """Write two decimals, or three where the third says something: 0.30 mm, 0.205 mm."""
    text = f"{value:.3f}"
    return f"{text.removesuffix('0')} mm"
