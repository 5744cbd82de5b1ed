"""CrackNet, the net of the paper: a U-shaped fully convolutional net on ResNet101."""

from __future__ import annotations

from typing import Any

import keras

from cracknet.nets.blocks import crack_head, decoder_stage, standardise
from cracknet.nets.net import Net

SKIPS = ("conv4_block23_out", "conv3_block4_out", "conv2_block3_out", "conv1_relu")


@keras.saving.register_keras_serializable(package="cracknet")
class CrackNet(Net):
    """ResNet101 encoder, bilinear decoder, features concatenated at 1/16, 1/8, 1/4 and 1/2.

    Parameters
    ----------
    decoder_filters : sequence of 5 int
        Channels of the decoder at 1/16, 1/8, 1/4, 1/2 and full resolution.
    mean, std : float
        Gray value and spread (0 to 255) that the input is standardised by, inside the net.
    skips : bool
        False leaves the concatenations out, to measure what they are worth.

    Notes
    -----
    Input: gray values 0 to 255, shape (N, H, W, 1), any float type; H and W multiples of 32.
    Output: probability of crack, shape (N, H, W, 1), float32.

    Source: the paper's section 3.1 and figure 2; the figure gives no channel counts, so the
    decoder halves the encoder's as U-Net does. The encoder is ResNet101 v1 of Keras
    Applications (He et al. 2016) on one input channel.
    """

    def __init__(
        self,
        decoder_filters: tuple[int, ...] = (256, 128, 64, 32, 16),
        mean: float = 120.0,
        std: float = 55.0,
        skips: bool = True,
        **kwargs: Any,
    ) -> None:
        # === Layers ===
        image = keras.Input((None, None, 1), name="gray")
        encoder = keras.applications.ResNet101(
            include_top=False, weights=None, input_tensor=standardise(image, mean, std)
        )

        # === Functional model ===
        x = encoder.get_layer("conv5_block3_out").output
        for skip, filters, scale in zip(SKIPS, decoder_filters, (16, 8, 4, 2), strict=False):
            features = encoder.get_layer(skip).output if skips else None
            x = decoder_stage(x, features, filters, f"decoder_{scale}")
        x = decoder_stage(x, None, decoder_filters[4], "decoder_1")
        super().__init__(inputs=image, outputs=crack_head(x), **kwargs)

        # === Config ===
        self.decoder_filters = tuple(decoder_filters)
        self.mean = mean
        self.std = std
        self.skips = skips
