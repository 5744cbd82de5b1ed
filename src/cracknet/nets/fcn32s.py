"""FCN-32s, the coarser of the paper's two yardsticks (Long, Shelhamer and Darrell 2015)."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from cracknet.nets.blocks import learned_upsampling, probability, standardise
from cracknet.nets.net import Net
from cracknet.nets.vgg16 import fully_convolutional_top, vgg16_features


@keras.saving.register_keras_serializable(package="cracknet")
class FCN32s(Net):
    """VGG16 encoder, 1x1 scoring at 1/32, one learned upsampling by 32.

    Parameters
    ----------
    top_filters : int
        Channels of the convolutions that were VGG16's dense layers.
    dropout : float
        Share of their outputs that training drops.
    mean, std : float
        Gray value and spread (0 to 255) that the input is standardised by, inside the net.

    Notes
    -----
    Input and output as in `cracknet.nets.CrackNet`. One score a pixel through a sigmoid stands
    for the original's two through a softmax: the same function. Convolutions pad by zeros, where
    the original pads the image by 100 pixels and crops. Scoring starts at zero, as there.
    """

    DECODER = ("fc6", "fc7", "score", "logits", "probability")

    def __init__(
        self,
        top_filters: int = 4096,
        dropout: float = 0.5,
        mean: float = 120.0,
        std: float = 55.0,
        **kwargs: Any,
    ) -> None:
        # === Layers ===
        image = keras.Input((None, None, 1), name="gray")
        pools = vgg16_features(standardise(image, mean, std))

        # === Functional model ===
        x = fully_convolutional_top(pools[32], top_filters, dropout)
        x = layers.Conv2D(1, 1, kernel_initializer="zeros", name="score")(x)
        x = learned_upsampling(x, 32, "logits")
        super().__init__(inputs=image, outputs=probability(x), **kwargs)

        # === Config ===
        self.top_filters = top_filters
        self.dropout = dropout
        self.mean = mean
        self.std = std
