"""Rules that a homography between two photographs of one place keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import cv2
import numpy as np

from cracknet.measurement.change.registration.homography import (
    Matrix,
    depths,
    jacobians,
    map_points,
)
from cracknet.measurement.change.registration.options import (
    RegistrationError,
    RegistrationOptions,
)
from cracknet.measurement.results import Points

SAME_PLACE = "Check that both photographs show the same place."


@dataclass(frozen=True, eq=False)
class CommonView:
    """What both photographs show.

    Attributes
    ----------
    outline_px : (M, 2) float64
        Its convex outline in AFTER.
    share : float
        Its area as a share of the smaller view, both in px of AFTER.
    inner_px : (K, 2) float64
        Points of BEFORE within it, over all of it.
    """

    outline_px: Points
    share: float
    inner_px: Points


def corners_of(shape: tuple[int, int]) -> Points:
    """Outer corners of a photograph of a height and width, (4, 2), clockwise on screen."""
    x, y = shape[1] - 0.5, shape[0] - 0.5
    return np.array([[-0.5, -0.5], [x, -0.5], [x, y], [-0.5, y]])


def check_homography(
    matrix: Matrix,
    before: tuple[int, int],
    after: tuple[int, int],
    options: RegistrationOptions,
) -> CommonView:
    """Check that a homography could come from one flat place seen twice.

    Parameters
    ----------
    matrix : (3, 3) float64
    before, after : (int, int)
        Heights and widths.
    options : RegistrationOptions

    Raises
    ------
    RegistrationError
        ``degenerate``, ``mirror``, ``overlap`` or ``scale``.
    """
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-12:
        _refuse("degenerate", "all that agrees lies on one line or spot. " + SAME_PLACE)
    view = _common_view(matrix, before, after)
    if view is None or view.share < options.least_overlap:
        share = 0.0 if view is None else view.share
        _refuse(
            "overlap",
            f"they must share {options.least_overlap:.0%} of the smaller view; they share "
            f"{share:.0%}. Photograph the place again from where it was taken before.",
        )
    local = jacobians(matrix, view.inner_px)
    determinants = np.linalg.det(local)
    if (determinants <= 0).any():
        _refuse(
            "mirror",
            "one would have to be mirrored to fit the other. Use unmirrored photographs; if they "
            "are, they show different places.",
        )
    sizes = np.linalg.svd(local, compute_uv=False)
    factor = np.sqrt(determinants)
    worst = float(np.maximum(factor, 1 / factor).max())
    slant = float((sizes[:, 0] / sizes[:, 1]).max())
    if worst > options.largest_scale or slant > options.largest_slant:
        _refuse(
            "scale",
            f"one may be {options.largest_scale:g} times as fine as the other, and "
            f"{options.largest_slant:g} times as slanted; they differ by {worst:.1f} and "
            f"{slant:.1f} times. Photograph the place from a like distance and direction.",
        )
    return view


def _common_view(
    matrix: Matrix, before: tuple[int, int], after: tuple[int, int]
) -> CommonView | None:
    """Cut BEFORE, as AFTER's frame sees it, with AFTER; None where nothing is left.

    Only what lies before the horizon is mapped, found on a fine outline of BEFORE's frame.
    """
    across, down = np.meshgrid(
        np.linspace(-0.5, before[1] - 0.5, 41), np.linspace(-0.5, before[0] - 0.5, 41)
    )
    grid = np.column_stack([across.ravel(), down.ravel()])
    depth = depths(matrix, grid)
    sign = 1.0 if np.median(depth) > 0 else -1.0
    grid = grid[sign * depth > 1e-3 * np.abs(depth).max()]
    if len(grid) < 3:
        return None
    mapped = map_points(matrix, grid)
    hull = cv2.convexHull(np.asarray(mapped, np.float32)).reshape(-1, 2)
    frame = np.asarray(corners_of(after), np.float32)
    area, outline = cv2.intersectConvexConvex(hull, frame)
    smaller = min(abs(cv2.contourArea(hull)), float(after[0] * after[1]))
    inner = grid[((mapped >= -0.5) & (mapped <= [after[1] - 0.5, after[0] - 0.5])).all(axis=1)]
    if outline is None or smaller <= 0 or len(inner) < 3:
        return None
    return CommonView(np.asarray(outline, np.float64).reshape(-1, 2), area / smaller, inner)


def hull_share(points: Points, outline_px: Points) -> float:
    """Area of the hull of (N, 2) points as a share of that of an outline."""
    whole = abs(cv2.contourArea(np.asarray(outline_px, np.float32)))
    if len(points) < 3 or whole == 0:
        return 0.0
    hull = cv2.convexHull(np.asarray(points, np.float32))
    return float(abs(cv2.contourArea(hull)) / whole)


def _refuse(reason: str, text: str) -> NoReturn:
    raise RegistrationError(reason, f"the photographs cannot be laid over each other: {text}")
