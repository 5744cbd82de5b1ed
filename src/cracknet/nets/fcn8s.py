"""FCN-8s, the finer of the paper's two yardsticks (Long, Shelhamer and Darrell 2015)."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from cracknet.nets.blocks import learned_upsampling, probability, standardise
from cracknet.nets.net import Net
from cracknet.nets.vgg16 import fully_convolutional_top, vgg16_features


@keras.saving.register_keras_serializable(package="cracknet")
class FCN8s(Net):
    """VGG16 encoder, scores of 1/32, pool4 and pool3 summed, learned upsampling by 2, 2 and 8.

    Parameters and notes as for `cracknet.nets.FCN32s`.
    """

    DECODER = ("fc6", "fc7", "score", "upsample", "sum", "logits", "probability")

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
        for pool, scale in (("pool4", 16), ("pool3", 8)):
            skip = layers.Conv2D(1, 1, kernel_initializer="zeros", name=f"score_{pool}")
            x = learned_upsampling(x, 2, f"upsample_{scale}")
            x = layers.Add(dtype="float32", name=f"sum_{scale}")([x, skip(pools[scale])])
        x = learned_upsampling(x, 8, "logits")
        super().__init__(inputs=image, outputs=probability(x), **kwargs)

        # === Config ===
        self.top_filters = top_filters
        self.dropout = dropout
        self.mean = mean
        self.std = std
