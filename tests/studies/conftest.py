"""Nets of a few layers with what a study asks for: stages, skips, logits, probability."""

from __future__ import annotations

import dataclasses

import keras
import pytest
from keras import layers

from cracknet.nets.blocks import (
    convolution,
    crack_head,
    decoder_stage,
    learned_upsampling,
    probability,
    standardise,
)
from cracknet.synthesis import standard_scene, write_rendered_set


def tiny_u(skips=True, filters=4):
    """Return a U of three resolutions."""
    image = keras.Input((None, None, 1), name="gray")
    full = convolution(standardise(image, 120, 55), filters, "one")
    half = convolution(full, 2 * filters, "two", strides=2)
    x = convolution(half, 4 * filters, "four", strides=2)
    x = decoder_stage(x, half if skips else None, 2 * filters, "decoder_2")
    x = decoder_stage(x, full if skips else None, filters, "decoder_1", convolutions=1)
    return keras.Model(image, crack_head(x))


def tiny_fcn(skip=True):
    """Return a small FCN whose score at 1/4 is enlarged at once, or by way of 1/2."""
    image = keras.Input((None, None, 1), name="gray")
    x = convolution(standardise(image, 120, 55), 6, "one")
    half = layers.MaxPooling2D(2, name="pool1")(x)
    x = layers.MaxPooling2D(2, name="pool2")(convolution(half, 8, "two"))
    x = layers.Conv2D(1, 1, name="score")(convolution(x, 8, "top"))
    if skip:
        x = learned_upsampling(x, 2, "upsample_2")
        x = layers.Add(name="sum_2")([x, layers.Conv2D(1, 1, name="score_pool1")(half)])
        x = learned_upsampling(x, 2, "logits")
    else:
        x = learned_upsampling(x, 4, "logits")
    return keras.Model(image, probability(x))


TINY = {
    "cracknet": tiny_u,
    "cracknet-no-skips": lambda: tiny_u(skips=False),
    "fcn-8s": tiny_fcn,
    "fcn-32s": lambda: tiny_fcn(skip=False),
}


@pytest.fixture(scope="session")
def tiny():
    """Return what builds each tiny net, by the names of the real ones."""
    return TINY


@pytest.fixture(scope="session")
def rendered_set(tmp_path_factory):
    """Return the folder of a set with 8 photographs in train, 5 in test, and 3 in another set."""
    folder = tmp_path_factory.mktemp("sets")
    scene = dataclasses.replace(
        standard_scene(), height=72, width=88, cracks=(1, 3), width_px=(3, 9)
    )
    write_rendered_set(folder / "walls", 8, scene, split="train", seed=1)
    write_rendered_set(folder / "walls", 5, scene, split="test", seed=2)
    write_rendered_set(folder / "tiles", 3, scene, split="all", seed=3)
    return folder / "walls"
