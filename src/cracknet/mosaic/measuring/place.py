"""Where a raster lies, and what its pixels measure on the ground."""

from __future__ import annotations

from cracknet.errors import ArgumentError
from cracknet.measurement.scale import Scale, ScaleOptions, scale_given
from cracknet.raster import Georeference
from cracknet.reporting.layers import Georeference as Place
from cracknet.reporting.layers import raster_scale

NONE = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""The transform of a raster that has none."""


def place_of(georeference: Georeference) -> Place | None:
    """Give the place that layers take of a raster; None for one without coordinates.

    Of ground control points the affine transform that fits them best is taken.

    Raises
    ------
    ArgumentError
        When the transform cannot be undone.
    """
    transform = georeference.transform
    if georeference.points:
        from rasterio.transform import from_gcps

        transform = tuple(from_gcps(georeference.points))[:6]
    if georeference.crs_wkt is None and transform == NONE:
        return None
    return Place(transform, georeference.crs_wkt)


def scale_of(
    place: Place | None, shape: tuple[int, int], options: ScaleOptions
) -> tuple[Scale | None, str]:
    """Give a raster's scale: the one stated, or that of its transform; and a note.

    Parameters
    ----------
    place : cracknet.reporting.layers.Georeference, optional
    shape : (int, int)
        Height and width, px.
    options : ScaleOptions
        Markers, points and distances are for photographs; a note says so.
    """
    if options.mm_per_px is not None:
        return scale_given(options.mm_per_px), ""
    note = ""
    if options.chosen is not None:
        note = (
            f"{options.chosen} gives a scale to photographs; a raster has that of its transform, "
            "or --mm-per-px."
        )
    scale = None
    if place is None or place.crs is None:
        why = "no scale: the raster has no coordinate reference system. State --mm-per-px."
        return None, f"{note} {why}".strip()
    try:
        scale = raster_scale(place, *shape)
        if scale is None:
            note = f"{note} no scale: {place.crs[:60]} states no unit of length.".strip()
    except ArgumentError as error:
        note = f"{note} no scale: {error}".strip()
    return scale, note
