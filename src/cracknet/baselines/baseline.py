"""What every baseline offers: a photograph in, a probability out, as any model."""

from __future__ import annotations

from typing import Protocol

from cracknet.arrays import Gray, Probability


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
