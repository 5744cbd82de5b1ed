"""EfficientNet-Lite0, an encoder for small machines (Tan and Le 2019; Liu 2020).

Lite means: no squeeze-and-excitation, ReLU6 instead of swish, stem and head unscaled. Layer names
follow the reference code's blocks, so that its ImageNet weights find their places.
"""

from __future__ import annotations

from keras import KerasTensor, layers

# (repeats, kernel, stride, expansion, filters) of each group of blocks
GROUPS = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def efficientnet_lite0_features(x: KerasTensor) -> dict[int, KerasTensor]:
    """Apply the encoder to an input of shape (N, H, W, C).

    Returns
    -------
    dict of int to tensor
        The last features at 1/2, 1/4, 1/8, 1/16 and 1/32, by the divisor: 16, 24, 40, 112 and
        320 channels.
    """
    x = layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(x)
    x = _normalise(x, "stem_bn", activate=True)
    features = {}
    divisor, block = 2, 0
    for repeats, kernel, stride, expansion, filters in GROUPS:
        divisor *= stride
        for repeat in range(repeats):
            x = _inverted_residual(
                x, kernel, stride if repeat == 0 else 1, expansion, filters, f"block{block}"
            )
            block += 1
        features[divisor] = x
    return features


def _inverted_residual(
    x: KerasTensor, kernel: int, stride: int, expansion: int, filters: int, name: str
) -> KerasTensor:
    start, channels = x, x.shape[-1]
    if expansion != 1:
        x = layers.Conv2D(channels * expansion, 1, use_bias=False, name=f"{name}_expand_conv")(x)
        x = _normalise(x, f"{name}_expand_bn", activate=True)
    x = layers.DepthwiseConv2D(
        kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )(x)
    x = _normalise(x, f"{name}_depthwise_bn", activate=True)
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_project_conv")(x)
    x = _normalise(x, f"{name}_project_bn", activate=False)
    if stride == 1 and channels == filters:
        x = layers.Add(name=f"{name}_add")([start, x])
    return x


def _normalise(x: KerasTensor, name: str, activate: bool) -> KerasTensor:
    x = layers.BatchNormalization(momentum=0.97, epsilon=1e-3, name=name)(x)
    if activate:
        x = layers.ReLU(6.0, name=name.removesuffix("_bn") + "_relu")(x)
    return x
