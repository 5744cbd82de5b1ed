"""Loss, precision and recall of the training batches since the last validation."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops


class PixelCounts(keras.metrics.Metric):
    """Pixels found, marked and true in the batches since the last reset, from logits.

    A pixel is marked where its logit is at least 0, its probability 0.5. Sums are exact up to 2^24
    pixels in float32: reset it every step.
    """

    def __init__(self, name: str = "pixel_counts") -> None:
        super().__init__(name=name, dtype="float32")
        self._sums = [
            self.add_weight(name=key, initializer="zeros") for key in ("found", "marked", "true")
        ]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch of logits `y_pred` (N, H, W, 1) against `y_true`."""
        del sample_weight
        marked = ops.cast(y_pred >= 0, "float32")
        true = ops.cast(y_true, "float32")
        for total, value in zip(self._sums, (marked * true, marked, true), strict=True):
            total.assign_add(ops.sum(value))

    def result(self) -> dict[str, Any]:
        """Return the three sums."""
        return {key: total.value for key, total in zip(Tally.PIXELS, self._sums, strict=True)}


class Tally:
    """Sums over steps, kept in float64, from which an epoch's figures follow.

    Parameters
    ----------
    sums : (5,) float64, optional
        Steps, loss, and pixels found, marked and true; as a checkpoint kept them.
    """

    PIXELS = ("found", "marked", "true")

    def __init__(self, sums: npt.NDArray[np.float64] | None = None) -> None:
        self.sums = np.zeros(5) if sums is None else np.array(sums, np.float64)

    def add(self, logs: dict[str, Any]) -> float:
        """Add a step's figures, as Keras' `train_on_batch` returns them; return its loss."""
        loss = float(np.asarray(logs["loss"]).ravel()[0])
        self.sums += [1, loss, *(float(logs[key]) for key in self.PIXELS)]
        return loss

    def figures(self) -> dict[str, float]:
        """Return mean loss, precision and recall; precision is 0 where nothing was marked."""
        steps, loss, found, marked, true = self.sums
        return {
            "loss": loss / max(steps, 1),
            "precision": found / max(marked, 1),
            "recall": found / max(true, 1),
        }
