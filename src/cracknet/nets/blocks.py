"""Pieces that both nets are put together from."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers, ops


def standardise(gray: KerasTensor, mean: float, std: float) -> KerasTensor:
    """Scale gray values 0 to 255 to about zero mean and unit variance, inside the net.

    Standing inside, every exported file takes the same input: gray values as read.
    """
    return layers.Rescaling(1.0 / std, offset=-mean / std, name="standardise")(gray)


def convolution(
    x: KerasTensor, filters: int, name: str, kernel_size: int = 3, strides: int = 1
) -> KerasTensor:
    """Apply convolution, batch normalisation and ReLU."""
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    x = layers.BatchNormalization(momentum=0.97, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def decoder_stage(
    x: KerasTensor,
    skip: KerasTensor | None,
    filters: int,
    name: str,
    convolutions: int = 2,
) -> KerasTensor:
    """Double the resolution, join the encoder's features of that scale, and convolve.

    Parameters
    ----------
    x : tensor, shape (N, H, W, C)
    skip : tensor, shape (N, 2 H, 2 W, S), or None
        Features to concatenate.
    filters : int
        Channels of the result.
    name : str
        Prefix of the layers' names.
    convolutions : int
        How many 3x3 convolutions follow.

    Returns
    -------
    tensor, shape (N, 2 H, 2 W, filters)
    """
    x = layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_upsample")(x)
    if skip is not None:
        x = layers.Concatenate(name=f"{name}_concatenate")([x, skip])
    for index in range(1, convolutions + 1):
        x = convolution(x, filters, f"{name}_{index}")
    return x


def crack_head(x: KerasTensor) -> KerasTensor:
    """Turn features into the probability of crack, shape (N, H, W, 1), in float32.

    The layer named ``logits`` stands before the sigmoid: losses read it, for their numerical
    stability.
    """
    x = layers.Conv2D(1, 1, dtype="float32", name="logits")(x)
    return probability(x)


def probability(logits: KerasTensor) -> KerasTensor:
    """Turn logits into probabilities, in float32."""
    return layers.Activation("sigmoid", dtype="float32", name="probability")(logits)


@keras.saving.register_keras_serializable(package="cracknet")
class Bilinear(keras.initializers.Initializer):
    """Kernel of a transposed convolution that begins as bilinear upsampling by `factor`.

    Each output channel reads the input channel of its own index. The kernel is ``2 * factor``
    pixels wide (Long et al. 2015, section 3.3).
    """

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return the kernel, shape (2 factor, 2 factor, out channels, in channels)."""
        size = 2 * self.factor
        ramp = 1 - np.abs(np.arange(size) - (size - 1) / 2) / self.factor
        kernel = np.zeros(shape, np.float32)
        for channel in range(min(shape[2:])):
            kernel[:, :, channel, channel] = np.outer(ramp, ramp)
        return ops.convert_to_tensor(kernel, dtype=dtype or keras.config.floatx())

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"factor": self.factor}


def learned_upsampling(x: KerasTensor, factor: int, name: str) -> KerasTensor:
    """Upsample by a transposed convolution that begins bilinear and is learned."""
    return layers.Conv2DTranspose(
        x.shape[-1],
        2 * factor,
        strides=factor,
        padding="same",
        use_bias=False,
        kernel_initializer=Bilinear(factor),
        dtype="float32",
        name=name,
    )(x)
