"""AlexNet on one gray channel (Krizhevsky, Sutskever and Hinton 2012).

Five convolutions and three dense layers in the original's order, with its kernels, strides and
overlapping pools; a tile of 256 px ends, as theirs of 227, in 6x6 features. What differs: batch
normalisation stands in the two places of local response normalisation, as has become common; the
convolutions are not split between two devices; one gray channel; He's first weights.
"""

from __future__ import annotations

import keras
from keras import KerasTensor, layers

from cracknet.errors import ArgumentError
from cracknet.nets.blocks import standardise

LEAST_TILE_PX = 67
"""Below it the last pool has nothing to choose from."""
_CONVOLUTIONS = (  # filters, kernel, stride, padding, normalised, pooled
    (96, 11, 4, "valid", True, True),
    (256, 5, 1, "same", True, True),
    (384, 3, 1, "same", False, False),
    (384, 3, 1, "same", False, False),
    (256, 3, 1, "same", False, True),
)
_DENSE = 4096


def alexnet(
    classes: int = 2, tile_px: int = 256, width: float = 1.0, dropout: float = 0.5
) -> keras.Model:
    """Build AlexNet.

    Parameters
    ----------
    classes : int
    tile_px : int
        At least 67.
    width : float
        Share of the original's channels and dense units; 1 is the original, less trains on a
        processor.
    dropout : float
        Before the first two dense layers.

    Returns
    -------
    keras.Model
        From gray tiles (N, T, T, 1), 0 to 255, to the classes' probabilities (N, classes).

    Raises
    ------
    ArgumentError
        When the tile is too small.
    """
    if tile_px < LEAST_TILE_PX:
        msg = f"AlexNet's tiles are at least {LEAST_TILE_PX} px; got {tile_px}."
        raise ArgumentError(msg)
    tile = keras.Input((tile_px, tile_px, 1), name="gray")
    x = standardise(tile, 120.0, 55.0)
    for index, (filters, kernel, stride, padding, normal, pool) in enumerate(_CONVOLUTIONS, 1):
        x = layers.Conv2D(
            scaled(filters, width),
            kernel,
            strides=stride,
            padding=padding,
            activation="relu",
            kernel_initializer="he_normal",
            name=f"conv{index}",
        )(x)
        if normal:
            x = layers.BatchNormalization(momentum=0.97, name=f"norm{index}")(x)
        if pool:
            x = layers.MaxPooling2D(3, 2, name=f"pool{index}")(x)
    x = dense_top(layers.Flatten(name="flat")(x), scaled(_DENSE, width), dropout)
    return keras.Model(tile, class_head(x, classes), name="alexnet")


def dense_top(x: KerasTensor, units: int, dropout: float) -> KerasTensor:
    """Apply the first two of the three dense layers."""
    for name in ("fc6", "fc7"):
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
        x = layers.Dense(units, activation="relu", kernel_initializer="he_normal", name=name)(x)
    return x


def class_head(x: KerasTensor, classes: int) -> KerasTensor:
    """Apply the last dense layer, ``classes``, and softmax, in float32."""
    x = layers.Dense(classes, dtype="float32", name="classes")(x)
    return layers.Softmax(dtype="float32", name="probabilities")(x)


def scaled(count: int, width: float) -> int:
    """Return a share of a layer's channels, at least 4."""
    return max(4, round(count * width))
