"""Gray profiles across cracks: where they are read, how far averaged, how noisy.

R is the number of rows (see `rows`), n of the points prepared, M of places across.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cracknet.measurement.widths.rows import (
    AVERAGES_PX,
    REACH,
    Floats,
    Indices,
    Samples,
    average_rows,
)

MARGIN_PX = 4.0
"""A profile reaches this far beyond the edges, for the background."""

FINE_PX, FINE_STEP_PX, COARSE_STEP_PX = 10.0, 0.5, 1.0
"""Within 10 px of the centreline places are 0.5 px apart, further out 1 px."""

SHARP = 1
"""Index into `AVERAGES_PX` of the short average that shows the blur: a long one would smear."""

NARROWEST_PX, WIDEST_PX = 4.0, 24.0
"""Rough widths of the cracks whose edges show the blur."""

LEAST_CONTRAST = 8.0
"""Depth over noise from which an edge shows it."""

MOST_CORRELATED = 4.0
"""Most that texture, its neighbouring pixels being alike, adds to the noise of an average."""

MOST_ROWS, AVERAGE_LIMITS_PX = 12.0, (2.0, 9.0)
"""A profile is averaged with a sigma of at most 12 px2 over its half width, within these limits:
a fit to a thin crack needs a quiet profile to begin with, a wide one is smoothed after it."""

ROUGH_BLUR_PX = 1.0
"""Blur, pixel included, that decides how far to average, before the photograph's is known."""


@dataclass(frozen=True, eq=False)
class GrayBlock:
    """Averaged profiles of some points, ready to be fitted.

    Parameters
    ----------
    point : (n,) int
        Number of each point.
    places : (M,) float64
        Distance from the centreline, px; odd in number and symmetric.
    values, weights : (n, M) float32
        Gray averaged along the branch, and one over its variance, 0 where it does not count.
    sharp, sharp_weights : (n, M) float32
        The same, averaged over little length; no rows where no crack of the block is wide and
        clear enough to show the blur (`shows_blur`).
    average_px, width_px, contrast : (n,) float64
        Sigma of the average, rough width, and depth over noise.
    """

    point: Indices
    places: Floats
    values: Samples
    weights: Samples
    sharp: Samples
    sharp_weights: Samples
    average_px: Floats
    width_px: Floats
    contrast: Floats


def gray_places(half_px: float) -> Floats:
    """Places for cracks up to a half width, (M,) px.

    Examples
    --------
    >>> places = gray_places(2.0)
    >>> len(places), float(places[0]), float(places[15])
    (25, -6.0, 1.5)
    """
    reach = half_px + MARGIN_PX
    fine = np.arange(0, min(reach, FINE_PX) + FINE_STEP_PX / 2, FINE_STEP_PX)
    coarse = np.arange(FINE_PX + COARSE_STEP_PX, reach + COARSE_STEP_PX / 2, COARSE_STEP_PX)
    side = np.concatenate([fine, coarse])
    return np.concatenate([-side[:0:-1], side])


def prepare_block(
    point: Indices,
    rows: Indices,
    places: Floats,
    samples: Samples,
    usable: Samples,
    half_px: Floats,
    length: Floats,
    aim_px: float,
) -> GrayBlock:
    """Average profiles along the branch, each as far as its noise asks for.

    Noise of deviation q per pixel moves the width of a crack of depth a, blurred by s and averaged
    with a window of sigma u, by about ``q / a * sqrt(2 s / u)``: u is chosen to bring this to the
    aim, within `AVERAGE_LIMITS_PX` and the branch's length.

    Parameters
    ----------
    point, rows : (n,) int
        Points to prepare, and their rows in the samples.
    places : (M,) float64
    samples, usable : (R, M) float32
        Gray across each row, and 1 where it may be used.
    half_px : (R,) float64
        Half width by probability or mask.
    length : (n,) float64
        Points of the branch.
    aim_px : float

    Returns
    -------
    GrayBlock
    """
    distance = np.abs(places)
    usable = usable * (distance <= (half_px + MARGIN_PX)[:, None])
    samples = samples * usable
    outside = usable * (distance > (half_px + 1.0 + ROUGH_BLUR_PX)[:, None])
    core = usable * (distance <= np.maximum(0.5 * half_px, FINE_STEP_PX)[:, None])
    averaged: dict[int, tuple[Samples, Samples]] = {
        SHARP: average_rows(samples, usable, AVERAGES_PX[SHARP])
    }
    depth, variance, seen = _depth_and_noise(places, samples, outside, core, averaged[SHARP][0])
    depth, variance, seen = depth[rows], variance[rows], seen[rows]

    wanted = 2 * variance / np.maximum(depth, 1e-3) ** 2 * ROUGH_BLUR_PX / aim_px**2
    most = np.minimum(length / REACH, np.clip(MOST_ROWS / half_px[rows], *AVERAGE_LIMITS_PX))
    wanted = np.clip(wanted, AVERAGES_PX[0], np.maximum(most, AVERAGES_PX[0]))
    sigmas = np.array(AVERAGES_PX)
    level = np.searchsorted(sigmas, wanted - 1e-9).clip(0, len(sigmas) - 1)

    firm = (np.gradient(places)[None, :] / variance[:, None]).astype(np.float32)
    values = np.zeros((len(rows), len(places)), np.float32)
    weights = np.zeros_like(values)
    for k in np.unique(level):
        if k not in averaged:
            averaged[int(k)] = average_rows(samples, usable, AVERAGES_PX[k])
        means, counts = averaged[int(k)]
        mine = level == k
        values[mine] = means[rows[mine]]
        weights[mine] = counts[rows[mine]] * firm[mine] * _rows_in(AVERAGES_PX[k])
    average, width = sigmas[level], 2 * half_px[rows]
    contrast = np.where(seen, depth / np.sqrt(variance) * np.sqrt(average), 0.0)
    means, counts = averaged[SHARP]
    keep = rows if shows_blur(width, contrast).any() else rows[:0]
    return GrayBlock(
        point, places, values, weights, means[keep],
        counts[keep] * firm[: len(keep)] * _rows_in(AVERAGES_PX[SHARP]), average, width, contrast,
    )  # fmt: skip


