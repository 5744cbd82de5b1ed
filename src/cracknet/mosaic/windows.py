"""The windows in which a raster is segmented, cut so that no tile is inferred twice.

A whole raster has one grid of tiles (`cracknet.segmentation.tiles`). A window is a block of these
tiles. Its cell is what is finished once its tiles and those of the windows above and to the left
are blended: it ends before the first pixel to which the next window's tiles add anything. What its
own tiles add beyond the cell is handed to the next windows as strips. So the result is that of
the whole raster segmented at once, but for the order in which up to four numbers are added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from cracknet.raster import Box
from cracknet.segmentation.tiles import Axis, Tile

ALIGN_PX = 256
"""Cells begin at multiples of this, the side of the results' blocks."""

WINDOW_PX = 3072
"""Least side of a cell where the raster is larger; memory grows with its square."""


@dataclass(frozen=True)
class Span:
    """A window's extent along one axis, in px of the whole raster.

    Attributes
    ----------
    tiles : range
        Which of the axis' tiles are its own.
    begin, end : int
        What is read: its cell and all pixels of its tiles, within the raster.
    cell_begin, cell_end : int
        What it finishes.
    reach : int
        End of what its tiles add to; from `cell_end` on it is handed on.
    """

    tiles: range
    begin: int
    end: int
    cell_begin: int
    cell_end: int
    reach: int


def lay_spans(axis: Axis, window_px: int = WINDOW_PX) -> list[Span]:
    """Group the tiles along one axis into windows.

    Parameters
    ----------
    axis : Axis
        The tiles of the whole raster.
    window_px : int
        Least length of a cell; the raster's last ones are at least half of it.

    Examples
    --------
    >>> from cracknet.segmentation.tiles import lay_axis
    >>> spans = lay_spans(lay_axis(5000, 1024, 256, 80), 2048)
    >>> [(span.tiles, span.cell_begin, span.cell_end) for span in spans]
    [(range(0, 3), 0, 2048), (range(3, 7), 2048, 5000)]
    """
    used = [np.flatnonzero(weights) for weights in axis.weights]
    begins = [start + int(pixels[0]) for start, pixels in zip(axis.starts, used, strict=True)]
    ends = [
        min(start + int(pixels[-1]) + 1, axis.length)
        for start, pixels in zip(axis.starts, used, strict=True)
    ]
    cuts, reach = [0], 0
    for k in range(1, len(begins)):
        begin, last = _cell_begin(begins[k]), _cell_begin(begins[cuts[-1]])
        # Cells longer than any strip that enters them: a strip never passes a whole window.
        long_enough = begin - last >= window_px and begin >= reach
        if long_enough and axis.length - begin >= max(window_px // 2, max(ends[:k]) - begin):
            cuts.append(k)
            reach = max(ends[:k])
    cuts.append(len(begins))
    spans = []
    for first, beyond in pairwise(cuts):
        cell_begin = _cell_begin(begins[first]) if first else 0
        last = beyond == len(begins)
        spans.append(
            Span(
                range(first, beyond),
                min(cell_begin, axis.starts[first]),
                min(axis.starts[beyond - 1] + axis.tile, axis.length),
                cell_begin,
                axis.length if last else _cell_begin(begins[beyond]),
                max(ends[first:beyond]),
            )
        )
    return spans


def _cell_begin(begin: int) -> int:
    return begin // ALIGN_PX * ALIGN_PX


@dataclass(frozen=True)
class Window:
    """A window: where it stands among the others, and its extent along both axes."""

    row: int
    column: int
    rows: Span
    columns: Span

    @property
    def box(self) -> Box:
        """What is read for it."""
        return Box(self.rows.begin, self.columns.begin, self.rows.end, self.columns.end)

    @property
    def cell(self) -> Box:
        """What it finishes."""
        rows, columns = self.rows, self.columns
        return Box(rows.cell_begin, columns.cell_begin, rows.cell_end, columns.cell_end)


@dataclass(frozen=True, eq=False)
class Grid:
    """The windows of a raster of one size.

    Attributes
    ----------
    row_axis, column_axis : Axis
        The tiles of the whole raster.
    rows, columns : list of Span
    """

    row_axis: Axis
    column_axis: Axis
    rows: list[Span]
    columns: list[Span]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the raster, px."""
        return self.row_axis.length, self.column_axis.length

    def windows(self, rows: range | None = None) -> Iterator[Window]:
        """Yield the windows of these rows of windows, all by default, row by row."""
        chosen = range(len(self.rows)) if rows is None else rows
        for row, column in product(chosen, range(len(self.columns))):
            yield self.window(row, column)

    def window(self, row: int, column: int) -> Window:
        """Return one window."""
        return Window(row, column, self.rows[row], self.columns[column])

    def tiles(self, window: Window) -> Iterator[Tile]:
        """Yield a window's tiles row by row, placed within its box."""
        for row, column in product(window.rows.tiles, window.columns.tiles):
            yield Tile(
                self.row_axis.starts[row] - window.rows.begin,
                self.column_axis.starts[column] - window.columns.begin,
                self.row_axis.weights[row],
                self.column_axis.weights[column],
            )


def lay_grid(row_axis: Axis, column_axis: Axis, window_px: int = WINDOW_PX) -> Grid:
    """Cut a raster's tiles into windows."""
    return Grid(
        row_axis, column_axis, lay_spans(row_axis, window_px), lay_spans(column_axis, window_px)
    )
