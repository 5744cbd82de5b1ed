"""Laying two photographs of one place over each other, or refusing to."""

from __future__ import annotations

import math
from typing import NoReturn

import cv2
import numpy as np

from cracknet.arrays import Gray, Mask
from cracknet.errors import ArgumentError
from cracknet.measurement.change.registration.checks import (
    SAME_PLACE,
    CommonView,
    check_homography,
    hull_share,
)
from cracknet.measurement.change.registration.features import (
    coarse_homography,
    find_features,
    match_features,
)
from cracknet.measurement.change.registration.homography import (
    Fit,
    Matrix,
    fit_homography,
    jacobians,
)
from cracknet.measurement.change.registration.options import (
    RegistrationError,
    RegistrationOptions,
)
from cracknet.measurement.change.registration.patches import (
    HALF_PX,
    Patches,
    choose_patches,
    find_patches,
    median_factor,
    smooth_pair,
)
from cracknet.measurement.change.registration.repeats import LIKE, second_place
from cracknet.measurement.change.registration.result import Registration, slant_deg
from cracknet.measurement.results import Points

LEAST_SIDE_PX = 4 * HALF_PX
"""Smaller photographs hold no grid of patches."""

COARSE_REACH_PX = 3.0
"""Of a pair that agrees with the coarse homography, px of the reduced photograph."""

FINE_SEARCH_PX = 4
"""How far patches are searched in the second pass, px of AFTER."""

CLEARLY = 0.8
"""Share of the patches that must fit better at the place found than at the second best."""

REACH_PX, REACH_DEVIATIONS = 1.5, 4.0
"""A patch counts as found again within this distance of the homography, or so many deviations."""

SLANTED_PX = 600
"""Size at which slanted copies are looked at: there are some twenty of them."""

DEFAULTS = RegistrationOptions()


