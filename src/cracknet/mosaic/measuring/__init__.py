"""The cracks of a segmented raster measured in bounded memory, also across windows' borders."""

from cracknet.mosaic.measuring.run import MeasuredRaster, measure_raster

__all__ = ["MeasuredRaster", "measure_raster"]
