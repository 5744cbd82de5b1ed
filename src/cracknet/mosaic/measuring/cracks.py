"""The cracks of a raster, batch by batch, in px of the raster."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cracknet.measurement.centreline import trace_cracks
from cracknet.measurement.measure import Found, MeasureOptions, profiler, with_widths
from cracknet.measurement.results import Branch, MeasuredCrack
from cracknet.measurement.widths.blur import Blur
from cracknet.mosaic.measuring.batches import Batch, Survey
from cracknet.mosaic.measuring.giants import trace_giant
from cracknet.mosaic.measuring.regions import with_halo
from cracknet.mosaic.measuring.sources import Source
from cracknet.mosaic.measuring.widths import piecewise_profiler


def measure_batch(
    source: Source, survey: Survey, batch: Batch, options: MeasureOptions, blur: Blur
) -> Found:
    """Measure the cracks of a batch, as `cracknet.measurement.measure.measure` measures them.

    Parameters
    ----------
    source : Source
    survey : Survey
        Of the same source.
    batch : Batch
    options : MeasureOptions
    blur : Blur
        Of the whole raster.

    Returns
    -------
    Found
        Positions in px of the raster; the longest crack of the batch first.
    """
    if batch.giant:
        traced = trace_giant(source, survey, batch, options.trace)
        widths = piecewise_profiler(source, survey.limits, options.width, blur)
        return with_widths(traced, widths)
    box = with_halo(batch.box, survey.limits.halo_px, source.shape)
    mask, probability = source.mask(box), source.probability(box)
    own, beside = survey.part(batch, box, mask)
    traced = trace_cracks(own, probability=probability, beside=beside, options=options.trace)
    widths = profiler(
        mask, probability=probability, gray=source.gray(box), options=options.width, blur=blur
    )
    found = with_widths(traced, widths)
    corner = np.array([box.left, box.top], np.float64)
    return replace(found, cracks=tuple(_moved(crack, corner) for crack in found.cracks))


def _moved(crack: MeasuredCrack, by: np.ndarray) -> MeasuredCrack:
    return replace(
        crack,
        branches=tuple(_moved_branch(branch, by) for branch in crack.branches),
        polygons_px=tuple(tuple(ring + by for ring in polygon) for polygon in crack.polygons_px),
    )


def _moved_branch(branch: Branch, by: np.ndarray) -> Branch:
    return replace(branch, points_px=branch.points_px + by)
