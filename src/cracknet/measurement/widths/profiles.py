"""Width profiles: the width at every point of every branch, at right angles to the branch.

Each width comes from the first of these that can be trusted: the photograph's gray profile
(`gray`), the map of probability or coverage, or of the mask where there is none (`crossing`), and
twice the distance to the mask's border (`distance`). The last is also taken within the inscribed
circle of a junction and of a free end, where a profile at right angles means nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask, Probability
from cracknet.errors import ArgumentError
from cracknet.measurement.results import WIDTH_METHODS
from cracknet.measurement.widths.blur import Blur, estimate_blur
from cracknet.measurement.widths.checks import check_maps, check_points
from cracknet.measurement.widths.distance import border_distance
from cracknet.measurement.widths.gray import GrayWidths, gray_widths
from cracknet.measurement.widths.gray_profiles import GrayBlock
from cracknet.measurement.widths.options import WidthOptions, WidthProfile
from cracknet.measurement.widths.rows import Floats, Indices, lay_rows
from cracknet.measurement.widths.smoothing import outliers, smooth_widths
from cracknet.measurement.widths.walk import Seen, walk

FINEST_MAP_PX = 1.5
"""A map of probability or a mask resolves no crack thinner than this."""

GRAY, PROBABILITY, DISTANCE = (WIDTH_METHODS.index(n) for n in ("gray", "probability", "distance"))


def width_profile(
    points_px: Floats,
    *,
    mask: Mask,
    half_widths_px: Floats,
    probability: Probability | None = None,
    gray: Gray | None = None,
    free_ends: tuple[bool, bool] = (True, True),
    closed: bool = False,
    options: WidthOptions | None = None,
) -> WidthProfile:
    """Find the widths along one branch.

    Parameters
    ----------
    points_px : (N, 2) float64, N >= 2
        Centreline, x and y about a pixel apart; of a closed one the first point comes again last.
    mask : (H, W) bool
    half_widths_px : (N,) float64
        Rough half widths: how far the mask's border is.
    probability : (H, W) float32, optional
        Probability or coverage in [0, 1]; the mask by default.
    gray : (H, W) uint8, optional
        The photograph, cracks darker than their surroundings.
    free_ends : (bool, bool)
        Whether the branch ends freely at its first and last point, rather than at a junction.
    closed : bool
        Whether it is a loop without a junction.
    options : WidthOptions, optional

    Returns
    -------
    WidthProfile

    Raises
    ------
    ArgumentError
        When shapes, types or values do not fit.

    Examples
    --------
    >>> bar = np.zeros((40, 60), bool)
    >>> bar[15:21] = True
    >>> line = np.column_stack([np.arange(5.0, 55), np.full(50, 17.7)])
    >>> profile = width_profile(line, mask=bar, half_widths_px=np.full(50, 3.0))
    >>> np.round(profile.widths_px[25], 2), np.round(profile.offsets_px[25], 2)
    (np.float64(6.0), np.float64(-0.2))
    """
    return width_profiles(
        points_px, np.array([0, len(points_px)]), mask=mask, half_widths_px=half_widths_px,
        probability=probability, gray=gray, free_ends=np.array([free_ends], bool),
        closed=np.array([closed], bool), options=options,
    )  # fmt: skip


def width_profiles(
    points_px: Floats,
    starts: Indices,
    *,
    mask: Mask,
    half_widths_px: Floats,
    probability: Probability | None = None,
    gray: Gray | None = None,
    free_ends: npt.NDArray[np.bool_] | None = None,
    closed: npt.NDArray[np.bool_] | None = None,
    options: WidthOptions | None = None,
    blur: Blur | None = None,
) -> WidthProfile:
    """Find the widths along all branches of a photograph at once.

    Parameters
    ----------
    points_px : (N, 2) float64
        Points of all branches one after the other, see `width_profile`.
    starts : (B + 1,) int
        First point of each branch, and N.
    mask, half_widths_px, probability, gray
        See `width_profile`.
    free_ends : (B, 2) bool, optional
        By default all ends are free.
    closed : (B,) bool, optional
        By default none is.
    options : WidthOptions, optional
    blur : Blur, optional
        Of the whole photograph, where this is a part of it; by default what the options give, or
        these branches show.

    Returns
    -------
    WidthProfile
        Of all points; `WidthProfile.part` cuts out a branch.

    Raises
    ------
    ArgumentError
        When shapes, types or values do not fit.
    """
    options = options or WidthOptions()
    points, starts = np.asarray(points_px), np.asarray(starts)
    half = np.asarray(half_widths_px)
    check_points(points, starts, half)
    check_maps(mask, probability, gray)
    branches = len(starts) - 1
    loops = np.zeros(branches, bool) if closed is None else np.asarray(closed, bool)
    free = np.ones((branches, 2), bool) if free_ends is None else np.asarray(free_ends, bool)
    if loops.shape != (branches,) or free.shape != (branches, 2):
        msg = (
            f"closed and free_ends must have shapes ({branches},) and ({branches}, 2), one row a "
            f"branch; got {loops.shape} and {free.shape}."
        )
        raise ArgumentError(msg)
    if not len(points):
        none = np.zeros(0)
        return WidthProfile(none, none.astype(np.uint8), none, np.zeros((0, 2)), none.astype(bool))
    half = np.maximum(half.astype(np.float64), 0.5)
    rows = lay_rows(starts, loops)
    branch = np.repeat(np.arange(branches), np.diff(starts))
    seen = walk(points, rows, branch, half, mask, probability, gray, options)

    width, offset = seen.width.copy(), seen.offset.copy()
    method = np.full(len(points), PROBABILITY, np.uint8)
    resolved = width >= FINEST_MAP_PX
    trusted = seen.found.copy()
    if gray is not None:
        blur = blur or photo_blur(seen.blocks, options)
        by_gray = gray_widths(seen.blocks, branch, blur, options)
        use = _trust(by_gray, seen, half, options)
        use &= ~outliers(rows, by_gray.width_px, use, by_gray.error_px)
        smooth = smooth_widths(
            starts, loops, by_gray.width_px, by_gray.error_px**2, by_gray.average_px, use
        )
        width[use], method[use] = smooth[use], GRAY
        offset[use] = seen.move[use] + by_gray.centre_px[use]
        resolved[use] = by_gray.resolved[use]
        # What is not resolved is a bound: the larger of what the two say.
        bound = use & ~resolved & seen.found
        width[bound] = np.maximum(width[bound], seen.width[bound])
        trusted |= use
    trusted &= ~outliers(rows, width, trusted, np.maximum(0.1, 0.05 * width))
    fallen = ~trusted | _near_ends(points, starts, half, loops, free, mask.shape)
    middles = points[fallen] + seen.normals[fallen] * seen.move[fallen, None]
    width[fallen] = 2 * border_distance(middles, mask)
    offset[fallen] = 0
    method[fallen] = DISTANCE
    resolved[fallen] = width[fallen] >= FINEST_MAP_PX
    return WidthProfile(width, method, offset, seen.normals, resolved)


def photo_blur(blocks: list[GrayBlock], options: WidthOptions) -> Blur:
    """Take the blur that is given, or what the wider cracks show."""
    if options.blur_sigma_px is not None:
        return Blur(options.blur_sigma_px, known=True)
    return estimate_blur(blocks)


def _trust(
    by_gray: GrayWidths, seen: Seen, half: Floats, options: WidthOptions
) -> npt.NDArray[np.bool_]:
    """Where the gray width may be used: seen well, in place, and like the map's or the mask's."""
    rough = np.where(seen.found, seen.width, 2 * half)
    width = by_gray.width_px
    use = by_gray.usable & np.isfinite(by_gray.error_px)
    use &= by_gray.error_px <= np.maximum(0.6, 0.25 * width)
    use &= np.abs(by_gray.centre_px) <= np.maximum(1.5, 0.35 * rough)
    use &= (width <= rough * options.agreement + 2) & (width + 2 >= rough / options.agreement)
    return np.asarray(use)


def _near_ends(
    points: Floats,
    starts: Indices,
    half: Floats,
    loops: npt.NDArray[np.bool_],
    free: npt.NDArray[np.bool_],
    shape: tuple[int, ...],
) -> npt.NDArray[np.bool_]:
    """Points within the inscribed circle of their branch's first or last point.

    At a free end, where that circle shrinks to nothing, the branch's usual half width is taken.

    A crack that runs out of the photograph does not end there.
    """
    near = np.zeros(len(points), bool)
    if len(points) < 2:
        return ~near
    walked = np.append(0, np.cumsum(np.hypot(*np.diff(points, axis=0).T)))
    first, last = starts[:-1], starts[1:] - 1
    branch = np.repeat(np.arange(len(first)), np.diff(starts))
    usual = np.bincount(branch, half) / np.diff(starts)
    for at, ends, sign in ((first, free[:, 0], 1.0), (last, free[:, 1], -1.0)):
        beyond = points[at] + 0.5
        room = np.minimum(beyond, [shape[1], shape[0]] - beyond).min(axis=1)
        real = ~loops & ~(ends & (room <= half[at] + 1))
        distance = sign * (walked - walked[at][branch])
        circle = np.where(ends, np.maximum(usual, half[at]), half[at])
        near |= real[branch] & (distance < circle[branch])
    return near
