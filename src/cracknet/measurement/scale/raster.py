"""The scale of a raster, from the size of its pixels."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError
from cracknet.measurement.scale.scale import Scale


def scale_of_transform(pixel_size_x: float, pixel_size_y: float, unit_to_metre: float) -> Scale:
    """Give the scale of a raster whose rows run along x.

    Parameters
    ----------
    pixel_size_x, pixel_size_y : float
        Width and height of a pixel in the unit of the coordinate system; the sign is ignored.
    unit_to_metre : float
        Metres in that unit: 1 for metres, 0.3048 for feet.

    Returns
    -------
    Scale
        Of the geometric mean; where the pixels are not square, its homography keeps both sizes.

    Raises
    ------
    ArgumentError
        When a size is zero, not finite, or beyond what a scale may be.

    Examples
    --------
    >>> scale_of_transform(0.002, -0.002, 1.0).mm_per_px
    2.0
    """
    sizes = [abs(size) * unit_to_metre * 1000 for size in (pixel_size_x, pixel_size_y)]
    if not all(math.isfinite(size) and size > 0 for size in sizes):
        msg = (
            "a raster's pixels must have a width and a height, and its unit a length; got "
            f"{pixel_size_x} x {pixel_size_y} units of {unit_to_metre} m. Georeference it anew."
        )
        raise ArgumentError(msg)
    across, down = sizes
    square = math.isclose(across, down, rel_tol=1e-6)
    return Scale(
        across if square else math.sqrt(across * down),
        "raster",
        f"the raster's own transform, {across:g} x {down:g} mm a pixel, uncertainty unknown",
        homography=None if square else _diagonal(across, down),
    )


def _diagonal(across: float, down: float) -> npt.NDArray[np.float64]:
    return np.diag([across, down, 1.0])
