"""One photograph of a report: what its page shows, and what it adds to the summary."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from markupsafe import Markup

from cracknet.arrays import Gray
from cracknet.errors import PhotoError
from cracknet.files import write_whole
from cracknet.measurement.figures import CrackFigures, crack_figures
from cracknet.measurement.files import SUFFIX, PhotoMeasurement, read_measurement
from cracknet.measurement.scale import Scale
from cracknet.photo import DEFAULT_MAX_PIXELS, read_photo
from cracknet.reporting.inspection.bands import WidthClasses, as_hex, plain_colour
from cracknet.reporting.inspection.charts import orientation_rose, width_histogram
from cracknet.reporting.inspection.folder import ReportItem
from cracknet.reporting.inspection.picture import crack_picture, jpeg_in_full_colour
from cracknet.reporting.inspection.profiles import WidthProfile, rose_shares, width_profile
from cracknet.reporting.journal import photo_facts

MOST_ROWS = 40
"""Cracks listed for one photograph, the longest first."""

_BLANK = 225
_LARGE_PX = 64_000_000
_one_large = threading.Lock()  # photographs beyond that are read one at a time


@dataclass
class ClassTotal:
    """What lies in one band of width, or has one verdict of a standard.

    Attributes
    ----------
    cracks : int
        Cracks whose judged width lies in it.
    length_mm : float
        Their length.
    within_mm : float
        Length of centreline whose own width lies in it, of whatever crack; of verdicts 0.
    """

    cracks: int = 0
    length_mm: float = 0.0
    within_mm: float = 0.0


@dataclass(frozen=True, eq=False)
class PhotoPage:
    """A measured photograph.

    Attributes
    ----------
    item : ReportItem
    file : str
        The photograph or mask that was measured.
    about : dict
        What is known of it: ``taken``, ``camera``, ``latitude_deg`` and so on.
    width_px, height_px : int
    scale : Scale or None
    rows : tuple of CrackFigures
        The longest cracks, at most `MOST_ROWS`.
    widest : tuple of CrackFigures
        The ten widest by 95th percentile.
    cracks : int
        Number of all.
    length_px : float
    length_mm : float or None
    bands, verdicts : dict of str to ClassTotal
        By name of band, and by what the standard says; empty without a scale or standard.
    specks : int
    notes : tuple of str
    picture : Path
        A JPEG.
    picture_note : str
        Said below it where it is not the photograph with its cracks.
    histogram, rose : Markup
    """

    item: ReportItem
    file: str
    about: dict[str, Any]
    width_px: int
    height_px: int
    scale: Scale | None
    rows: tuple[CrackFigures, ...]
    widest: tuple[CrackFigures, ...]
    cracks: int
    length_px: float
    length_mm: float | None
    bands: dict[str, ClassTotal]
    verdicts: dict[str, ClassTotal]
    specks: int
    notes: tuple[str, ...]
    picture: Path
    picture_note: str
    histogram: Markup
    rose: Markup


def photo_page(
    item: ReportItem, classes: WidthClasses, picture: Path, longest_px: int
) -> PhotoPage:
    """Read a measurement, lay out its page, and write its picture to a file.

    Parameters
    ----------
    item : ReportItem
        With a measurement.
    classes : WidthClasses
    picture : Path
        Where the JPEG goes.
    longest_px : int
        Longest side of the picture.

    Raises
    ------
    PhotoError
        When the measurement cannot be read.
    OutputError
        When the picture cannot be written.
    """
    measured = read_measurement(item.result(SUFFIX))
    of = measured.measurement
    cracks = crack_figures(of, item.photo, classes.verdict, classes.judged)
    rows = sorted(cracks, key=lambda crack: -crack.length_px)[:MOST_ROWS]
    numbered = {crack.crack: (crack.width_max_x_px, crack.width_max_y_px) for crack in rows}
    note = _write_picture(item, measured, classes, numbered, picture, longest_px)
    profile = width_profile(of)
    scaled = of.scale is not None
    return PhotoPage(
        item=item,
        file=measured.file,
        about=_about(item, measured),
        width_px=of.width_px,
        height_px=of.height_px,
        scale=of.scale,
        rows=tuple(rows),
        widest=tuple(sorted(cracks, key=_by_width)[:10]),
        cracks=len(cracks),
        length_px=sum(crack.length_px for crack in cracks),
        length_mm=sum(crack.length_mm or 0.0 for crack in cracks) if scaled else None,
        bands=_band_totals(profile, cracks, classes) if scaled else {},
        verdicts=_verdict_totals(cracks) if scaled and classes.verdict else {},
        specks=of.specks,
        notes=of.notes,
        picture=picture,
        picture_note=note,
        histogram=width_histogram(
            profile,
            "mm" if scaled else "px",
            classes.limits_mm if scaled else (),
            [as_hex(rgb) for rgb in (classes.colours if scaled else (plain_colour(),))],
        ),
        rose=orientation_rose(rose_shares(of)),
    )


def _by_width(crack: CrackFigures) -> float:
    return -(crack.width_p95_px if crack.width_p95_mm is None else crack.width_p95_mm)


def _about(item: ReportItem, measured: PhotoMeasurement) -> dict[str, Any]:
    """Join what the measurement and the run's journal say; the measurement goes first."""
    known = {} if item.row is None else photo_facts(item.row)
    return known | {name: value for name, value in measured.about.items() if value is not None}


