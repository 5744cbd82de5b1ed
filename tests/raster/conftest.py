"""Small rasters written as a test asks for."""

from __future__ import annotations

import warnings

import numpy as np
import pytest


@pytest.fixture
def write_raster(tmp_path):
    """Return a function that writes samples (C, H, W) as a GeoTIFF, and gives its path."""
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning

    def write(samples, name="ortho.tif", *, interp=None, mask=None, colormap=None, **options):
        samples = np.asarray(samples)
        count, height, width = samples.shape
        path = tmp_path / name
        with warnings.catch_warnings(), rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(
                path, "w", count=count, height=height, width=width, dtype=samples.dtype,
                **{"driver": "GTiff", **options},
            ) as file:  # fmt: skip
                if interp:
                    file.colorinterp = [rasterio.enums.ColorInterp[name] for name in interp]
                file.write(samples)
                if colormap:
                    file.write_colormap(1, colormap)
                if mask is not None:
                    file.write_mask(mask)
        return path

    return write
