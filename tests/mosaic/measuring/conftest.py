"""A segmented raster, without the net: its gray, mask and probability as GeoTIFF."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

UTM = {"crs": "EPSG:25832", "place": (0.002, 0, 565_000, 0, -0.002, 5_934_000)}


@pytest.fixture(scope="session")
def winding():
    """A mask of winding cracks, a soft probability and the photograph of it, all (300, 420)."""
    rng = np.random.default_rng(0)
    picture = np.zeros((300, 420), np.uint8)
    x = np.linspace(-10, 430, 60)
    for k in range(4):
        y = 40 + 70 * k + 18 * np.sin(x / 40 + k) + 6 * np.sin(x / 13)
        points = np.round(np.column_stack([x, y]) * 8).astype(np.int32)[: 60 - 11 * k]
        cv2.polylines(picture, [points], False, 1, 3 + 2 * k, cv2.LINE_8, 3)
    cv2.line(picture, (300, 10), (300, 150), 1, 4)
    picture[rng.integers(0, 300, 30), rng.integers(0, 420, 30)] = 1
    mask = picture > 0
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.9)
    gray = (200 - 150 * soft + rng.normal(0, 2, mask.shape)).clip(0, 255).astype(np.uint8)
    return mask, soft, gray


@pytest.fixture
def segmented(tmp_path, save_raster, winding):
    """Return a function that writes a raster and what `segment_raster` makes of it."""
    from rasterio.transform import Affine

    def make(name="deck", *, crs=UTM["crs"], place=UTM["place"], **options):
        mask, soft, gray = winding
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        options = {"tiled": True, "blockxsize": 256, "blockysize": 256, **options}
        where = {"crs": crs} | ({"transform": Affine(*place)} if place else {})
        options |= where
        save_raster(out / f"{name}.mask.tif", np.where(mask, 255, 0).astype(np.uint8), **options)
        rounded = cv2.convertScaleAbs(soft, alpha=255)
        save_raster(out / f"{name}.probability.tif", rounded, **options)
        return save_raster(tmp_path / f"{name}.tif", gray, **options), out

    return make
