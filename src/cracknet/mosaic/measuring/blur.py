"""The camera's blur of a raster: one value, from a bounded sample of its cracks.

From `STRATA` stretches of the list of groups, which runs from the top of the raster to its bottom,
the largest group of each is looked at, in a window of at most `SAMPLE_PX` around the middle of its
tiles. The blur is estimated from all their profiles together as that of a photograph is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from cracknet.measurement.centreline import Traced, trace_cracks
from cracknet.measurement.measure import MeasureOptions
from cracknet.measurement.widths import WidthOptions
from cracknet.measurement.widths.blur import Blur, estimate_blur
from cracknet.measurement.widths.gray_profiles import GrayBlock, shows_blur
from cracknet.measurement.widths.rows import lay_rows
from cracknet.measurement.widths.walk import walk
from cracknet.mosaic.measuring.batches import Survey
from cracknet.mosaic.measuring.regions import with_halo
from cracknet.mosaic.measuring.sources import Source
from cracknet.raster import Box

STRATA = 16
SAMPLE_PX = 768
"""Side of the windows that are looked at, without halo."""

SAMPLE_HALO_PX = 48


def raster_blur(source: Source, survey: Survey, options: MeasureOptions) -> Blur:
    """Give the blur that the options state, or what a sample of a raster's cracks shows.

    Parameters
    ----------
    source : Source
    survey : Survey
    options : MeasureOptions
    """
    if options.width.blur_sigma_px is not None:
        return Blur(options.width.blur_sigma_px, known=True)
    blocks: list[GrayBlock] = []
    for box in sample_boxes(survey):
        blocks += _blocks(source, with_halo(box, SAMPLE_HALO_PX, source.shape), options)
    return estimate_blur(blocks)


def sample_boxes(survey: Survey) -> Iterator[Box]:
    """Yield the windows that are looked at."""
    groups = survey.traced
    for stretch in np.array_split(groups, min(STRATA, max(len(groups), 1))):
        if not len(stretch):
            continue
        number = int(stretch[np.argmax(survey.groups.areas[stretch])])
        top, left, bottom, right = survey.groups.boxes[number].tolist()
        box = Box(top, left, bottom, right)
        if max(box.shape) > SAMPLE_PX:
            tiles = survey.groups.tiles_of(number)
            box = _within(tiles[len(tiles) // 2], box)
        yield box


def _within(tile: Box, box: Box) -> Box:
    """Cut the middle of what a tile and a box share to the side of the sample."""
    top, left = max(tile.top, box.top), max(tile.left, box.left)
    bottom, right = min(tile.bottom, box.bottom), min(tile.right, box.right)
    down, across = max(bottom - top - SAMPLE_PX, 0) // 2, max(right - left - SAMPLE_PX, 0) // 2
    top, left = top + down, left + across
    return Box(top, left, min(bottom, top + SAMPLE_PX), min(right, left + SAMPLE_PX))


def _blocks(source: Source, box: Box, options: MeasureOptions) -> list[GrayBlock]:
    gray, mask = source.gray(box), source.mask(box)
    if gray is None or not mask.any():
        return []
    probability = source.probability(box)
    traced = trace_cracks(mask, probability=probability, options=options.trace)
    starts, points, half = _lines(traced)
    if not len(points):
        return []
    rows = lay_rows(starts, np.zeros(len(starts) - 1, bool))
    branch = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    width: WidthOptions = options.width
    seen = walk(points, rows, branch, np.maximum(half, 0.5), mask, probability, gray, width)
    return [part for block in seen.blocks if (part := _telling(block)) is not None]


def _lines(traced: Traced) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    branches = [branch for crack in traced.cracks for branch in crack.branches]
    starts = np.cumsum([0, *(len(branch.points_px) for branch in branches)])
    points = np.concatenate([np.zeros((0, 2)), *(branch.points_px for branch in branches)])
    half = np.concatenate([np.zeros(0), *(branch.half_widths_px for branch in branches)])
    return starts, points, half


def _telling(block: GrayBlock) -> GrayBlock | None:
    """Keep the profiles that show the blur; None where there are none."""
    shown = np.flatnonzero(shows_blur(block.width_px, block.contrast))
    if not len(shown) or len(block.sharp) != len(block.point):
        return None
    return replace(
        block,
        **{
            name: getattr(block, name)[shown]
            for name in (
                "point", "values", "weights", "sharp", "sharp_weights", "average_px", "width_px",
                "contrast",
            )
        },
    )  # fmt: skip
