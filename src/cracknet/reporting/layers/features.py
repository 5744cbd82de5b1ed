"""Features of a measured photograph: geometries with the rows of the tables as attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cracknet.measurement.figures import BranchFigures, CrackFigures, widths_mm
from cracknet.measurement.results import WIDTH_METHODS
from cracknet.reporting.layers.geometry import Place, branch_line, crack_polygons
from cracknet.reporting.tables.rows import MeasuredRows, PhotoFigures


@dataclass(frozen=True)
class WidthFigures:
    """The width at one point of a centreline; a row of the layer widths."""

    photo: str
    crack: int
    branch: int
    crack_width_px: float
    crack_width_mm: float | None
    width_method: str


@dataclass(frozen=True, eq=False)
class Layer:
    """Features of one kind.

    Attributes
    ----------
    name : str
    geometry : str
        Type of its geometries as OGR calls it.
    kind : type
        Dataclass of its rows.
    rows : sequence
    shapes : sequence
        A geometry for each row, None where there is none.
    """

    name: str
    geometry: str
    kind: type
    rows: Sequence[object]
    shapes: Sequence[Any]


def photo_layers(rows: MeasuredRows, place: Place, *, width_points: bool = False) -> list[Layer]:
    """Layers of one photograph: cracks, branches and, if asked for, widths."""
    cracks = rows.item.measurement.cracks
    branches = [branch for crack in cracks for branch in crack.branches]
    outlines = [crack_polygons(crack, place) for crack in cracks]
    lines = [branch_line(branch, place) for branch in branches]
    layers = [
        Layer("cracks", "MultiPolygon", CrackFigures, rows.cracks, outlines),
        Layer("branches", "LineString", BranchFigures, rows.branches, lines),
    ]
    return [*layers, _widths(rows, place)] if width_points else layers


def photos_layer(photos: Sequence[PhotoFigures]) -> Layer:
    """Layer of the places where photographs were taken, WGS84; those without one are left out."""
    from shapely import Point

    placed = [row for row in photos if row.latitude_deg is not None]
    places = [Point(row.longitude_deg, row.latitude_deg) for row in placed]
    return Layer("photos", "Point", PhotoFigures, placed, places)


def _widths(rows: MeasuredRows, place: Place) -> Layer:
    from shapely import points as points_of

    figures: list[WidthFigures] = []
    points: list[Any] = []
    scale = rows.item.measurement.scale
    for crack in rows.item.measurement.cracks:
        for number, branch in enumerate(crack.branches, 1):
            wide = [None] * len(branch.widths_px) if scale is None else widths_mm(branch, scale)
            points += points_of(place(branch.points_px)).tolist()
            figures += [
                WidthFigures(
                    rows.photo.photo,
                    crack.number,
                    number,
                    float(px),
                    None if mm is None else float(mm),
                    WIDTH_METHODS[code],
                )
                for px, mm, code in zip(branch.widths_px, wide, branch.methods, strict=True)
            ]
    return Layer("widths", "Point", WidthFigures, figures, points)
