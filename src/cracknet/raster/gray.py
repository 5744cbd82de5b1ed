"""From the samples of a window to gray, 8 bit, and which of its pixels are valid."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from cracknet.arrays import Gray, Mask
from cracknet.photo.gray import gray_from_image, gray_from_samples
from cracknet.raster.bands import Bands
from cracknet.raster.levels import Levels

Samples = npt.NDArray[Any]


def valid_of_nodata(colours: Samples, nodata: tuple[float | None, ...]) -> Mask:
    """Tell which pixels hold data: those of which any band differs from its nodata value.

    Parameters
    ----------
    colours : (C, h, w)
    nodata : tuple of float or None
        Of each band.

    Returns
    -------
    (h, w) bool
    """
    valid = np.zeros(colours.shape[1:], bool)
    for band, value in zip(colours, nodata, strict=True):
        wanted = None if value is None else _as_sample(value, band.dtype)
        if wanted is None:
            return np.ones_like(valid)
        valid |= ~np.isnan(band) if np.isnan(wanted) else band != wanted
    return valid


def _as_sample(value: float, dtype: np.dtype[Any]) -> Any:
    """Return a nodata value as a band's sample, None where the band cannot hold it."""
    if dtype.kind == "f":
        return dtype.type(value)
    limits = np.iinfo(dtype)
    if not float(value).is_integer() or not limits.min <= value <= limits.max:
        return None
    return dtype.type(int(value))


def gray_of_window(
    colours: Samples, alpha: Samples | None, valid: Mask, bands: Bands, levels: Levels | None
) -> tuple[Gray, Mask]:
    """Turn the samples of a window into gray, as `cracknet.photo` does a photograph's.

    Parameters
    ----------
    colours : (1, h, w) or (3, h, w)
    alpha : (h, w), optional
        Opacity; a pixel partly transparent is laid over white, one wholly so is not valid.
    valid : (h, w) bool
        Which pixels hold data; changed in place where more are found not to.
    bands : Bands
    levels : Levels, optional
        None for 8-bit samples that are gray already.

    Returns
    -------
    gray : (h, w) uint8
        White where not valid: a crack is darker than its surroundings.
    valid : (h, w) bool
    """
    if alpha is not None:
        valid &= alpha > 0
    if bands.palette is not None and bands.opaque is not None:
        index = np.minimum(colours[0], bands.palette.size - 1)
        gray = bands.palette[index]
        valid &= bands.opaque[index]
    elif levels is None:
        gray = _gray_of_bytes(colours, alpha)
    else:
        gray = _gray_of_levels(colours, alpha, valid, levels)
    gray[~valid] = 255
    return gray, valid


def _gray_of_bytes(colours: Samples, alpha: Samples | None) -> Gray:
    partly = alpha is not None and bool(((alpha > 0) & (alpha < 255)).any())
    if len(colours) == 1 and not partly:
        return np.array(colours[0], np.uint8)
    layers = [
        Image.fromarray(band) for band in (colours if len(colours) == 3 else [colours[0]] * 3)
    ]
    if partly and alpha is not None:
        return gray_from_image(Image.merge("RGBA", [*layers, Image.fromarray(alpha)]))
    return gray_from_image(Image.merge("RGB", layers))


def _gray_of_levels(colours: Samples, alpha: Samples | None, valid: Mask, levels: Levels) -> Gray:
    # From 0 to 1, what any window holds: `gray_from_samples` then takes 1 for white.
    even = (colours.astype(np.float64) - levels.black) / (levels.white - levels.black)
    finite = np.isfinite(even).all(axis=0)
    valid &= finite
    even[:, ~finite] = 1
    np.clip(even, 0, 1, out=even)
    samples = even[0] if len(even) == 1 else np.moveaxis(even, 0, 2)
    opacity = None
    if alpha is not None:
        highest = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "ui" else 1
        opacity = np.clip(alpha / highest, 0, 1)
    return gray_from_samples(samples, opacity)
