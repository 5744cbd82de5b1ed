"""The order of a raster's windows, at its own size and at half of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cracknet.mosaic.halving import half_range, halved
from cracknet.mosaic.windows import WINDOW_PX, Grid, Window, lay_grid
from cracknet.segmentation import Segmenter

FULL, HALF = "full", "half"


@dataclass(frozen=True)
class Job:
    """One window to be done: of the raster at its own size, or at half of it."""

    kind: str
    window: Window

    @property
    def key(self) -> str:
        """Its name in the journal and its files."""
        return f"{self.kind}-{self.window.row:04}-{self.window.column:04}"


@dataclass(frozen=True, eq=False)
class Plan:
    """The windows of a raster.

    Attributes
    ----------
    full : Grid
    half : Grid or None
        None where the model's card asks for no pass at half the size.
    """

    full: Grid
    half: Grid | None

    def jobs(self) -> Iterator[Job]:
        """Yield the windows in the order in which they are done.

        Rows of windows of the half come just before the first row of the full size that asks for
        them, so that no more than a few are kept at once.
        """
        ready = 0
        for row, span in enumerate(self.full.rows):
            if self.half:
                _, needed = half_range(self.full.shape[0], span.cell_begin, span.cell_end)
                while ready == 0 or self.half.rows[ready - 1].cell_end < needed:
                    for window in self.half.windows(range(ready, ready + 1)):
                        yield Job(HALF, window)
                    ready += 1
            for window in self.full.windows(range(row, row + 1)):
                yield Job(FULL, window)

    def used_half_rows(self, row: int) -> range:
        """Return the rows of half windows that no row of full windows after this one asks for."""
        if self.half is None:
            return range(0)
        if row + 1 == len(self.full.rows):
            return range(len(self.half.rows))
        begin, end = self.full.rows[row + 1].cell_begin, self.full.rows[row + 1].cell_end
        needed, _ = half_range(self.full.shape[0], begin, end)
        return range(sum(span.cell_end <= needed for span in self.half.rows))


def plan_windows(segmenter: Segmenter, height: int, width: int, window_px: int = WINDOW_PX) -> Plan:
    """Lay the windows of a raster for a Segmenter.

    Parameters
    ----------
    segmenter : Segmenter
    height, width : int
        Of the raster, px.
    window_px : int
        Least side of a window's cell, px.
    """

    def grid(rows: int, columns: int) -> Grid:
        return lay_grid(segmenter.lay_along(rows), segmenter.lay_along(columns), window_px)

    half = grid(halved(height), halved(width)) if segmenter.card.coarse_weight > 0 else None
    return Plan(grid(height, width), half)
