"""Widths from the photograph's gray profile, the camera's blur undone.

Profiles are averaged along the branch as far as noise asks for it, and a blurred box is fitted to
each (`box_fit`). Of a crack about as thin as the blur only the product of width and depth shows in
one profile; its depth is found for the whole branch, from all its profiles together.

Gray values are taken to be proportional to light once `WidthOptions.gamma` is undone: a camera's
tone curve shifts the half depth of a soft edge towards the dark side.

N is the number of points of all branches, n of those of one block, M of places across.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.measurement.widths.blur import Blur
from cracknet.measurement.widths.box_fit import fit_boxes
from cracknet.measurement.widths.gray_profiles import GrayBlock, stack_blocks
from cracknet.measurement.widths.options import WidthOptions
from cracknet.measurement.widths.rows import Floats, Indices

THIN_IN_BLURS = 3.0
"""A crack thinner than this many sigmas of blur and pixel is fitted with its branch's depth."""

THIN_REACH_PX = 10.0
"""Profiles of thin cracks are cut at this distance from the centreline."""

DEPTH_ROUNDS = 4
"""Rounds in which a branch's depth and the widths of its profiles are found in turns."""

LEAST_DEPTH, MOST_DEPTH = 0.03, 1.0
"""Share of the background's light that a crack can take away."""

UNCERTAIN_DEPTH = 0.25
"""A thin crack is not resolved where its depth is uncertain by more than this share."""

FINEST_PX = 1.0
"""A crack thinner than a pixel is never called resolved."""


@dataclass(frozen=True, eq=False)
class GrayWidths:
    """What the gray profiles say of each point.

    Parameters
    ----------
    width_px, centre_px, error_px : (N,) float64
        Width, place of the middle along the normal, and the width's standard error.
    average_px : (N,) float64
        Sigma of the average along the branch.
    usable : (N,) bool
        Whether a dark crack was seen and fitted.
    resolved : (N,) bool
        Whether width and depth can be told apart.
    """

    width_px: Floats
    centre_px: Floats
    error_px: Floats
    average_px: Floats
    usable: npt.NDArray[np.bool_]
    resolved: npt.NDArray[np.bool_]


def gray_widths(
    blocks: Sequence[GrayBlock], branch: Indices, blur: Blur, options: WidthOptions
) -> GrayWidths:
    """Fit every profile.

    Parameters
    ----------
    blocks : sequence of GrayBlock
    branch : (N,) int
        Branch of each point.
    blur : Blur
    options : WidthOptions
    """
    count = len(branch)
    found = _Found(count)
    sigma = blur.with_pixel_px
    thin: list[npt.NDArray[np.bool_]] = []
    for block in blocks:
        at = block.point
        start = np.maximum(block.width_px, sigma)
        fit = fit_boxes(
            block.places, block.values, block.weights, np.zeros(len(at)), start,
            np.full(len(at), sigma),
        )  # fmt: skip
        found.width[at], found.centre[at] = fit.width_px, fit.centre_px
        found.error[at], found.average[at] = fit.width_error_px, block.average_px
        found.depth[at], found.level[at] = fit.depth, fit.level
        usable = fit.fitted & (fit.depth > 0) & (fit.level > 0.5 * fit.depth)
        usable &= block.contrast >= options.contrast_to_noise
        found.usable[at] = usable
        narrow = np.minimum(fit.width_px, block.width_px) < THIN_IN_BLURS * sigma + 0.5
        thin.append(usable & narrow & (block.width_px < THIN_REACH_PX))
    found.resolved[:] = (found.width >= FINEST_PX) & (
        blur.known | (found.width >= THIN_IN_BLURS * sigma)
    )
    if any(flags.any() for flags in thin):
        _fit_thin(blocks, thin, branch, blur, options, found)
    return GrayWidths(
        found.width, found.centre, found.error, found.average, found.usable, found.resolved
    )


class _Found:
    """Results while they are gathered, each (N,)."""

    def __init__(self, count: int) -> None:
        self.width, self.centre, self.depth = np.zeros((3, count))
        self.level, self.average = np.ones((2, count))
        self.error = np.full(count, np.inf)
        self.usable, self.resolved = np.zeros((2, count), bool)


def _fit_thin(
    blocks: Sequence[GrayBlock],
    thin: Sequence[npt.NDArray[np.bool_]],
    branch: Indices,
    blur: Blur,
    options: WidthOptions,
    found: _Found,
) -> None:
    """Fit thin cracks anew, with the depth of their branch."""
    stack = stack_blocks(blocks, [np.flatnonzero(flags) for flags in thin], THIN_REACH_PX)
    at = stack.point
    sigma = np.full(len(at), blur.with_pixel_px)
    mine: Indices = np.asarray(np.unique(branch[at], return_inverse=True)[1], np.intp)
    centre, level = found.centre[at], found.level[at]
    width = np.clip(found.width[at], 0.3, THIN_REACH_PX)
    firm = 1 / (found.error[at] ** 2 + 0.05)
    depth = found.depth[at] / level
    share = _total(mine, depth * firm) / _total(mine, firm)
    share = np.clip(share, LEAST_DEPTH, MOST_DEPTH)
    # Averages overlap: each profile counts for the rows that it adds.
    own = 1 / (2 * math.sqrt(math.pi) * stack.average_px)
    hold = np.zeros_like(share)
    for _ in range(DEPTH_ROUNDS):
        fit = fit_boxes(
            stack.places, stack.values, stack.weights, centre, width, sigma,
            prior_depth=share[mine] * level, prior_weight=np.full(len(at), 1e4), rounds=4,
        )  # fmt: skip
        centre, level = fit.centre_px, fit.level
        width = np.clip(fit.width_px, 0.3, 2 * THIN_REACH_PX)
        pull = _total(mine, own * fit.depth_pull * level)
        hold = _total(mine, own * fit.depth_firmness * level**2)
        step = np.clip(pull / np.maximum(hold, 1e-12), -0.15, 0.15)
        share = np.clip(share + step, LEAST_DEPTH, MOST_DEPTH)
    uncertain = 1 / np.sqrt(np.maximum(hold, 1e-12))
    spread = np.hypot(options.depth_spread * share, np.minimum(uncertain, 0.3))[mine] * level
    fit = fit_boxes(
        stack.places, stack.values, stack.weights, centre, width, sigma,
        prior_depth=share[mine] * level, prior_weight=1 / spread**2, rounds=8,
    )  # fmt: skip
    found.width[at], found.centre[at] = fit.width_px, fit.centre_px
    found.error[at] = fit.width_error_px
    found.usable[at] &= fit.fitted & (fit.depth > 0)
    told_apart = (uncertain <= UNCERTAIN_DEPTH * share)[mine] & blur.known
    enough = fit.width_px >= THIN_IN_BLURS * sigma
    found.resolved[at] = (fit.width_px >= FINEST_PX) & (told_apart | (enough & blur.known))


def _total(group: Indices, values: Floats) -> Floats:
    """Sum of the values of each group."""
    return np.asarray(np.bincount(group, values), np.float64)