def shows_blur(width_px: Floats, contrast: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Cracks whose edges show the camera's blur: wide compared with it, and clear."""
    wide = (width_px >= NARROWEST_PX) & (width_px <= WIDEST_PX)
    return np.asarray(wide & (contrast >= LEAST_CONTRAST))


def stack_blocks(
    blocks: Sequence[GrayBlock], take: Sequence[Indices], reach_px: float, *, sharp: bool = False
) -> GrayBlock:
    """Put chosen profiles of several blocks together, cut at a distance from the centreline.

    Parameters
    ----------
    blocks : sequence of GrayBlock
    take : sequence of (k,) int
        Which profiles of each block.
    reach_px : float
    sharp : bool
        Take the short averages.
    """
    places = max((block.places for block in blocks), key=len)
    places = places[np.abs(places) <= reach_px]
    side = len(places) // 2

    def fit(values: Samples) -> Samples:
        middle = values.shape[1] // 2
        keep = min(side, middle)
        cut = values[:, middle - keep : middle + keep + 1]
        return np.pad(cut, ((0, 0), (side - keep, side - keep)))

    def join(name: str) -> Floats:
        return np.concatenate([getattr(b, name)[k] for b, k in zip(blocks, take, strict=True)])

    def join_across(name: str) -> Samples:
        parts = [fit(getattr(b, name)[k]) for b, k in zip(blocks, take, strict=True)]
        return np.concatenate(parts)

    point = np.concatenate([b.point[k] for b, k in zip(blocks, take, strict=True)])
    names = ("sharp", "sharp_weights") if sharp else ("values", "weights")
    values, weights = map(join_across, names)
    return GrayBlock(
        point, places, values, weights, values, weights, join("average_px"), join("width_px"),
        join("contrast"),
    )  # fmt: skip


def _rows_in(sigma: float) -> np.float32:
    """How many rows a Gaussian window averages: one over the sum of its squared weights."""
    return np.float32(2 * math.sqrt(math.pi) * sigma)


def _depth_and_noise(
    places: Floats, samples: Samples, outside: Samples, core: Samples, averaged: Samples
) -> tuple[Floats, Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Depth of the crack, variance of the noise about it, and whether both were seen; (R,).

    A surface's texture does not average out as a sensor's noise does, its pixels being alike over
    some distance. How much slower shows in the average along the branch, and counts twice, for
    the texture is alike across the branch as well.
    """
    background, variance = _background(places, samples, outside)
    after = _background(places, averaged, outside)[1] * _rows_in(AVERAGES_PX[SHARP])
    inner = (samples * core).sum(axis=1) / np.maximum(core.sum(axis=1), 1)
    seen = (outside.sum(axis=1) >= 3) & (core.sum(axis=1) >= 1)
    counted = np.repeat(seen[:, None], 3, axis=1).astype(np.float32)
    facts = np.column_stack([background - inner, variance, after]).astype(np.float32)
    means, counts = average_rows(facts, counted, 9.0)
    depth, one, many = means.astype(np.float64).T
    alike = np.clip(many / np.maximum(one, 1e-6), 1.0, MOST_CORRELATED)
    # Gray values are whole numbers: their rounding is noise, too.
    return depth, np.maximum(one * alike**2, 1 / 12), counts[:, 0] > 0.05


def _background(places: Floats, values: Samples, outside: Samples) -> tuple[Floats, Floats]:
    """Mean of both sides, and the variance about each side's own mean, row by row."""
    total, squares, freedom, sides = np.zeros((4, len(values)))
    for side in (places < 0, places > 0):
        here, count = outside[:, side], outside[:, side].sum(axis=1)
        mean = (values[:, side] * here).sum(axis=1) / np.maximum(count, 1)
        miss = (values[:, side] - mean[:, None]) * here
        squares += (miss * miss).sum(axis=1)
        freedom += np.maximum(count - 1, 0)
        total += mean * (count > 0)
        sides += count > 0
    return total / np.maximum(sides, 1), squares / np.maximum(freedom, 1)
