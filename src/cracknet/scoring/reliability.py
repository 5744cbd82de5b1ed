"""What a model's values mean: the share of pixels that are crack, by value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError
from cracknet.scoring.counts import PooledCounts


@dataclass(frozen=True)
class Reliability:
    """Of the pixels whose value lies in a bin, how many are crack.

    A value is a probability where the two agree; the diagram of `share` over `value` is then the
    diagonal (Guo et al. 2017, "On calibration of modern neural networks", figure 1).

    Attributes
    ----------
    value : (B,) float64
        Mean value of the bin's pixels, known to 0.005; the bin's middle where it holds none.
    share : (B,) float64
        Share of them that is crack; NaN where it holds none.
    pixels : (B,) int64
    """

    value: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]
    pixels: npt.NDArray[np.int64]

    @property
    def error(self) -> float | None:
        """Expected calibration error: mean distance of share and value, weighted by pixels.

        Nearly all pixels are background and have a value near 0, which makes it small for any
        net: look at the diagram. None without a pixel.
        """
        if not self.pixels.any():
            return None
        off = np.abs(np.where(self.pixels > 0, self.share, 0.0) - self.value)
        return float((off * self.pixels).sum() / self.pixels.sum())

    def rows(self) -> list[dict[str, float | int | None]]:
        """Return ``value``, ``crack_share`` (None without pixels) and ``pixels`` of each bin."""
        return [
            {
                "value": round(float(value), 4),
                "crack_share": None if np.isnan(share) else round(float(share), 6),
                "pixels": int(pixels),
            }
            for value, share, pixels in zip(self.value, self.share, self.pixels, strict=True)
        ]


def reliability(counts: PooledCounts, bins: int = 10) -> Reliability:
    """Tell from pooled counts what share of pixels is crack, by the model's value.

    Parameters
    ----------
    counts : PooledCounts
    bins : int
        Bins of equal width over [0, 1]; a divisor of 100.

    Raises
    ------
    ArgumentError
        When `bins` does not divide 100.

    Examples
    --------
    >>> counts = PooledCounts()
    >>> counts.add(np.array([[0.25, 0.25, 0.25, 0.85]], "f4"), np.array([[1, 0, 0, 1]], bool))
    >>> found = reliability(counts, 5)
    >>> found.value.round(2).tolist(), found.share.round(2).tolist()
    ([0.1, 0.26, 0.5, 0.7, 0.86], [nan, 0.33, nan, nan, 1.0])
    """
    if bins < 1 or 100 % bins:
        msg = f"bins must divide 100; got {bins}"
        raise ArgumentError(msg)
    fine = (np.arange(100) + 0.5) / 100
    all_pixels = counts.crack + counts.background
    pixels = all_pixels.reshape(bins, -1).sum(axis=1)
    crack = counts.crack.reshape(bins, -1).sum(axis=1)
    total = (all_pixels * fine).reshape(bins, -1).sum(axis=1)
    some = np.maximum(pixels, 1)
    value = np.where(pixels > 0, total / some, (np.arange(bins) + 0.5) / bins)
    return Reliability(value, np.where(pixels > 0, crack / some, np.nan), pixels)
