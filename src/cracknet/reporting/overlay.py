"""The overlay: a photograph with its cracks in colour."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask
from cracknet.errors import ArgumentError

CRACK_BGR = (40, 40, 235)
OPACITY = 0.65


def draw_overlay(gray: Gray, mask: Mask) -> npt.NDArray[np.uint8]:
    """Paint the cracks of a photograph red, half transparent.

    Parameters
    ----------
    gray : (H, W) uint8
    mask : (H, W) bool

    Returns
    -------
    (H, W, 3) uint8, BGR

    Raises
    ------
    ArgumentError
        When the shapes differ.
    """
    if gray.shape != mask.shape:
        msg = f"photograph {gray.shape} and mask {mask.shape} must have one shape."
        raise ArgumentError(msg)
    picture = np.repeat(gray[:, :, None], 3, axis=2)
    values = gray[mask][:, None] * (1 - OPACITY) + np.array(CRACK_BGR) * OPACITY
    picture[mask] = values.astype(np.uint8)
    return picture
