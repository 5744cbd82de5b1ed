"""The gray of a raster that is stored in whole rows, decoded once, kept while windows ask for it.

A window of a TIFF without tiles costs the decoding of all rows that it touches, from side to side:
sixteen windows side by side decode the raster sixteen times. Here each stretch of rows is
decoded once and kept on the disk, uncompressed, until no window below asks for it.
"""

from __future__ import annotations

import numpy as np

from cracknet.arrays import Gray, Mask
from cracknet.mosaic.parts import Parts
from cracknet.raster import Box, Raster

IN_ROWS = 2
"""A raster whose blocks are more than so many windows wide is decoded row by row."""

STRETCH_PX = 8_000_000
"""Pixels that are decoded at once, about."""


class RollingGray:
    """Reads windows as `Raster.read_gray` does; for one thread.

    Parameters
    ----------
    raster : Raster
    parts : Parts
        Where stretches of rows are kept.
    """

    def __init__(self, raster: Raster, parts: Parts) -> None:
        self._raster, self._parts = raster, parts
        block = raster.block[0]
        self.rows = max(STRETCH_PX // raster.width // block, 1) * block
        self._dropped = 0

    def read_gray(self, box: Box) -> tuple[Gray, Mask]:
        """Read a window; see `Raster.read_gray`."""
        gray = np.empty(box.shape, np.uint8)
        valid = np.ones(box.shape, bool)
        for strip in box.strips(self.rows):
            number = strip.top // self.rows
            top = number * self.rows
            whole = Box(top, 0, min(top + self.rows, self._raster.height), self._raster.width)
            held = self._parts.load(_gray(number))
            if held is None:
                held = self._decode(number, whole)
            kept, source = strip.within(box), strip.within(whole)
            gray[kept] = held[source]
            held_valid = self._parts.load(_valid(number))
            if held_valid is not None:
                valid[kept] = held_valid[source]
        return gray, valid

    def _decode(self, number: int, whole: Box) -> Gray:
        """Decode a stretch of rows and keep it, with which pixels are valid unless all are."""
        gray, valid = self._raster.read_gray(whole)
        if not valid.all():
            self._parts.save(_valid(number), valid)
        self._parts.save(_gray(number), gray)
        return gray

    def drop_above(self, row: int) -> None:
        """Delete the stretches that end above a row."""
        for number in range(self._dropped, row // self.rows):
            self._parts.drop(_gray(number))
            self._parts.drop(_valid(number))
        self._dropped = max(self._dropped, row // self.rows)


def _gray(number: int) -> str:
    return f"rows-{number:06}-gray"


def _valid(number: int) -> str:
    return f"rows-{number:06}-valid"
