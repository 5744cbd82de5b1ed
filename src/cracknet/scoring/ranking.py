"""Average precision of float32 probabilities, exact or with a proven bound, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import digamma

from cracknet.arrays import Mask, Probability

Values = npt.NDArray[np.float32]
Keys = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.int64]

DEFAULT_LIMIT = 1 << 22
FINEST_GRID_BITS = 24
"""Float32 values from 0.5 to 1 are multiples of 2^-24: the first grid leaves these exact."""


@dataclass(frozen=True)
class AveragePrecision:
    """An average precision and how far it can lie from that of the unrounded values.

    Attributes
    ----------
    value : float
    error : float
        Bound of the difference; 0 where no value was rounded.
    """

    value: float
    error: float


class Ranking:
    """Counts of crack and background over the distinct probabilities met.

    Average precision needs every distinct value, so these are kept, sorted, with their counts:
    the result is exact. When there are more than `limit`, values are rounded down to multiples
    of 2^-24, and of 2^-23 and so on if that does not suffice; values that fall together count
    as equal. So memory is bounded, and the greatest error that the rounding can have made
    follows from the counts: for the 49.5 megapixels of the deepcrack test photographs, 6.5e-7,
    where 1.6e-7 was made.

    Parameters
    ----------
    limit : int
        Most distinct values kept of crack and of background each. A value takes 12 bytes, and
        its merging about 40 more: at most 250 MB by default.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.limit = limit
        self.grid_bits: int | None = None
        """Values are multiples of 2^-grid_bits; None: as they were."""
        self._crack = _Tally()
        self._background = _Tally()
        self._waiting: list[tuple[Values, Values]] = []
        self._waiting_size = 0

    def add(self, probability: Probability, truth: Mask) -> None:
        """Count one photograph.

        Parameters
        ----------
        probability : (H, W) float32
            In [0, 1], without negative zeros (`cracknet.scoring.guards.check_pair`).
        truth : (H, W) bool
        """
        self._waiting.append((probability[truth], probability[~truth]))
        self._waiting_size += probability.size
        if self._waiting_size >= self.limit:
            self._merge()

    def average_precision(self) -> AveragePrecision | None:
        """Return the average precision; None where there is no crack.

        ``AP = sum over n of (R_n - R_(n-1)) P_n``: precision and recall at each distinct
        probability taken as threshold, from the highest down, without interpolation, as
        scikit-learn's `average_precision_score` has it.
        """
        self._merge()
        crack, background = self._crack, self._background
        total = int(crack.counts.sum())
        if not total:
            return None
        above = _from_the_top(background.counts)
        first = np.searchsorted(background.keys, crack.keys, side="left")
        after = np.searchsorted(background.keys, crack.keys, side="right")
        true_positive = _from_the_top(crack.counts)[:-1].astype(np.float64)
        false_positive = above[first].astype(np.float64)
        precision = true_positive / (true_positive + false_positive)
        value = float(precision @ crack.counts) / total
        if self.grid_bits is None:
            return AveragePrecision(value, 0.0)
        single = crack.keys == 1 << self.grid_bits  # this bin holds 1.0 alone
        low, high = _bounds(true_positive, crack.counts, above[after], false_positive)
        low, high = np.where(single, precision, low), np.where(single, precision, high)
        error = max(
            float((precision - low) @ crack.counts), float((high - precision) @ crack.counts)
        )
        return AveragePrecision(value, error / total)

    def _merge(self) -> None:
        """Take the waiting values into the sorted ones, and round until they fit."""
        if not self._waiting:
            return
        for tally, values in zip(
            (self._crack, self._background), zip(*self._waiting, strict=True), strict=True
        ):
            tally.add(_keys(np.concatenate(values), self.grid_bits))
        self._waiting, self._waiting_size = [], 0
        while max(self._crack.keys.size, self._background.keys.size) > self.limit:
            coarser = FINEST_GRID_BITS if self.grid_bits is None else self.grid_bits - 1
            for tally in (self._crack, self._background):
                if self.grid_bits is None:
                    tally.round(_keys(tally.keys.view(np.float32), coarser))
                else:
                    tally.round(tally.keys >> np.uint32(1))
            self.grid_bits = coarser


def _keys(values: Values, grid_bits: int | None) -> Keys:
    """Return whole numbers in the order of the values.

    The bits of a positive float32, read as a whole number, are in the order of the values;
    multiplying by a power of two is exact.
    """
    if grid_bits is None:
        return values.view(np.uint32)
    return (values * np.float32(1 << grid_bits)).astype(np.uint32)


class _Tally:
    """Distinct numbers, sorted, and how often each was met."""

    def __init__(self) -> None:
        self.keys: Keys = np.zeros(0, np.uint32)
        self.counts: Counts = np.zeros(0, np.int64)

    def add(self, numbers: Keys) -> None:
        numbers.sort()
        keys, counts = _join(numbers, None)
        # Two sorted runs: the stable sort merges them in one pass.
        both = np.concatenate([self.keys, keys])
        order = np.argsort(both, kind="stable")
        self.keys, self.counts = _join(both[order], np.concatenate([self.counts, counts])[order])

    def round(self, keys: Keys) -> None:
        """Put other keys, in the same order, in place of the keys."""
        self.keys, self.counts = _join(keys, self.counts)


def _join(keys: Keys, counts: Counts | None) -> tuple[Keys, Counts]:
    """Join equal neighbours; without counts each counts once."""
    if not keys.size:
        return keys, np.zeros(0, np.int64)
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    if counts is None:
        return keys[starts], np.diff(starts, append=keys.size)
    return keys[starts], np.add.reduceat(counts, starts)


def _from_the_top(counts: Counts) -> Counts:
    """Return how many lie at or above each place, and 0 for the place past the last."""
    return np.concatenate([counts[::-1].cumsum()[::-1], np.zeros(1, np.int64)])


def _bounds(
    true_positive: npt.NDArray[np.float64],
    crack: Counts,
    false_before: npt.NDArray[Any],
    false_after: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the least and greatest mean precision that the crack pixels of each bin can have.

    Greatest: they stand before the bin's background, all at one value. Least: they stand behind
    it one by one, the i-th with the precision ``(t + i) / (t + i + f)``, whose sum is a
    difference of digamma functions.
    """
    high = true_positive / (true_positive + false_before)
    start = true_positive - crack
    steps = digamma(true_positive + false_after + 1) - digamma(start + false_after + 1)
    low = 1 - false_after * steps / crack
    return np.minimum(low, high), high
