"""The coarse step: features of both photographs at a bounded size, and who matches whom."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask
from cracknet.measurement.results import Points

RATIO = 0.85
"""A match must be this much closer than the second best (Lowe 2004, section 7.1, takes 0.8; the
homography and the patches sort out what is wrong)."""

CONTRAST = 0.01
"""Of SIFT's keypoints; a quarter of OpenCV's usual value, since concrete is faint."""

VIEWS = 8
"""The slanted copies, some 20 for a largest tilt of 3, give 1/VIEWS of the features each."""

BLOCK = 1000
"""Descriptors compared at once: bounds the memory."""


@dataclass(frozen=True, eq=False)
class Features:
    """Features of one photograph.

    Attributes
    ----------
    points_px : (N, 2) float64
        Positions in px of the photograph at its full size.
    descriptors : (N, 128) float32
        RootSIFT (Arandjelovic and Zisserman 2012), of unit length.
    factor : float
        Reduced size over full size.
    """

    points_px: Points
    descriptors: npt.NDArray[np.float32]
    factor: float


def reduce_photo(gray: Gray, longest_px: int) -> tuple[Gray, float]:
    """Shrink a photograph to a longest side; smaller ones stay. Returns the factor, too."""
    longest = max(gray.shape)
    if longest <= longest_px:
        return gray, 1.0
    height, width = (max(1, round(side * longest_px / longest)) for side in gray.shape)
    small = cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), longest_px / longest


def find_features(
    gray: Gray, allowed: Mask | None, *, longest_px: int, count: int, affine: bool = False
) -> Features:
    """Find SIFT features on the photograph with its contrast evened out (CLAHE).

    Parameters
    ----------
    gray : (H, W) uint8
    allowed : (H, W) bool, optional
        Where features may lie.
    longest_px, count : int
        Size to work at, and most features.
    affine : bool
        Look at slanted copies of the photograph, too (Morel and Yu 2009, ASIFT): for views that
        differ by more than 40 degrees or so.
    """
    small, factor = reduce_photo(gray, longest_px)
    even = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(small)
    area = None
    if allowed is not None:
        size = (small.shape[1], small.shape[0])
        area = cv2.resize(allowed.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        area *= np.uint8(255)
    each = max(count // VIEWS, 100) if affine else count
    finder: cv2.Feature2D = cv2.SIFT.create(nfeatures=each, contrastThreshold=CONTRAST)
    if affine:
        finder = cv2.AffineFeature.create(finder, maxTilt=3)
    keypoints, found = finder.detectAndCompute(even, area)
    if found is None or not len(keypoints):
        return Features(np.empty((0, 2)), np.empty((0, 128), np.float32), factor)
    # A pixel's centre at k of the small picture is at (k + 1/2) / factor - 1/2 of the large one.
    places = (np.array([point.pt for point in keypoints], np.float64) + 0.5) / factor - 0.5
    roots = np.sqrt(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-9))
    return Features(places, np.asarray(roots, np.float32), factor)


def match_features(before: Features, after: Features) -> tuple[Points, Points]:
    """Pairs of positions whose descriptors are each other's nearest, and clearly so.

    Returns
    -------
    (M, 2), (M, 2) float64
        Positions in BEFORE and AFTER, each pair once.
    """
    if len(before.points_px) < 2 or len(after.points_px) < 2:
        return np.empty((0, 2)), np.empty((0, 2))
    forward, clear = _best(before.descriptors, after.descriptors)
    backward, _ = _best(after.descriptors, before.descriptors)
    own = np.arange(len(forward))
    keep = clear & (backward[forward] == own)
    pairs = np.column_stack([before.points_px[own[keep]], after.points_px[forward[keep]]])
    # A keypoint of two orientations, or found in several slanted copies, counts once.
    _, first = np.unique(np.round(pairs), axis=0, return_index=True)
    pairs = pairs[np.sort(first)]
    return pairs[:, :2], pairs[:, 2:]


def coarse_homography(
    before: Points, after: Points, reach_px: float
) -> tuple[npt.NDArray[np.float64] | None, npt.NDArray[np.bool_]]:
    """Homography on which most pairs agree (MAGSAC++, Barath et al. 2020), and who agrees.

    Parameters
    ----------
    before, after : (M, 2) float64
    reach_px : float
        Greatest distance of an agreeing pair, in px of AFTER.
    """
    none = np.zeros(len(before), bool)
    if len(before) < 4:
        return None, none
    matrix, inside = cv2.findHomography(
        before, after, cv2.USAC_MAGSAC, reach_px, maxIters=20000, confidence=0.9999
    )
    if matrix is None or inside is None or not np.isfinite(matrix).all():
        return None, none
    return np.asarray(matrix, np.float64), inside.ravel().astype(bool)


def _best(
    of: npt.NDArray[np.float32], among: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Nearest of each row among others, and whether it is clearly nearer than the second."""
    nearest = np.empty(len(of), np.intp)
    clear = np.empty(len(of), bool)
    for start in range(0, len(of), BLOCK):
        # Unit vectors: the squared distance is 2 - 2 times the likeness.
        likeness = of[start : start + BLOCK] @ among.T
        rows = np.arange(len(likeness))
        first = likeness.argmax(axis=1)
        top = likeness[rows, first]
        likeness[rows, first] = -1
        nearest[start : start + BLOCK] = first
        clear[start : start + BLOCK] = (1 - top) < RATIO**2 * (1 - likeness.max(axis=1))
    return nearest, clear
