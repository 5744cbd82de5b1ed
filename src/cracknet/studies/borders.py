"""How well masks agree near the border of the cracks: what skip connections are to better."""

from __future__ import annotations

import cv2
import numpy as np

from cracknet.arrays import Mask
from cracknet.scoring.matches import Matches
from cracknet.scoring.tolerance import match_within

BAND_PX = 5
BOUNDARY_RADII_PX = (1, 2)


def border_band(truth: Mask, radius_px: int = BAND_PX) -> Mask:
    """Mark the pixels near the border between crack and background.

    A pixel belongs to the band if a crack pixel and a background pixel both lie within
    `radius_px` of it (Euclidean, between pixel centres; the pixel itself counts): the trimap of
    Kohli et al. 2009, section 5. The photograph's edge is no border.

    Parameters
    ----------
    truth : (H, W) bool
    radius_px : int
        At least 1.

    Returns
    -------
    (H, W) bool

    Examples
    --------
    >>> truth = np.zeros((1, 9), bool); truth[0, :4] = True
    >>> border_band(truth, 2).astype(int).tolist()
    [[0, 0, 1, 1, 1, 1, 0, 0, 0]]
    """
    return np.asarray(_grown(truth, radius_px) & _grown(~truth, radius_px))


def match_band(mask: Mask, truth: Mask, radius_px: int = BAND_PX) -> Matches:
    """Count the pixels of the band alone, without tolerance.

    Parameters
    ----------
    mask, truth : (H, W) bool
    radius_px : int
    """
    band = border_band(truth, radius_px)
    right = int(np.count_nonzero(mask & truth & band))
    return Matches(
        right=right,
        predicted=int(np.count_nonzero(mask & band)),
        found=right,
        actual=int(np.count_nonzero(truth & band)),
    )


def boundary(mask: Mask) -> Mask:
    """Mark the crack pixels that have a background pixel among their four neighbours.

    Parameters
    ----------
    mask : (H, W) bool

    Examples
    --------
    >>> boundary(np.pad(np.ones((3, 3), bool), 1)).sum()
    np.int64(8)
    """
    return np.asarray(mask & _grown(~mask, 1))


def match_boundaries(mask: Mask, truth: Mask, radius_px: int) -> Matches:
    """Count boundary pixels that lie near the other mask's boundary.

    `Matches.f1` of the result is the boundary F1 of Csurka et al. 2013 ("What is a good
    evaluation measure for semantic segmentation?", BMVC).

    Parameters
    ----------
    mask, truth : (H, W) bool
    radius_px : int
    """
    return match_within(boundary(mask), boundary(truth), radius_px)


def _grown(mask: Mask, radius_px: int) -> Mask:
    y, x = np.ogrid[-radius_px : radius_px + 1, -radius_px : radius_px + 1]
    near = np.asarray(x * x + y * y <= radius_px * radius_px, np.uint8)
    return np.asarray(cv2.dilate(np.ascontiguousarray(mask).view(np.uint8), near), np.bool_)
