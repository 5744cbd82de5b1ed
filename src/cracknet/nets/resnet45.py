"""A residual segmentation net of 45 layers, as Hoskere et al. put beside their classifier."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from cracknet.nets.blocks import probability, standardise
from cracknet.nets.net import Net
from cracknet.nets.resnet import resnet_features


@keras.saving.register_keras_serializable(package="cracknet")
class ResNet45(Net):
    """22 residual blocks of two 3x3 convolutions after a first 7x7; a score at 1/8, enlarged.

    Parameters
    ----------
    blocks : sequence of 4 int
        Residual blocks of each stage.
    filters : int
        Channels of the first stage.
    mean, std : float
        Gray value and spread (0 to 255) that the input is standardised by, inside the net.

    Notes
    -----
    Input and output as in `cracknet.nets.CrackNet`. The paper names the depth alone: blocks are
    shared out 5, 6, 6 and 5 as in ResNet34's manner, and the last two stages are dilated 2 and 4
    times in place of their strides, as segmenting residual nets of that time were.
    """

    DECODER = ("score", "logits", "probability")

    def __init__(
        self,
        blocks: tuple[int, ...] = (5, 6, 6, 5),
        filters: int = 64,
        mean: float = 120.0,
        std: float = 55.0,
        **kwargs: Any,
    ) -> None:
        # === Layers ===
        image = keras.Input((None, None, 1), name="gray")
        features = resnet_features(
            standardise(image, mean, std),
            blocks,
            filters,
            bottleneck=False,
            dilations=(1, 1, 2, 4),
        )

        # === Functional model ===
        x = layers.Conv2D(1, 1, dtype="float32", name="score")(features["conv5"])
        x = layers.UpSampling2D(8, interpolation="bilinear", dtype="float32", name="logits")(x)
        super().__init__(inputs=image, outputs=probability(x), **kwargs)

        # === Config ===
        self.blocks = tuple(blocks)
        self.filters = filters
        self.mean = mean
        self.std = std
