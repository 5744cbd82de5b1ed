"""Rasters of any size, segmented and measured window by window, without a seam, resumable."""

from cracknet.mosaic.measuring import MeasuredRaster, measure_raster
from cracknet.mosaic.run import measure_folder, segment_found
from cracknet.mosaic.segmenting import RasterResult, segment_raster

__all__ = [
    "MeasuredRaster",
    "RasterResult",
    "measure_folder",
    "measure_raster",
    "segment_found",
    "segment_raster",
]
