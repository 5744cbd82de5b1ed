"""GeoJSON (RFC 7946): cracks and branches of each photograph, and where photographs were taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from cracknet.reporting.layers.features import Layer, photo_layers, photos_layer
from cracknet.reporting.layers.georeference import Georeference, on_earth, to_wgs84
from cracknet.reporting.layers.placement import LOCAL_SYSTEMS, Placement, Points, placement
from cracknet.reporting.streams import appearing_whole, result_path
from cracknet.reporting.tables.columns import columns_of, values_of
from cracknet.reporting.tables.rows import MeasuredRows

PHOTOS = "photos.geojson"
DECIMALS = {"px": 3, "mm": 4, "world": 5, "degrees": 10}
"""Of coordinates; 1e-10 degrees are a hundredth of a millimetre."""


@contextmanager
def geojson_files(
    out: Path, georeference_for: Callable[[MeasuredRows], Georeference | None], width_points: bool
) -> Iterator[Callable[[MeasuredRows], None]]:
    """Write ``<photo>.cracks.geojson`` and ``<photo>.branches.geojson``, and ``photos.geojson``.

    With a georeference coordinates are WGS84 longitude and latitude, as the RFC demands. Without,
    they are millimetres or pixels, y up: the file says so in the member ``coordinate_system``, and
    in the member ``crs`` of GeoJSON 2008, which the RFC dropped and GDAL still heeds: without it
    GDAL would take them for degrees.

    Parameters
    ----------
    out : Path
        The output folder.
    georeference_for : callable
        Gives the georeference of a photograph, or None.
    width_points : bool
        Whether to write ``<photo>.widths.geojson``, a point for every width.

    Yields
    ------
    callable
        Adds a photograph.

    Raises
    ------
    OutputError
        When a file cannot be written.
    ArgumentError
        When a raster's coordinates cannot be turned into WGS84.
    """
    degrees = Placement("degrees", np.asarray, "WGS84 longitude and latitude")
    with ExitStack() as stack:
        places = stack.enter_context(_collection(out / PHOTOS, "photos", degrees))
        own = stack.enter_context(ExitStack())  # the files of the photograph at hand
        adders: dict[str, Callable[[Layer], None]] = {}

        def add(rows: MeasuredRows) -> None:
            where = _placement(rows, georeference_for(rows))
            if rows.item.about.get("part", 1) == 1:  # further parts of a raster are added
                own.close()
                adders.clear()
                places(photos_layer([rows.photo]))
            for layer in photo_layers(rows, where.place, width_points=width_points):
                if layer.name not in adders:
                    path = result_path(out, rows.item.photo, f".{layer.name}.geojson")
                    name = f"{layer.name} of {rows.photo.photo}"
                    adders[layer.name] = own.enter_context(_collection(path, name, where))
                adders[layer.name](layer)
            if "part" not in rows.item.about:
                own.close()

        yield add


def _placement(rows: MeasuredRows, georeference: Georeference | None) -> Placement:
    if georeference is None or not on_earth(georeference):
        return placement(rows.item.measurement, georeference)

    def place(points_px: Points) -> Points:
        return to_wgs84(georeference, points_px)

    return Placement("degrees", place, "WGS84 longitude and latitude")


@contextmanager
def _collection(path: Path, name: str, where: Placement) -> Iterator[Callable[[Layer], None]]:
    """Write a feature collection feature by feature."""
    head: dict[str, Any] = {"type": "FeatureCollection", "name": name}
    if where.unit != "degrees":
        system = where.crs or LOCAL_SYSTEMS[where.unit]
        head["crs"] = {"type": "name", "properties": {"name": system}}
        head["coordinate_system"] = {"unit": where.unit, "description": where.text}
    opening = json.dumps(head, ensure_ascii=False).removesuffix("}")
    with appearing_whole(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{opening}, "features": [')
        first = True

        def add(layer: Layer) -> None:
            nonlocal first
            for feature in _features(layer, DECIMALS[where.unit]):
                _put(file, feature, first)
                first = False

        yield add
        file.write("\n]}\n")


def _put(file: TextIO, feature: dict[str, Any], first: bool) -> None:
    text = json.dumps(feature, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    file.write(("\n" if first else ",\n") + text)


def _features(layer: Layer, decimals: int) -> Iterator[dict[str, Any]]:
    from shapely.geometry import mapping

    columns = columns_of(layer.kind)
    for row, shape in zip(layer.rows, layer.shapes, strict=True):
        values = zip(columns, values_of(row), strict=True)
        yield {
            "type": "Feature",
            "geometry": None if shape is None else _rounded(mapping(shape), decimals),
            "properties": {column.name: column.rounded(value) for column, value in values},
        }


def _rounded(geometry: Any, decimals: int) -> dict[str, Any]:
    return {
        "type": geometry["type"],
        "coordinates": _round(geometry["coordinates"], decimals),
    }


def _round(values: Any, decimals: int) -> Any:
    if isinstance(values, float):
        return round(values, decimals)
    return [_round(value, decimals) for value in values]
