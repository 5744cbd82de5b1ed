"""The wide convolutions of the FCNs: one matrix product in training, a convolution otherwise."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from cracknet.nets import NETS
from cracknet.nets.vgg16 import WideConv2D


def _pair(kernel: int) -> tuple[keras.Model, keras.Model]:
    """Give the same convolution as this project's layer and as Keras'."""
    made = []
    for kind in (WideConv2D, layers.Conv2D):
        image = keras.Input((None, None, 5))
        layer = kind(7, kernel, padding="same", activation="relu", name="wide")
        made.append(keras.Model(image, layer(image)))
    draw = np.random.default_rng(3)
    weights = [draw.normal(size=w.shape) for w in made[0].get_weights()]
    for net in made:
        net.set_weights(weights)
    return made[0], made[1]


@pytest.mark.parametrize("kernel", [1, 3, 7])
@pytest.mark.parametrize("shape", [(4, 4), (3, 6), (1, 1), (12, 17)])
def test_the_product_is_the_convolution(kernel, shape):
    """Also where the map is smaller than the kernel."""
    wide, plain = _pair(kernel)
    image = np.random.default_rng(4).normal(size=(2, *shape, 5)).astype(np.float32)
    expected = ops.convert_to_numpy(plain(image, training=True))
    assert expected.any()
    for training in (True, False):
        found = ops.convert_to_numpy(wide(image, training=training))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_it_learns_as_the_convolution_does():
    draw = np.random.default_rng(5)
    image = draw.normal(size=(2, 4, 5, 5)).astype(np.float32)
    target = draw.normal(size=(2, 4, 5, 7)).astype(np.float32)
    learned = []
    for net in _pair(7):
        net.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse", jit_compile=False)
        before = net.get_weights()
        net.train_on_batch(image, target)
        learned.append([new - old for new, old in zip(net.get_weights(), before, strict=True)])
    for found, expected in zip(*learned, strict=True):
        assert np.abs(expected).max() > 1e-4
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


def test_the_fcns_use_it_and_come_back_from_a_file(tmp_path):
    net = NETS["fcn-32s"](top_filters=8)
    assert [type(net.get_layer(name)) for name in ("fc6", "fc7")] == [WideConv2D] * 2
    net.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras")
    image = np.full((1, 64, 64, 1), 90, np.float32)
    np.testing.assert_array_equal(net(image), again(image))
