"""Many curves in one pair of arrays, so that numpy walks along all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.measurement.results import Points

Values = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

WALKED_DECIMALS = 9


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves of two points or more each, one behind the other.

    Parameters
    ----------
    points : (P, 2) float64
        x, y in px.
    starts : (C + 1,) int64
        Curve k is ``points[starts[k]:starts[k + 1]]``.
    """

    points: Points
    starts: Index

    @classmethod
    def of(cls, lines: Sequence[Points]) -> Curves:
        """Put lines, each (N, 2), behind each other."""
        starts = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64)
        return cls(np.concatenate([np.zeros((0, 2)), *lines]), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def first(self) -> Index:
        """Place of the first point of each curve."""
        return self.starts[:-1]

    @property
    def last(self) -> Index:
        """Place of the last point of each curve."""
        return self.starts[1:] - 1

    @property
    def number(self) -> Index:
        """Curve of each point, (P,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def split(self, values: npt.NDArray[np.float64] | None = None) -> list[npt.NDArray[np.float64]]:
        """Cut values, one a point, into one array a curve; the points if none are given."""
        return np.split(self.points if values is None else values, self.starts[1:-1])

    def chosen(self, numbers: Index) -> Curves:
        """Take some of the curves, by their numbers."""
        lines = self.split()
        return Curves.of([lines[k] for k in numbers.tolist()])

    def walked(self) -> Values:
        """Distance of each point from its curve's start along the curve, (P,)."""
        steps = np.zeros(len(self.points))
        steps[1:] = np.hypot(*np.diff(self.points, axis=0).T)
        steps[self.first] = 0
        run = np.cumsum(steps)
        walked = run - np.repeat(run[self.first], np.diff(self.starts))
        # The last digits hang on the curves before: rounded, a curve is one wherever it stands.
        return np.asarray(np.round(walked, WALKED_DECIMALS), np.float64)

    def lengths(self) -> Values:
        """Length of each curve, (C,)."""
        return self.walked()[self.last]

    def resampled(self, step_px: float = 1.0) -> Curves:
        """Space the points evenly, about `step_px` apart; first and last points stay."""
        walked = self.walked()
        length = walked[self.last]
        count = np.maximum(np.rint(length / step_px), 1).astype(np.int64) + 1
        starts = np.concatenate([[0], np.cumsum(count)])
        number = np.repeat(np.arange(len(self)), count)
        share = (np.arange(starts[-1]) - starts[number]) / (count[number] - 1)
        # One table for all curves: each lies behind the one before it, and a step of one between.
        offset = np.concatenate([[0.0], np.cumsum(length + 1.0)])
        table = walked + offset[self.number]
        wanted = offset[number] + share * length[number]
        points = np.column_stack(
            [np.interp(wanted, table, self.points[:, axis]) for axis in (0, 1)]
        )
        points[starts[:-1]], points[starts[1:] - 1] = (
            self.points[self.first],
            self.points[self.last],
        )
        return Curves(points, starts)

    def tangents(self, reach: int = 1) -> Points:
        """Give the unit direction at each point, from `reach` points around it, (P, 2)."""
        own = np.arange(len(self.points))
        sizes = np.diff(self.starts)
        low = np.maximum(own - reach, np.repeat(self.first, sizes))
        high = np.minimum(own + reach, np.repeat(self.last, sizes))
        step = self.points[high] - self.points[low]
        size = np.hypot(*step.T)
        step[size == 0], size[size == 0] = (1.0, 0.0), 1.0
        return np.asarray(step / size[:, None], np.float64)
