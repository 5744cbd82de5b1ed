"""What every baseline offers: a photograph in, a probability out, as any model."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from cracknet.arrays import Gray, Probability
from cracknet.errors import ArgumentError


class Baseline(Protocol):
    """A system that finds cracks."""

    @property
    def name(self) -> str:
        """Name of its row in a comparison."""
        ...

    @property
    def parameters(self) -> int:
        """Count of the numbers that were learned or chosen on data."""
        ...

    def predict(self, gray: Gray) -> Probability:
        """Return (H, W) float32 in [0, 1] for a photograph (H, W) uint8; crack from 0.5 on."""
        ...


def at_half(probability: Probability, threshold: float) -> Probability:
    """Stretch probabilities so that a threshold that was chosen comes to lie at 0.5.

    Linear from 0 to the threshold and from there to 1; the order of pixels stays.

    Parameters
    ----------
    probability : (H, W) float32
    threshold : float
        Above 0, below 1.

    Raises
    ------
    ArgumentError
        When the threshold is outside.

    Examples
    --------
    >>> at_half(np.float32([[0, 0.1, 0.2, 0.6, 1]]), 0.2).tolist()
    [[0.0, 0.25, 0.5, 0.75, 1.0]]
    """
    if not 0 < threshold < 1:
        msg = f"the threshold must lie between 0 and 1; got {threshold:g}."
        raise ArgumentError(msg)
    reached = probability >= np.float32(threshold)
    below = np.minimum(probability * (0.5 / threshold), np.nextafter(np.float32(0.5), 0))
    above = np.maximum(0.5 + (probability - threshold) * (0.5 / (1 - threshold)), 0.5)
    return np.asarray(np.where(reached, np.minimum(above, 1), below), np.float32)
