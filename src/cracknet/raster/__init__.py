"""Windows of large, mostly georeferenced images: GeoTIFF, COG, BigTIFF, VRT."""

from cracknet.raster.ahead import read_ahead
from cracknet.raster.box import Box
from cracknet.raster.detection import RASTER_PIXELS, is_raster
from cracknet.raster.opening import Georeference, Raster, open_raster

__all__ = [
    "RASTER_PIXELS",
    "Box",
    "Georeference",
    "Raster",
    "is_raster",
    "open_raster",
    "read_ahead",
]