def _band_totals(
    profile: WidthProfile, cracks: list[CrackFigures], classes: WidthClasses
) -> dict[str, ClassTotal]:
    within = np.bincount(
        classes.index(profile.widths), profile.lengths, minlength=len(classes.bands)
    )
    totals = {
        name: ClassTotal(within_mm=length)
        for name, length in zip(classes.names, within.tolist(), strict=True)
    }
    for crack in cracks:
        totals[classes.band_of(crack)].cracks += 1
        totals[classes.band_of(crack)].length_mm += crack.length_mm or 0.0
    return totals


def _verdict_totals(cracks: list[CrackFigures]) -> dict[str, ClassTotal]:
    totals: dict[str, ClassTotal] = {}
    for crack in cracks:
        total = totals.setdefault(crack.width_class, ClassTotal())
        total.cracks += 1
        total.length_mm += crack.length_mm or 0.0
    return totals


def _write_picture(
    item: ReportItem,
    measured: PhotoMeasurement,
    classes: WidthClasses,
    numbered: Mapping[int, tuple[float, float]],
    path: Path,
    longest_px: int,
) -> str:
    """Write the picture; return what must be said of it."""
    of = measured.measurement
    gray, note = _ground(item, measured)
    drawn = crack_picture(gray, of, classes, numbered, longest_px)
    write_whole(path, jpeg_in_full_colour(drawn))
    return note


def _ground(item: ReportItem, measured: PhotoMeasurement) -> tuple[Gray, str]:
    """Find what to draw the cracks on: the photograph, else its overlay, mask, or nothing."""
    shape = (measured.measurement.height_px, measured.measurement.width_px)
    why = "cannot be read any more"
    try:
        with _one_large if shape[0] * shape[1] > _LARGE_PX else nullcontext():
            gray = read_photo(
                measured.file, max_pixels=max(DEFAULT_MAX_PIXELS, math.prod(shape))
            ).gray
    except PhotoError:
        if not Path(measured.file).exists():
            why = "is not where it was any more"
    else:
        if gray.shape == shape:
            return gray, ""
        why = "has changed its size since it was measured"
    for suffix, name in ((".overlay.jpg", "its overlay"), (".mask.png", "its mask")):
        found = _read_result(item.result(suffix), shape)
        if found is not None:
            return found, f"The photograph {why}; the cracks are drawn on {name}."
    return np.full(shape, _BLANK, np.uint8), (
        f"The photograph {why}, and neither overlay nor mask is there; "
        "the cracks are drawn on gray."
    )


def _read_result(path: Path, shape: tuple[int, int]) -> Gray | None:
    try:
        code = np.frombuffer(path.read_bytes(), np.uint8)
        found = cv2.imdecode(code, cv2.IMREAD_GRAYSCALE) if code.size else None
    except (OSError, cv2.error):
        return None
    if found is None or found.shape != shape:
        return None
    return np.asarray(found, np.uint8)