def register(
    before: Gray,
    after: Gray,
    *,
    cracks_before: Mask | None = None,
    cracks_after: Mask | None = None,
    options: RegistrationOptions = DEFAULTS,
) -> Registration:
    """Find the homography between two photographs of one flat place.

    SIFT features of both, reduced to a bounded size, give a first homography by MAGSAC++. Patches
    all over the common view are then found again at full resolution, twice, and the homography is
    fitted to them to sub-pixel. They confirm independently that the place is the same: a wrong
    homography finds none. Where the first attempt is refused, it is repeated at half the size,
    which noise disturbs less, and with slanted copies, which bear a larger difference of view.

    Parameters
    ----------
    before, after : (H, W) uint8
        Of any two sizes.
    cracks_before, cracks_after : (H, W) bool, optional
        True where cracks lie; left out of the search where `options.mask_cracks` says so.
    options : RegistrationOptions

    Raises
    ------
    RegistrationError
        When they cannot be laid over each other; the message says which rule failed.
    ArgumentError
        When an array is not a gray photograph, or a mask has another shape.
    """
    for name, gray, mask in (
        ("before", before, cracks_before), ("after", after, cracks_after)
    ):  # fmt: skip
        _check(name, gray, mask)
    allowed = [
        None if mask is None or not options.mask_cracks else ~mask
        for mask in (cracks_before, cracks_after)
    ]
    first: RegistrationError | None = None
    half = max(options.longest_px // 2, 1)
    ways = [(options.longest_px, False), (half, False), (min(half, SLANTED_PX), True)]
    for longest, affine in ways if options.try_slanted else ways[:2]:
        try:
            matrix, matches = _coarse(before, after, allowed, options, longest, affine=affine)
            return _refine(before, after, allowed, matrix, matches, longest, options)
        except RegistrationError as error:
            # What a further attempt meets is seldom clearer than what the first one met.
            if first is None or _HOW_FAR[error.reason] > _HOW_FAR[first.reason]:
                first = error
            if error.reason == "texture":
                break
    raise first or RegistrationError("matches", SAME_PLACE)


_HOW_FAR = {
    reason: step
    for step, reason in enumerate(
        ["texture", "matches", "degenerate", "mirror", "overlap", "scale", "unconfirmed",
         "residual", "repeats"]
    )
}  # fmt: skip


def _coarse(
    before: Gray,
    after: Gray,
    allowed: list[Mask | None],
    options: RegistrationOptions,
    longest: int,
    *,
    affine: bool,
) -> tuple[Matrix, int]:
    found = [
        find_features(gray, area, longest_px=longest, count=options.features, affine=affine)
        for gray, area in zip((before, after), allowed, strict=True)
    ]
    fewest = min(len(features.points_px) for features in found)
    if fewest < options.least_matches:
        which = "BEFORE" if len(found[0].points_px) == fewest else "AFTER"
        _refuse(
            "texture",
            f"{which} has {fewest} features outside of its cracks; {options.least_matches} are "
            "needed. Take a photograph in focus that shows the concrete's texture, or put marks "
            "on the wall.",
        )
    pairs = match_features(*found)
    matrix, inside = coarse_homography(*pairs, COARSE_REACH_PX / found[1].factor)
    if matrix is None or inside.sum() < options.least_matches:
        _refuse(
            "matches",
            f"{int(inside.sum())} features agree on how; {options.least_matches} are needed. "
            + SAME_PLACE,
        )
    return matrix / (matrix[2, 2] or 1.0), int(inside.sum())


def _refine(
    before: Gray,
    after: Gray,
    allowed: list[Mask | None],
    matrix: Matrix,
    matches: int,
    longest: int,
    options: RegistrationOptions,
) -> Registration:
    shapes = _shape(before), _shape(after)
    view = check_homography(matrix, *shapes, options)
    factor = median_factor(matrix, view.inner_px)
    smooth = smooth_pair(before, after, factor)
    reduced = max(1.0, max(before.shape) * factor / longest, max(after.shape) / longest)
    search = math.ceil(COARSE_REACH_PX * reduced) + FINE_SEARCH_PX
    for reach in (search, FINE_SEARCH_PX):
        usable = _usable(view, allowed, matrix, after.shape)
        tried = find_patches(*smooth, matrix, choose_patches(smooth[1], usable), reach)
        fit, agree = _fit(tried, options)
        _confirm(tried, agree, view, options)
        matrix = fit.matrix
        view = check_homography(matrix, *shapes, options)
    if fit.deviation_px > options.largest_residual_px:
        _refuse(
            "residual",
            f"patches of the wall miss each other by {fit.deviation_px:.1f} px; at most "
            f"{options.largest_residual_px:g} px is accepted. The place must be flat, and the "
            "lens without much distortion: photograph it straight on, or undistort both.",
        )
    _check_repeats(smooth, matrix, tried.after[agree], second_place(before, after, matrix))
    middle = view.inner_px.mean(axis=0, keepdims=True)
    return Registration(
        matrix, fit.deviations, fit.deviation_px, matches, int(agree.sum()), len(agree),
        float(view.share), median_factor(matrix, view.inner_px),
        slant_deg(jacobians(matrix, middle)[0]), *shapes,
    )  # fmt: skip


def _check_repeats(
    smooth: tuple[Gray, Gray],
    matrix: Matrix,
    centres: Points,
    second: tuple[float, tuple[float, float]],
) -> None:
    """Refuse where the patches themselves do not tell the place found from the second best.

    Slats of shade look alike at any shift, and yet each patch of the wall below is there once:
    nearly all of them fit better at the right place. Where the wall itself repeats, half do.
    """
    share, move = second
    if share <= LIKE:
        return
    moved = np.eye(3)
    moved[:2, 2] = move
    here, there = (
        find_patches(*smooth, place, centres, FINE_SEARCH_PX).likeness
        for place in (matrix, moved @ matrix)
    )
    both = there > -1
    if both.any() and (here > there)[both].mean() >= CLEARLY:
        return
    _refuse(
        "repeats",
        f"the wall's pattern repeats, and another place fits {share:.0%} as well. Photograph it "
        "with something that is there only once, such as a mark or an edge.",
    )


def _usable(
    view: CommonView, allowed: list[Mask | None], matrix: Matrix, shape: tuple[int, ...]
) -> Mask:
    """Where patches of AFTER may lie: in the common view and off both dates' cracks, (H, W)."""
    area = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(area, np.round(view.outline_px).astype(np.int32), 1)
    before, after = allowed
    if after is not None:
        area &= after.view(np.uint8)
    if before is not None:
        size = (shape[1], shape[0])
        free = cv2.warpPerspective(before.view(np.uint8), matrix, size, flags=cv2.INTER_NEAREST)
        area &= np.asarray(free, np.uint8)
    return np.asarray(area > 0)


def _fit(tried: Patches, options: RegistrationOptions) -> tuple[Fit, Mask]:
    """Fit the patches found; say of all tried which were found again where the fit has them."""
    if tried.found.sum() < options.least_patches:
        _unconfirmed(int(tried.found.sum()), len(tried.found), options)
    try:
        fit = fit_homography(tried.before[tried.found], tried.after[tried.found])
    except np.linalg.LinAlgError:
        _unconfirmed(0, len(tried.found), options)
    agree = tried.found.copy()
    limit = max(REACH_PX, REACH_DEVIATIONS * min(fit.deviation_px, options.largest_residual_px))
    agree[tried.found] = fit.residuals_px <= limit
    return fit, agree


def _confirm(tried: Patches, agree: Mask, view: CommonView, options: RegistrationOptions) -> None:
    count, share = int(agree.sum()), float(agree.mean()) if len(agree) else 0.0
    if count < options.least_patches or share < options.least_share:
        _unconfirmed(count, len(agree), options)
    if (hull := hull_share(tried.after[agree], view.outline_px)) < options.least_hull:
        _refuse(
            "unconfirmed",
            f"only {hull:.0%} of the common view agrees; {options.least_hull:.0%} is needed. "
            + SAME_PLACE,
        )


def _unconfirmed(count: int, tried: int, options: RegistrationOptions) -> NoReturn:
    _refuse(
        "unconfirmed",
        f"{count} of {tried} patches of the wall are found again; {options.least_patches} and "
        f"{options.least_share:.0%} are needed. " + SAME_PLACE,
    )


def _refuse(reason: str, text: str) -> NoReturn:
    raise RegistrationError(reason, f"the photographs cannot be laid over each other: {text}")


def _shape(gray: Gray) -> tuple[int, int]:
    return int(gray.shape[0]), int(gray.shape[1])


def _check(name: str, gray: Gray, mask: Mask | None) -> None:
    if gray.ndim != 2 or gray.dtype != np.uint8:
        msg = f"{name} must be a gray photograph, (H, W) uint8; got {gray.shape} {gray.dtype}."
        raise ArgumentError(msg)
    if mask is not None and (mask.shape != gray.shape or mask.dtype != np.bool_):
        msg = (
            f"the mask of {name} must be bool of the photograph's shape {gray.shape}; got "
            f"{mask.shape} {mask.dtype}."
        )
        raise ArgumentError(msg)
    if min(gray.shape) < LEAST_SIDE_PX:
        reason = f"{name} is {gray.shape[1]}x{gray.shape[0]} px; {LEAST_SIDE_PX} a side are needed"
        _refuse("texture", f"{reason}. Take the photograph at its full size.")
