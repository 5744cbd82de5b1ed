"""VGG16 made fully convolutional: the encoder of both FCNs (Simonyan and Zisserman 2015).

Layers are named as in Keras Applications, so that published weights find their places. They are
drawn after He et al. (2015): thirteen layers without normalisation do not train from Glorot's.
"""

from __future__ import annotations

from keras import KerasTensor, layers

BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""Convolutions and channels of each block; a 2x2 maximum follows each."""


def vgg16_features(x: KerasTensor) -> dict[int, KerasTensor]:
    """Apply the five blocks to an input of shape (N, H, W, C).

    Returns
    -------
    dict of int to tensor
        The pooled features at 1/2, 1/4, 1/8, 1/16 and 1/32, by the divisor: pool1 to pool5.
    """
    features = {}
    for block, (convolutions, filters) in enumerate(BLOCKS, start=1):
        for index in range(1, convolutions + 1):
            x = _convolution(x, filters, 3, f"block{block}_conv{index}")
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
        features[2**block] = x
    return features


def fully_convolutional_top(x: KerasTensor, filters: int, dropout: float) -> KerasTensor:
    """Apply VGG16's two dense layers as convolutions of 7x7 and 1x1 (Long et al., section 3.1)."""
    for name, kernel in (("fc6", 7), ("fc7", 1)):
        x = _convolution(x, filters, kernel, name)
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    return x


def _convolution(x: KerasTensor, filters: int, kernel: int, name: str) -> KerasTensor:
    return layers.Conv2D(
        filters,
        kernel,
        padding="same",
        activation="relu",
        kernel_initializer="he_normal",
        name=name,
    )(x)
