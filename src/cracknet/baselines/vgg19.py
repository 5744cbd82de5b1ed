"""A classifier of tiles of VGG19's type (Simonyan and Zisserman 2015) on one gray channel.

Sixteen 3x3 convolutions in five blocks and three dense layers. What differs: batch normalisation
after each convolution, without which it does not learn from random weights.
"""

from __future__ import annotations

import keras
from keras import layers

from cracknet.baselines.alexnet import class_head, dense_top, scaled
from cracknet.errors import ArgumentError
from cracknet.nets.blocks import convolution, standardise

LEAST_TILE_PX = 32
_BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
_DENSE = 4096


def vgg19(
    classes: int = 2, tile_px: int = 224, width: float = 1.0, dropout: float = 0.5
) -> keras.Model:
    """Build the classifier.

    Parameters
    ----------
    classes : int
    tile_px : int
        At least 32.
    width : float
        Share of the original's channels and dense units.
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
        msg = f"VGG19's tiles are at least {LEAST_TILE_PX} px; got {tile_px}."
        raise ArgumentError(msg)
    tile = keras.Input((tile_px, tile_px, 1), name="gray")
    x = standardise(tile, 120.0, 55.0)
    for block, (count, filters) in enumerate(_BLOCKS, start=1):
        for index in range(1, count + 1):
            x = convolution(x, scaled(filters, width), f"block{block}_{index}")
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = dense_top(layers.Flatten(name="flat")(x), scaled(_DENSE, width), dropout)
    return keras.Model(tile, class_head(x, classes), name="vgg19")
