"""From a window's blended tiles to its parts of the results."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cracknet.arrays import Gray, Mask, Probability
from cracknet.mosaic.halving import enlarge, half_range
from cracknet.mosaic.parts import Parts
from cracknet.mosaic.plan import FULL, HALF, Job, Plan
from cracknet.mosaic.strips import Strips
from cracknet.raster import Box
from cracknet.reporting.writing import png_of_mask, png_of_probability

STRIP_ROWS = 512
"""Rows of a cell that are put together at once."""

PROBABILITY, MASK, VALID, GRAY = "probability", "mask", "valid", "gray"


@dataclass(eq=False)
class Work:
    """A window in work.

    Attributes
    ----------
    job : Job
    valid : (h, w) bool, optional
        Of its cell; None where no pixel of it holds data.
    small : uint8, optional
        Its cell in gray, shrunk for the overlay; of full windows.
    total : float32, optional
        The blended tiles, of the shape of its box; None where no tile was inferred.
    """

    job: Job
    valid: Mask | None = None
    small: Gray | None = None
    total: Probability | None = None


class Finisher:
    """Writes the parts of windows; called in the order of the plan, from one thread.

    Parameters
    ----------
    parts : Parts
    plan : Plan
    threshold : float
        From which a pixel is crack.
    coarse_weight : float
        What the result at half the size counts.
    """

    def __init__(self, parts: Parts, plan: Plan, threshold: float, coarse_weight: float) -> None:
        self._parts = parts
        self._plan = plan
        self._threshold = np.float32(threshold)
        self._weight = np.float32(coarse_weight)
        self._strips = {kind: Strips(parts, kind) for kind in (FULL, HALF)}

    def __call__(self, work: Work) -> None:
        """Finish a window: its files, its line in the journal, and what it has used up."""
        window = work.job.window
        strips = self._strips[work.job.kind]
        cell = strips.finish(window, work.total)
        work.total = None
        if work.job.kind == HALF:
            if cell is not None:
                self._parts.save(work.job.key, cell * self._weight)
            self._parts.finish(work.job.key, {})
        else:
            self._parts.finish(work.job.key, self._write(work, cell))
        strips.drop_used(window)
        last = window.column + 1 == len(self._plan.full.columns)
        if work.job.kind == FULL and last and self._plan.half:
            for used in self._plan.half.windows(self._plan.used_half_rows(window.row)):
                self._parts.drop(Job(HALF, used).key)

    def _write(self, work: Work, cell: Probability | None) -> dict[str, int]:
        """Write a full window's pictures; return how many pixels are valid, and crack."""
        if work.valid is None:
            return {"valid": 0, "crack": 0}
        box = work.job.window.cell
        probability = np.zeros(box.shape, np.float32) if cell is None else cell
        for strip in box.strips(STRIP_ROWS):
            values = probability[strip.within(box)]
            coarse = self._coarse(strip)
            if coarse is not None:
                np.maximum(values, coarse, out=values)
            np.minimum(values, 1, out=values)
            values[~work.valid[strip.within(box)]] = 0
        mask = np.asarray(probability >= self._threshold)
        mask &= work.valid
        key = work.job.key
        self._parts.save_picture(f"{key}-{PROBABILITY}", png_of_probability(probability))
        self._parts.save_picture(f"{key}-{MASK}", png_of_mask(mask))
        if not work.valid.all():
            self._parts.save_picture(f"{key}-{VALID}", png_of_mask(work.valid))
        if work.small is not None:
            small = cv2.imencode(".png", work.small)[1].data
            self._parts.save_picture(f"{key}-{GRAY}", small)
        return {"valid": int(work.valid.sum()), "crack": int(mask.sum())}

    def _coarse(self, box: Box) -> Probability | None:
        """Put together what the half size says of a box of the full one; None for nothing."""
        half = self._plan.half
        if half is None:
            return None
        shape = self._plan.full.shape
        top, bottom = half_range(shape[0], box.top, box.bottom)
        left, right = half_range(shape[1], box.left, box.right)
        wanted = Box(top, left, bottom, right)
        piece: Probability | None = None
        for window in half.windows():
            cell = window.cell
            common = Box(
                max(top, cell.top), max(left, cell.left),
                min(bottom, cell.bottom), min(right, cell.right),
            )  # fmt: skip
            if min(common.shape) <= 0:
                continue
            values = self._parts.load(Job(HALF, window).key)
            if values is not None:
                piece = np.zeros(wanted.shape, np.float32) if piece is None else piece
                piece[common.within(wanted)] = values[common.within(cell)]
        return None if piece is None else enlarge(piece, shape, box)


def shrink_gray(gray: Gray, factor: int) -> Gray:
    """Shrink a window's gray by a whole factor, its last rows and columns filled up."""
    height, width = gray.shape
    below, right = -height % factor, -width % factor
    if below or right:
        gray = np.asarray(
            cv2.copyMakeBorder(gray, 0, below, 0, right, cv2.BORDER_REPLICATE), np.uint8
        )
    size = gray.shape[1] // factor, gray.shape[0] // factor
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
