"""CrackNet-Lite: CrackNet's decoder idea on a light encoder."""

from __future__ import annotations

from typing import Any

import keras

from cracknet.nets.blocks import crack_head, decoder_stage, standardise
from cracknet.nets.efficientnet_lite0 import efficientnet_lite0_features
from cracknet.nets.net import Net


@keras.saving.register_keras_serializable(package="cracknet")
class CrackNetLite(Net):
    """EfficientNet-Lite0 encoder, bilinear decoder, features concatenated at every scale.

    Parameters
    ----------
    decoder_filters : sequence of 5 int
        Channels of the decoder at 1/16, 1/8, 1/4, 1/2 and full resolution.
    mean, std : float
        Gray value and spread (0 to 255) that the input is standardised by, inside the net.

    Notes
    -----
    Input and output as in `cracknet.nets.CrackNet`. Full resolution is where a light net spends
    its time, so that stage has one convolution, and it reads the photograph itself beside the
    upsampled features: hairline cracks are sharp there and nowhere else.
    """

    def __init__(
        self,
        decoder_filters: tuple[int, ...] = (128, 64, 40, 24, 16),
        mean: float = 120.0,
        std: float = 55.0,
        **kwargs: Any,
    ) -> None:
        # === Layers ===
        image = keras.Input((None, None, 1), name="gray")
        standard = standardise(image, mean, std)
        features = efficientnet_lite0_features(standard)

        # === Functional model ===
        x = features[32]
        for scale, filters in zip((16, 8, 4, 2), decoder_filters, strict=False):
            x = decoder_stage(x, features[scale], filters, f"decoder_{scale}")
        x = decoder_stage(x, standard, decoder_filters[4], "decoder_1", convolutions=1)
        super().__init__(inputs=image, outputs=crack_head(x), **kwargs)

        # === Config ===
        self.decoder_filters = tuple(decoder_filters)
        self.mean = mean
        self.std = std
