"""Residual nets whose last stages keep their resolution and look further apart instead.

Layers are named as in Keras Applications' ResNets (He et al. 2016, version 1), so that weights of
those find their places; without dilation the bottleneck net is the same net.
"""

from __future__ import annotations

from collections.abc import Sequence

from keras import KerasTensor, layers

_EPSILON = 1.001e-5  # of Keras Applications


def resnet_features(
    x: KerasTensor,
    blocks: Sequence[int],
    filters: int = 64,
    *,
    bottleneck: bool = True,
    dilations: Sequence[int] = (1, 1, 1, 1),
) -> dict[str, KerasTensor]:
    """Apply a residual net to an input of shape (N, H, W, C).

    Parameters
    ----------
    x : tensor
    blocks : sequence of 4 int
        Residual blocks of each stage.
    filters : int
        Channels of the first stage's inner convolutions; doubled from stage to stage.
    bottleneck : bool
        Blocks of 1x1, 3x3 and 1x1 convolutions whose result has four times the channels, else of
        two 3x3.
    dilations : sequence of 4 int
        Of the 3x3 convolutions of each stage. A dilated stage keeps its input's resolution
        where another halves it, but for the first, which never does.

    Returns
    -------
    dict of str to tensor
        ``conv1_relu`` at 1/2, ``conv2`` at 1/4, and ``conv3`` to ``conv5``, the stages' ends.
    """
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = layers.Conv2D(filters, 7, strides=2, name="conv1_conv")(x)
    x = layers.BatchNormalization(epsilon=_EPSILON, name="conv1_bn")(x)
    x = layers.Activation("relu", name="conv1_relu")(x)
    found = {"conv1_relu": x}
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, (count, dilation) in enumerate(zip(blocks, dilations, strict=True), start=2):
        inner = filters * 2 ** (stage - 2)
        for block in range(1, count + 1):
            strides = 2 if block == 1 and stage > 2 and dilation == 1 else 1
            x = _block(x, inner, strides, dilation, bottleneck, f"conv{stage}_block{block}")
        found[f"conv{stage}"] = x
    return found


def _block(
    x: KerasTensor, filters: int, strides: int, dilation: int, bottleneck: bool, name: str
) -> KerasTensor:
    channels = 4 * filters if bottleneck else filters
    shortcut = x
    if name.endswith("block1") and (strides > 1 or x.shape[-1] != channels):
        shortcut = _convolution(x, channels, 1, f"{name}_0", strides=strides)
    kernels = ((filters, 1), (filters, 3), (channels, 1)) if bottleneck else ((filters, 3),) * 2
    for index, (count, kernel) in enumerate(kernels, start=1):
        x = _convolution(
            x, count, kernel, f"{name}_{index}",
            strides=strides if index == 1 else 1,
            dilation=dilation if kernel > 1 else 1,
        )  # fmt: skip
        if index < len(kernels):
            x = layers.Activation("relu", name=f"{name}_{index}_relu")(x)
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def _convolution(
    x: KerasTensor, filters: int, kernel: int, name: str, *, strides: int = 1, dilation: int = 1
) -> KerasTensor:
    x = layers.Conv2D(
        filters,
        kernel,
        strides=strides,
        padding="same",
        dilation_rate=dilation,
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_bn")(x)
