"""Layers for maps and drawings: GeoPackage, GeoJSON and DXF."""

from cracknet.reporting.layers.bands import DEFAULT_BANDS
from cracknet.reporting.layers.georeference import Georeference, georeference_of
from cracknet.reporting.layers.raster_scale import raster_scale, with_raster_scale

__all__ = [
    "DEFAULT_BANDS",
    "Georeference",
    "georeference_of",
    "raster_scale",
    "with_raster_scale",
]
