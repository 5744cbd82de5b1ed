"""The rows that a measured photograph gives to all tables and layers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cracknet.measurement.classes import choice_of
from cracknet.measurement.figures import (
    BranchFigures,
    Classifier,
    CrackFigures,
    branch_figures,
    crack_figures,
)
from cracknet.measurement.files import PhotoMeasurement


@dataclass(frozen=True)
class PhotoFigures:
    """One photograph; a row of the sheet Photos and of the layer photos. Unknown is None."""

    photo: str
    file: str
    width_px: int
    height_px: int
    cracks: int
    length_px: float
    width_max_px: float | None
    area_px2: float
    specks: int
    specks_area_px2: float
    mm_per_px: float | None
    length_mm: float | None
    width_max_mm: float | None
    area_mm2: float | None
    scale_method: str
    scale_source: str
    mm_per_px_uncertainty: float | None
    taken: str
    latitude_deg: float | None
    longitude_deg: float | None
    altitude_m: float | None
    camera: str
    notes: str


@dataclass(frozen=True, eq=False)
class MeasuredRows:
    """A measured photograph with its rows, worked out once for all formats."""

    item: PhotoMeasurement
    photo: PhotoFigures
    cracks: tuple[CrackFigures, ...]
    branches: tuple[BranchFigures, ...]


def measured_rows(item: PhotoMeasurement, classify: Classifier | None = None) -> MeasuredRows:
    """Work out the rows of a measured photograph.

    Parameters
    ----------
    item : PhotoMeasurement
    classify : callable, optional
        Names the class of a crack from its 95th percentile; by default the standard that the
        photograph was measured with does, from the width that it judges.
    """
    name = encodable(item.photo)
    choice = None if classify else choice_of(item.about)
    judged = "p95" if choice is None else choice.judged
    cracks = crack_figures(item.measurement, name, classify or choice, judged)
    branches = branch_figures(item.measurement, name)
    return MeasuredRows(item, _photo_row(item, cracks), tuple(cracks), tuple(branches))


def joined_photo(one: PhotoFigures, more: PhotoFigures) -> PhotoFigures:
    """Add the figures of another part of the same raster.

    Examples
    --------
    >>> from cracknet.measurement.results import Measurement
    >>> part = PhotoMeasurement("deck", "deck.tif", Measurement(9, 9, (), specks=2))
    >>> photo = measured_rows(part).photo
    >>> joined_photo(photo, photo).specks
    4
    """

    def total(name: str) -> Any:
        values = [getattr(one, name), getattr(more, name)]
        known = [value for value in values if value is not None]
        return (max if name.startswith("width_max") else sum)(known) if known else None

    summed = ("cracks", "length_px", "width_max_px", "area_px2", "specks", "specks_area_px2",
              "length_mm", "width_max_mm", "area_mm2")  # fmt: skip
    return replace(one, **{name: total(name) for name in summed})


def encodable(text: str) -> str:
    """Replace what no UTF-8 can hold, as in file names of another encoding."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _photo_row(item: PhotoMeasurement, cracks: list[CrackFigures]) -> PhotoFigures:
    of, about = item.measurement, item.about
    scale = of.scale
    latitude, longitude = position_of(about)
    lengths, areas = [c.length_mm or 0.0 for c in cracks], [c.area_mm2 or 0.0 for c in cracks]
    return PhotoFigures(
        photo=encodable(item.photo),
        file=encodable(item.file),
        width_px=of.width_px,
        height_px=of.height_px,
        cracks=len(cracks),
        length_px=sum(c.length_px for c in cracks),
        width_max_px=max((c.width_max_px for c in cracks), default=None),
        area_px2=sum(c.area_px2 for c in cracks),
        specks=of.specks,
        specks_area_px2=of.specks_area_px2,
        mm_per_px=None if scale is None else scale.mm_per_px,
        length_mm=None if scale is None else sum(lengths),
        width_max_mm=max(
            (c.width_max_mm for c in cracks if c.width_max_mm is not None), default=None
        ),
        area_mm2=None if scale is None else sum(areas),
        scale_method="" if scale is None else scale.method,
        scale_source="" if scale is None else scale.source,
        mm_per_px_uncertainty=None if scale is None else scale.uncertainty,
        taken=str(about.get("taken") or ""),
        latitude_deg=latitude,
        longitude_deg=longitude,
        altitude_m=_number(about, "altitude_m"),
        camera=str(about.get("camera") or ""),
        notes=" ".join(of.notes),
    )


def position_of(about: Mapping[str, Any]) -> tuple[float, float] | tuple[None, None]:
    """Latitude and longitude in degrees, WGS84; both or neither, and neither off the globe."""
    latitude, longitude = _number(about, "latitude_deg"), _number(about, "longitude_deg")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None, None
    return latitude, longitude


def _number(about: Mapping[str, Any], name: str) -> float | None:
    value = about.get(name)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
