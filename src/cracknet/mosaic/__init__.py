"""Rasters of any size, segmented window by window, without a seam and resumable."""

from cracknet.mosaic.run import segment_found
from cracknet.mosaic.segmenting import RasterResult, segment_raster

__all__ = ["RasterResult", "segment_found", "segment_raster"]
