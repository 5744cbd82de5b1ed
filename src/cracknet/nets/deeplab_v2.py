"""DeepLab v2 (Chen, Papandreou, Kokkinos, Murphy and Yuille 2017), as Du et al. began from."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from cracknet.nets.blocks import probability, standardise
from cracknet.nets.net import Net
from cracknet.nets.resnet import resnet_features

RATES = (6, 12, 18, 24)


@keras.saving.register_keras_serializable(package="cracknet")
class DeepLabV2(Net):
    """ResNet101 with atrous convolutions to 1/8, atrous spatial pyramid pooling, bilinear output.

    Parameters
    ----------
    blocks : sequence of 4 int
        Residual blocks of each stage; (3, 4, 23, 3) is ResNet101.
    filters : int
        Channels of the first stage; 64 is ResNet101.
    fine : bool
        The form for thin cracks: to the pyramid's scores at 1/8 are added scores of the features
        at 1/4, then at 1/2, and the output is enlarged from 1/2 alone.
    mean, std : float
        Gray value and spread (0 to 255) that the input is standardised by, inside the net.

    Notes
    -----
    Input and output as in `cracknet.nets.CrackNet`. The last two stages are dilated 2 and 4 times
    in place of their strides. The pyramid is that of the original's ResNet101: 3x3 convolutions at
    rates 6, 12, 18 and 24 straight to a score each, summed. Its conditional random field, a step
    after the net, is left out. How Du et al. raised the resolution for cracks is not described in
    the paper that cites them; `fine` sums scores of finer features, as FCN-8s does.
    """

    DECODER = ("aspp_", "score", "upsample", "sum", "logits", "probability")

    def __init__(
        self,
        blocks: tuple[int, ...] = (3, 4, 23, 3),
        filters: int = 64,
        fine: bool = False,
        mean: float = 120.0,
        std: float = 55.0,
        **kwargs: Any,
    ) -> None:
        # === Layers ===
        image = keras.Input((None, None, 1), name="gray")
        features = resnet_features(
            standardise(image, mean, std), blocks, filters, dilations=(1, 1, 2, 4)
        )

        # === Functional model ===
        scores = [
            layers.Conv2D(
                1, 3, padding="same", dilation_rate=rate, dtype="float32", name=f"aspp_{rate}"
            )(features["conv5"])
            for rate in RATES
        ]
        x = layers.Add(dtype="float32", name="aspp_sum")(scores)
        for stage, scale in (("conv2", 4), ("conv1_relu", 2)) if fine else ():
            x = _enlarged(x, 2, f"upsample_{scale}")
            skip = layers.Conv2D(1, 3, padding="same", dtype="float32", name=f"score_{scale}")
            x = layers.Add(dtype="float32", name=f"sum_{scale}")([x, skip(features[stage])])
        x = _enlarged(x, 2 if fine else 8, "logits")
        super().__init__(inputs=image, outputs=probability(x), **kwargs)

        # === Config ===
        self.blocks = tuple(blocks)
        self.filters = filters
        self.fine = fine
        self.mean = mean
        self.std = std


def _enlarged(x: keras.KerasTensor, factor: int, name: str) -> keras.KerasTensor:
    return layers.UpSampling2D(factor, interpolation="bilinear", dtype="float32", name=name)(x)
