"""Statistics of batch normalisation taken anew: what the layers see, and nothing else changed."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cracknet.errors import ArgumentError
from cracknet.training.statistics import renew_statistics


def make_net(momentum=0.97):
    inputs = keras.Input((None, None, 1))
    x = keras.layers.BatchNormalization(momentum=momentum, name="first")(inputs)
    x = keras.layers.Conv2D(1, 1, name="double", kernel_initializer=lambda *_, **__: [[[[2.0]]]])(x)
    return keras.Model(inputs, keras.layers.BatchNormalization(momentum=momentum, name="last")(x))


def test_statistics_are_the_averages_over_batches():
    net = make_net()
    kernel = net.get_layer("double").get_weights()
    batches = [np.random.default_rng(k).uniform(0, 50 * (k + 1), (2, 8, 8, 1)) for k in range(3)]
    assert renew_statistics(net, batches) == 2
    first, last = net.get_layer("first"), net.get_layer("last")
    assert np.asarray(first.moving_mean) == pytest.approx(np.mean([b.mean() for b in batches]))
    variance = np.mean([b.var() for b in batches])
    assert np.asarray(first.moving_variance) == pytest.approx(variance, rel=1e-5)
    # In training each batch is normalised by its own statistics, and doubled.
    assert np.asarray(last.moving_mean) == pytest.approx(0, abs=1e-4)
    assert np.asarray(last.moving_variance) == pytest.approx(4, rel=1e-4)
    assert net.get_layer("double").get_weights()[0] == pytest.approx(kernel[0])


def test_what_stood_there_is_forgotten():
    nets = make_net(), make_net()
    nets[0].get_layer("first").moving_variance.assign([-3.0])  # of weights beyond a part
    for net in nets:
        renew_statistics(net, [np.arange(64.0).reshape(1, 8, 8, 1)])
    for one, other in zip(nets[0].get_weights(), nets[1].get_weights(), strict=True):
        assert one == pytest.approx(other)


def test_momentum_stays_even_after_an_error():
    net = make_net(momentum=0.9)
    with pytest.raises(ArgumentError, match="at least one batch"):
        renew_statistics(net, [])
    with pytest.raises(ValueError, match="shape"):
        renew_statistics(net, [np.zeros((1, 8, 8, 1)), np.zeros((1, 8, 8, 3))])
    assert [net.get_layer(name).momentum for name in ("first", "last")] == [0.9, 0.9]


def test_a_net_without_batch_normalisation():
    inputs = keras.Input((None, None, 1))
    net = keras.Model(inputs, keras.layers.Conv2D(1, 1)(inputs))
    assert renew_statistics(net, [np.zeros((1, 8, 8, 1))]) == 0


def test_frozen_layers_stay():
    net = make_net()
    net.get_layer("first").trainable = False
    assert renew_statistics(net, [np.full((1, 8, 8, 1), 9.0)]) == 1
    assert np.asarray(net.get_layer("first").moving_mean) == 0
    assert np.asarray(net.get_layer("last").moving_mean) == pytest.approx(18, rel=1e-2)
