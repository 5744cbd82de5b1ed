"""Losses on logits: cross-entropy per pixel, and Dice over the batch."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="cracknet")
class CrossEntropyDice(keras.losses.Loss):
    """Weighted sum of pixel cross-entropy and Dice loss.

    Cross-entropy is equation (1) of the paper with the minus sign that its print lacks,
    ``-(y log p + (1 - y) log(1 - p))``, averaged over pixels. Dice is
    ``1 - (2 sum(y p) + 1) / (sum(y) + sum(p) + 1)``, each sum over the whole batch (Milletari et
    al. 2016): it weighs the few crack pixels as much as the many others.

    Parameters
    ----------
    cross_entropy, dice : float
        Weights of the two.
    """

    def __init__(
        self, cross_entropy: float = 0.5, dice: float = 0.5, name: str = "cross_entropy_dice"
    ) -> None:
        super().__init__(name=name, reduction=None)
        self.cross_entropy = cross_entropy
        self.dice = dice

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of logits `y_pred` (N, H, W, 1) against `y_true`, a scalar."""
        logits = ops.cast(y_pred, "float32")
        truth = ops.cast(y_true, "float32")
        entropy = ops.mean(ops.softplus(logits) - truth * logits)
        probability = ops.sigmoid(logits)
        overlap = ops.sum(truth * probability)
        dice = 1 - (2 * overlap + 1) / (ops.sum(truth) + ops.sum(probability) + 1)
        return self.cross_entropy * entropy + self.dice * dice

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"cross_entropy": self.cross_entropy, "dice": self.dice, "name": self.name}
