"""Two networks: VGG19's type, several scales, and the gate on any model."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cracknet.baselines.gate import Gate, MultiScale
from cracknet.baselines.vgg19 import vgg19
from cracknet.errors import ArgumentError
from cracknet.segmentation import Segmenter
from cracknet.segmentation.gate import DamageMap


def test_vgg19_has_its_convolutions_and_features():
    net = vgg19(tile_px=64, width=0.125)
    convolutions = [layer for layer in net.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [
        *[8] * 2, *[16] * 2, *[32] * 4, *[64] * 8
    ]  # fmt: skip
    assert net(np.zeros((2, 64, 64, 1), np.float32)).shape == (2, 2)
    with pytest.raises(ArgumentError, match="at least 32 px; got 31"):
        vgg19(tile_px=31)


def dark(tiles):
    share = 1 - tiles.mean(axis=(1, 2, 3)) / 255
    return np.stack([1 - share, share], 1).astype(np.float32)


def half_dark():
    gray = np.full((64, 96), 255, np.uint8)
    gray[:, :48] = 0
    return gray


def test_damage_is_the_largest_value_of_all_scales():
    gray = half_dark()
    fine = DamageMap(dark, tile_px=16, scales=(1.0,)).seen(gray)
    assert np.array_equal(fine, gray == 0)
    coarse = DamageMap(dark, tile_px=16, scales=(0.5,), threshold=0.4).seen(gray)
    assert np.array_equal(coarse[0], np.arange(96) < 64)  # tiles 32 px wide: the middle one half
    both = DamageMap(dark, tile_px=16, scales=(1.0, 0.5), threshold=0.4).seen(gray)
    assert np.array_equal(both, fine | coarse)


def test_a_segmenter_at_several_scales_gives_the_mean():
    sizes = []

    def segment(gray):
        sizes.append(gray.shape)
        return np.full(gray.shape, 0.2 * len(sizes), np.float32)

    found = MultiScale(segment, scales=(1.0, 0.5, 0.25)).predict(half_dark())
    assert sizes == [(64, 96), (32, 48), (16, 24)]
    assert found == pytest.approx(np.full((64, 96), 0.4))
    with pytest.raises(ArgumentError, match="uint8"):
        MultiScale(segment).predict(half_dark().astype(float))


def test_the_gate_on_a_shipped_model(dark_net):
    """The gate's damage is what is left of the middle; the model marks what is dark."""
    gray = np.full((64, 96), 255, np.uint8)
    gray[30:33, 10:90] = 0

    def damage(photo):
        return np.broadcast_to(np.arange(photo.shape[1]) < 48, photo.shape)

    with Segmenter(dark_net) as segmenter:
        plain = segmenter.probability(gray)
        gated = Gate(damage, segmenter.probability).predict(gray)
    assert (plain[30:33, 50:88] >= 0.5).all()
    assert np.array_equal(gated[:, :48], plain[:, :48])
    assert not gated[:, 48:].any()


def test_without_damage_the_segmenter_is_not_asked():
    def never(_):
        pytest.fail("the segmenter was called")

    gate = Gate(lambda gray: np.zeros(gray.shape, bool), never)
    assert not gate.predict(half_dark()).any()
