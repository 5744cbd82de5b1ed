"""A rectangle of pixels within a raster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """Rows `top` to below `bottom`, columns `left` to before `right`, counted from 0.

    Examples
    --------
    >>> Box(10, 20, 14, 26).shape
    (4, 6)
    """

    top: int
    left: int
    bottom: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, px."""
        return self.bottom - self.top, self.right - self.left

    def within(self, other: Box) -> tuple[slice, slice]:
        """Give the slices that cut this box out of an array that covers `other`."""
        return (
            slice(self.top - other.top, self.bottom - other.top),
            slice(self.left - other.left, self.right - other.left),
        )

    def strips(self, rows: int) -> Iterator[Box]:
        """Cut into strips that end at multiples of so many rows of the whole raster.

        Examples
        --------
        >>> [(strip.top, strip.bottom) for strip in Box(5, 0, 20, 1).strips(8)]
        [(5, 8), (8, 16), (16, 20)]
        """
        top = self.top
        while top < self.bottom:
            bottom = min((top // rows + 1) * rows, self.bottom)
            yield Box(top, self.left, bottom, self.right)
            top = bottom
