"""A small model with a card, and a raster that it sees differently at every place of a tile."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pytest

from cracknet.segmentation.models import ModelCard, write_card


@pytest.fixture(scope="session")
def small_model(dark_net, tmp_path_factory):
    """The model `dark_net` with small tiles and a pass at half the size, by its card."""
    folder = tmp_path_factory.mktemp("small")
    for suffix in (".xml", ".bin"):
        (folder / f"dark{suffix}").write_bytes(dark_net.with_suffix(suffix).read_bytes())
    file = folder / "dark.xml"
    card = ModelCard(
        "dark", "dark", file, tile_px=160, overlap_px=64, margin_px=16, coarse_weight=0.65
    )
    write_card(card, folder / "dark.json")
    return file


@pytest.fixture(scope="session")
def stained():
    """Return a function: height and width in, a wall with soft stains out, (H, W) uint8."""

    def make(height, width, seed=0):
        rng = np.random.default_rng(seed)
        rough = rng.normal(size=(height, width)).astype(np.float32)
        soft = cv2.GaussianBlur(rough, (0, 0), 3)
        span = max(float(soft.max() - soft.min()), 1e-6)
        return ((soft - soft.min()) * (255 / span)).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def save_raster():
    """Return a function that writes samples (H, W) or (C, H, W) as a GeoTIFF."""
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning

    def save(path, samples, *, mask=None, **options):
        samples = np.asarray(samples)
        samples = samples[None] if samples.ndim == 2 else samples
        count, height, width = samples.shape
        with warnings.catch_warnings(), rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(
                path, "w", driver="GTiff", count=count, height=height, width=width,
                dtype=samples.dtype, **options,
            ) as file:  # fmt: skip
                file.write(samples)
                if mask is not None:
                    file.write_mask(mask)
        return path

    return save
