"""GeoPackages: one for each photograph, and one of the places where photographs were taken."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cracknet.errors import OutputError
from cracknet.reporting.layers.features import Layer, photo_layers, photos_layer
from cracknet.reporting.layers.georeference import Georeference, crs_of
from cracknet.reporting.layers.placement import LOCAL_SYSTEMS, Placement, placement
from cracknet.reporting.streams import appearing_whole, result_path
from cracknet.reporting.tables.columns import columns_of
from cracknet.reporting.tables.rows import MeasuredRows, PhotoFigures

PHOTOS = "photos.gpkg"
PHOTOS_AT_ONCE = 4096
TYPES: dict[str, Any] = {
    "text": object,
    "integer": np.int64,
    "number": np.float64,
    "boolean": np.bool_,
}


@contextmanager
def geopackages(
    out: Path, georeference_for: Callable[[MeasuredRows], Georeference | None], width_points: bool
) -> Iterator[Callable[[MeasuredRows], None]]:
    """Write ``<photo>.gpkg`` for each photograph, and ``photos.gpkg`` of their places.

    A photograph's file holds the layers cracks (MultiPolygon) and branches (LineString), and
    widths (Point) if asked for, in world coordinates, millimetres or pixels
    (`cracknet.reporting.layers.placement`).

    Parameters
    ----------
    out : Path
        The output folder.
    georeference_for : callable
        Gives the georeference of a photograph, or None.
    width_points : bool
        Whether to write a point for every width.

    Yields
    ------
    callable
        Adds a photograph.

    Raises
    ------
    OutputError
        When a file cannot be written.
    ArgumentError
        When a coordinate reference system is not known.
    """
    waiting: list[PhotoFigures] = []
    with appearing_whole(out / PHOTOS) as part:

        def write() -> None:
            text = "places of photographs, from EXIF"
            _write(part, photos_layer(waiting), "EPSG:4326", text, append=part.exists())
            waiting.clear()

        def add(rows: MeasuredRows) -> None:
            if "part" in rows.item.about:
                return  # of a raster, whose layers were written as its cracks were found
            georeference = georeference_for(rows)
            path = result_path(out, rows.item.photo, ".gpkg", frozenset({PHOTOS}))
            with appearing_whole(path) as own:
                add_to_geopackage(own, rows, georeference, width_points=width_points)
            waiting.append(rows.photo)
            if len(waiting) == PHOTOS_AT_ONCE:
                write()

        yield add
        write()


def add_to_geopackage(
    path: Path,
    rows: MeasuredRows,
    georeference: Georeference | None,
    *,
    width_points: bool = False,
) -> None:
    """Write the layers of a photograph, or add its features where the file is there already.

    Parameters
    ----------
    path : Path
    rows : MeasuredRows
    georeference : Georeference, optional
        The same for all that is added.
    width_points : bool
        Whether to write a point for every width.

    Raises
    ------
    OutputError
        When the file cannot be written.
    ArgumentError
        When the coordinate reference system is not known.
    """
    if georeference is not None:
        crs_of(georeference)  # refuses an unknown one by its name
    where = placement(rows.item.measurement, georeference)
    append = path.exists()
    for layer in photo_layers(rows, where.place, width_points=width_points):
        text = f"{layer.name} of {rows.photo.photo}: {where.text}"
        _write(path, layer, _system(where), text, append=append)


def _system(where: Placement) -> str | None:
    return where.crs if where.unit == "world" else LOCAL_SYSTEMS[where.unit]


def _write(path: Path, layer: Layer, crs: str | None, text: str, *, append: bool) -> None:
    """Write a layer, or add its features to the one that the file has already."""
    from pyogrio.errors import DataLayerError, DataSourceError, FieldError
    from pyogrio.raw import write
    from shapely import to_wkb

    names, arrays, masks = _fields(layer)
    options = {"DESCRIPTION": text}
    if crs is None:
        options["SRID"] = "-1"  # undefined Cartesian, by the standard's clause 1.1.2.1.2
    try:
        with warnings.catch_warnings():
            # That the raster's system is unknown is said in the layer's description.
            warnings.filterwarnings("ignore", "'crs' was not provided", UserWarning)
            write(
                str(path),
                to_wkb(np.array(layer.shapes, object)),
                arrays,
                names,
                field_mask=masks,
                layer=layer.name,
                driver="GPKG",
                geometry_type=layer.geometry,
                crs=crs,
                append=append,
                layer_options=None if append else options,
            )
    except (DataSourceError, DataLayerError, FieldError) as error:
        msg = f"{path.parent} cannot take a GeoPackage: {error} Free some space."
        raise OutputError(msg) from error


def _fields(layer: Layer) -> tuple[list[str], list[npt.NDArray[Any]], list[Any]]:
    columns = columns_of(layer.kind)
    arrays, masks = [], []
    for column in columns:
        values = [getattr(row, column.name) for row in layer.rows]
        unknown = np.array([value is None for value in values], bool)
        filled = [_FILL[column.kind] if value is None else value for value in values]
        arrays.append(np.array(filled, TYPES[column.kind]))
        masks.append(unknown if column.unknown else None)
    return [column.name for column in columns], arrays, masks


_FILL: dict[str, Any] = {"text": "", "integer": 0, "number": np.nan, "boolean": False}
