"""The camera's blur, from the edges of the wider cracks of a photograph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cracknet.measurement.widths.box_fit import fit_boxes
from cracknet.measurement.widths.gray_profiles import (
    WIDEST_PX,
    GrayBlock,
    shows_blur,
    stack_blocks,
)
from cracknet.measurement.widths.options import LEAST_BLUR_PX, MOST_BLUR_PX

DEFAULT_BLUR_PX = 0.8
"""Sigma taken where no crack of the photograph is wide enough to show its blur: that of a sharp
photograph at full resolution."""

PIXEL_VARIANCE = 1 / 12
"""A pixel averages the light over its own square: 1/12 px2 of variance in every direction."""

FEWEST_PROFILES, MOST_PROFILES = 12, 1200
"""Fewer say nothing of the photograph; more are not needed."""


@dataclass(frozen=True)
class Blur:
    """The blur of a photograph.

    Parameters
    ----------
    sigma_px : float
        Sigma of the camera's blur, the pixel's own size not counted.
    known : bool
        Whether it was given or seen; otherwise it is `DEFAULT_BLUR_PX`.

    Examples
    --------
    >>> round(Blur(1.0, known=True).with_pixel_px, 3)
    1.041
    """

    sigma_px: float
    known: bool

    @property
    def with_pixel_px(self) -> float:
        """Sigma of the blur and the pixel together."""
        return math.sqrt(self.sigma_px**2 + PIXEL_VARIANCE)


def estimate_blur(blocks: Sequence[GrayBlock]) -> Blur:
    """Estimate the blur from cracks that are wide compared with it.

    Each profile is fitted with a blur of its own; the estimate is their median, weighted by how
    firmly each is determined. A rough edge looks softer than it is when averaged along the
    branch, so the short averages are taken.

    Parameters
    ----------
    blocks : sequence of GrayBlock

    Returns
    -------
    Blur
        `DEFAULT_BLUR_PX`, not known, where fewer than `FEWEST_PROFILES` profiles are of use.
    """
    unknown = Blur(DEFAULT_BLUR_PX, known=False)
    take = [np.flatnonzero(shows_blur(b.width_px, b.contrast)) for b in blocks]
    total = sum(map(len, take))
    if total < FEWEST_PROFILES:
        return unknown
    every = math.ceil(total / MOST_PROFILES)
    stack = stack_blocks(blocks, [index[::every] for index in take], WIDEST_PX, sharp=True)
    count = len(stack.point)
    start = np.full(count, Blur(DEFAULT_BLUR_PX, known=False).with_pixel_px)
    fit = fit_boxes(
        stack.places, stack.values, stack.weights, np.zeros(count), stack.width_px, start,
        fit_blur=True,
    )  # fmt: skip
    good = fit.fitted & (fit.depth > 0) & (fit.width_px > 2.5 * fit.blur_px)
    good &= np.abs(fit.width_px - stack.width_px) < 2 + 0.3 * stack.width_px
    good &= fit.blur_error_px < 0.5
    if good.sum() < FEWEST_PROFILES:
        return unknown
    blur, error = fit.blur_px[good], fit.blur_error_px[good]
    order = np.argsort(blur)
    firm = np.cumsum(1 / (error[order] ** 2 + 0.02**2))
    middle = float(blur[order][np.searchsorted(firm, firm[-1] / 2)])
    sigma = math.sqrt(max(middle**2 - PIXEL_VARIANCE, 0.0))
    return Blur(float(np.clip(sigma, LEAST_BLUR_PX, MOST_BLUR_PX)), known=True)
