"""VGG16 made fully convolutional: the encoder of both FCNs (Simonyan and Zisserman 2015).

Layers are named as in Keras Applications, so that published weights find their places. They are
drawn after He et al. (2015): thirteen layers without normalisation do not train from Glorot's.
"""

from __future__ import annotations

import keras
from keras import KerasTensor, layers, ops

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
        x = _convolution(x, filters, kernel, name, kind=WideConv2D)
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    return x


@keras.saving.register_keras_serializable(package="cracknet")
class WideConv2D(layers.Conv2D):
    """A convolution of few places and many weights, trained as one matrix product.

    At 1/32 a photograph of 128 px is a map of 4x4, and fc6 has 103 million weights: a processor's
    convolution spends most of a training step on laying these out anew. The product of the
    places' patches with the same weights gives the same values in a fraction of the time
    (``benchmarks/wide.py``). Outside training it is a plain convolution.

    For odd kernels of stride 1, padding "same" and channels last.
    """

    def call(self, inputs: KerasTensor, training: bool | None = None) -> KerasTensor:
        """Map (N, H, W, C) to (N, H, W, filters)."""
        if not training:
            return super().call(inputs)
        height, width = self.kernel_size
        shape = ops.shape(inputs)
        rows, columns = height // 2, width // 2
        padded = ops.pad(inputs, ((0, 0), (rows, rows), (columns, columns), (0, 0)))
        patches = ops.concatenate(
            [
                padded[:, row : row + shape[1], column : column + shape[2]]
                for row in range(height)
                for column in range(width)
            ],
            axis=-1,
        )
        weights = ops.reshape(self.kernel, (-1, self.filters))
        places = ops.matmul(ops.reshape(patches, (-1, weights.shape[0])), weights)
        outputs = ops.reshape(places, (-1, shape[1], shape[2], self.filters)) + self.bias
        return self.activation(outputs)


def _convolution(
    x: KerasTensor,
    filters: int,
    kernel: int,
    name: str,
    kind: type[layers.Conv2D] = layers.Conv2D,
) -> KerasTensor:
    return kind(
        filters,
        kernel,
        padding="same",
        activation="relu",
        kernel_initializer="he_normal",
        name=name,
    )(x)
