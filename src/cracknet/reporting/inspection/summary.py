"""The numbers at a report's head: all photographs together, and element by element."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from cracknet.measurement.figures import CrackFigures
from cracknet.reporting.inspection.folder import ReportItem
from cracknet.reporting.inspection.photo_page import ClassTotal, PhotoPage

MOST_WIDEST = 10


@dataclass(frozen=True)
class FailedPhoto:
    """A photograph without a page, and why."""

    item: ReportItem
    reason: str


@dataclass(frozen=True)
class Totals:
    """What some photographs hold together.

    Attributes
    ----------
    photographs, failed, cracks : int
    length_mm : float
        Of the cracks in the `scaled` photographs that have a scale.
    scaled : int
    length_px : float
        Of the cracks in the `unscaled` photographs.
    unscaled : int
    widest_mm : float or None
        Largest 95th percentile of a crack's width, where any is known in mm.
    bands, verdicts : dict of str to ClassTotal
        By band of width, narrow first, and by the standard's word; empty where no photograph has
        a scale, or no standard was chosen.
    """

    photographs: int
    failed: int
    cracks: int
    length_mm: float
    scaled: int
    length_px: float
    unscaled: int
    widest_mm: float | None
    bands: dict[str, ClassTotal]
    verdicts: dict[str, ClassTotal]


@dataclass(frozen=True)
class Element:
    """The photographs of one folder."""

    name: str
    photographs: tuple[PhotoPage | FailedPhoto, ...]
    totals: Totals


@dataclass(frozen=True)
class Summary:
    """All together.

    Attributes
    ----------
    totals : Totals
    elements : tuple of Element
    widest : tuple of (PhotoPage, CrackFigures)
        The ten widest of the photographs with a scale, by 95th percentile.
    widest_px : tuple of (PhotoPage, CrackFigures)
        The same of those without.
    failed : tuple of FailedPhoto
    """

    totals: Totals
    elements: tuple[Element, ...]
    widest: tuple[tuple[PhotoPage, CrackFigures], ...]
    widest_px: tuple[tuple[PhotoPage, CrackFigures], ...]
    failed: tuple[FailedPhoto, ...]


def summarise(photographs: Sequence[PhotoPage | FailedPhoto]) -> Summary:
    """Sum up photographs that are in the order of their elements."""
    pages = [page for page in photographs if isinstance(page, PhotoPage)]
    elements = [
        Element(name, group, _totals(group))
        for name, group in (
            (name, tuple(members))
            for name, members in groupby(photographs, key=lambda photo: photo.item.element)
        )
    ]
    scaled = [page for page in pages if page.scale is not None]
    return Summary(
        totals=_totals(photographs),
        elements=tuple(elements),
        widest=_widest(scaled),
        widest_px=_widest([page for page in pages if page.scale is None]),
        failed=tuple(photo for photo in photographs if isinstance(photo, FailedPhoto)),
    )


def _totals(photographs: Sequence[PhotoPage | FailedPhoto]) -> Totals:
    pages = [page for page in photographs if isinstance(page, PhotoPage)]
    unscaled = [page for page in pages if page.scale is None]
    widths = [
        crack.width_p95_mm
        for page in pages
        for crack in page.widest[:1]
        if crack.width_p95_mm is not None
    ]
    return Totals(
        photographs=len(photographs),
        failed=len(photographs) - len(pages),
        cracks=sum(page.cracks for page in pages),
        length_mm=sum(page.length_mm or 0.0 for page in pages),
        scaled=len(pages) - len(unscaled),
        length_px=sum(page.length_px for page in unscaled),
        unscaled=len(unscaled),
        widest_mm=max(widths, default=None),
        bands=_join(page.bands for page in pages),
        verdicts=dict(sorted(_join(page.verdicts for page in pages).items())),
    )


def _join(parts: Iterable[dict[str, ClassTotal]]) -> dict[str, ClassTotal]:
    joined: dict[str, ClassTotal] = {}
    for part in parts:
        for name, total in part.items():
            into = joined.setdefault(name, ClassTotal())
            into.cracks += total.cracks
            into.length_mm += total.length_mm
            into.within_mm += total.within_mm
    return joined


def _widest(pages: Sequence[PhotoPage]) -> tuple[tuple[PhotoPage, CrackFigures], ...]:
    def width(found: tuple[PhotoPage, CrackFigures]) -> float:
        crack = found[1]
        return crack.width_p95_px if crack.width_p95_mm is None else crack.width_p95_mm

    found = [(page, crack) for page in pages for crack in page.widest]
    return tuple(sorted(found, key=width, reverse=True)[:MOST_WIDEST])
