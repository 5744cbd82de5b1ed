"""What a window's tiles add to its neighbours, kept on the disk until these take it up."""

from __future__ import annotations

import numpy as np

from cracknet.arrays import Probability
from cracknet.mosaic.parts import Parts
from cracknet.mosaic.windows import Window
from cracknet.raster import Box


class Strips:
    """The strips of one grid of windows, which are finished row by row.

    A strip to the right holds what the window's tiles add right of its cell, down to their reach;
    one below what they and those to the left add below its cell. Strips of nothing are not kept.

    Parameters
    ----------
    parts : Parts
    kind : str
        Of the grid, in the files' names.
    """

    def __init__(self, parts: Parts, kind: str) -> None:
        self._parts = parts
        self._kind = kind

    def finish(self, window: Window, total: Probability | None) -> Probability | None:
        """Blend in what the neighbours handed on, and hand on what lies beyond the cell.

        Parameters
        ----------
        window : Window
        total : float32 of the shape of its box, optional
            The blended tiles, changed in place; None for nothing.

        Returns
        -------
        float32 of the shape of its cell, or None for nothing
        """
        cell, box = window.cell, window.box
        from_left = self._parts.load(self._right(window.row, window.column - 1))
        from_above = self._parts.load(self._below(window.row - 1, window.column))
        if total is None:
            if from_left is None and from_above is None:
                return None
            total = np.zeros(box.shape, np.float32)
        here = total[cell.top - box.top :, cell.left - box.left :]
        if from_left is not None:
            here[: from_left.shape[0], : from_left.shape[1]] += from_left
        if from_above is not None:
            here[: from_above.shape[0], : from_above.shape[1]] += from_above
        right = Box(cell.top, cell.right, window.rows.reach, window.columns.reach)
        self._keep(self._right(window.row, window.column), total, right, box)
        below = Box(cell.bottom, cell.left, window.rows.reach, cell.right)
        self._keep(self._below(window.row, window.column), total, below, box)
        return total[cell.within(box)]

    def drop_used(self, window: Window) -> None:
        """Delete the strips that a window, now in the journal, has taken up."""
        self._parts.drop(self._right(window.row, window.column - 1))
        self._parts.drop(self._below(window.row - 1, window.column))

    def _keep(self, name: str, total: Probability, strip: Box, box: Box) -> None:
        values = total[strip.within(box)]
        if values.size and values.any():
            self._parts.save(name, values)

    def _right(self, row: int, column: int) -> str:
        return f"{self._kind}-{row:04}-{column:04}-right"

    def _below(self, row: int, column: int) -> str:
        return f"{self._kind}-{row:04}-{column:04}-below"
