"""The residual encoder against Keras Applications', and what dilation does to it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cracknet.nets import DeepLabV2, ResNet45
from cracknet.nets.resnet import resnet_features


@pytest.fixture(scope="module")
def gray():
    return np.random.default_rng(2).uniform(0, 100, (1, 64, 96, 1)).astype(np.float32)


def encoder(**options):
    image = keras.Input((None, None, 1))
    return keras.Model(image, resnet_features(image, **options))


def with_weights(net):
    return {layer.name: layer for layer in net.layers if layer.weights}


def test_without_dilation_it_is_keras_applications_resnet101(gray):
    keras.utils.set_random_seed(0)
    reference = keras.applications.ResNet101(
        include_top=False, weights=None, input_shape=(64, 96, 1)
    )
    ours = encoder(blocks=(3, 4, 23, 3))
    expected, found = with_weights(reference), with_weights(ours)
    assert expected.keys() == found.keys()
    for name, layer in expected.items():
        found[name].set_weights(layer.get_weights())
    result = np.asarray(ours(gray, training=False)["conv5"])
    np.testing.assert_allclose(result, np.asarray(reference(gray, training=False)), rtol=1e-5)
    assert result.std() > 0.1


def test_dilation_keeps_the_resolution_and_the_weights(gray):
    plain = encoder(blocks=(1, 1, 2, 1), filters=4)
    wide = encoder(blocks=(1, 1, 2, 1), filters=4, dilations=(1, 1, 2, 4))
    assert [w.shape for w in plain.weights] == [w.shape for w in wide.weights]
    for net, scales in ((plain, (4, 8, 16, 32)), (wide, (4, 8, 8, 8))):
        found = net(gray, training=False)
        stages = [found[f"conv{stage}"].shape for stage in (2, 3, 4, 5)]
        assert [(64 // s[1], 96 // s[2]) for s in stages] == [(k, k) for k in scales]
    rates = {
        stage: wide.get_layer(f"conv{stage}_block1_2_conv").dilation_rate for stage in (3, 4, 5)
    }
    assert rates == {3: (1, 1), 4: (2, 2), 5: (4, 4)}


def test_deeplab_s_pyramid_looks_at_four_rates():
    net = DeepLabV2(blocks=(1, 1, 1, 1), filters=4)
    rates = [net.get_layer(f"aspp_{rate}").dilation_rate[0] for rate in (6, 12, 18, 24)]
    assert rates == [6, 12, 18, 24]
    inner = keras.Model(net.input, net.get_layer("aspp_sum").output)
    assert inner(np.zeros((1, 64, 96, 1), np.float32)).shape == (1, 8, 12, 1)


@pytest.mark.parametrize(("fine", "sharpest"), [(False, 8), (True, 2)])
def test_the_fine_form_has_the_higher_output_resolution(fine, sharpest):
    """Scores are enlarged bilinearly from 1/8, or from 1/2."""
    net = DeepLabV2(blocks=(1, 1, 1, 1), filters=4, fine=fine)
    assert net.get_layer("logits").size == (sharpest, sharpest)


def test_resnet_45_has_45_layers():
    """Convolutions along the way, without the projections beside it."""
    net = ResNet45()
    path = [
        layer.name
        for layer in net.encoder_layers
        if isinstance(layer, keras.layers.Conv2D) and "_0_conv" not in layer.name
    ]
    assert len(path) == 45
