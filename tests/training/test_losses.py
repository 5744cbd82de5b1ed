from __future__ import annotations

import keras
import numpy as np
import pytest

from cracknet.training.losses import CrossEntropyDice


def loss(logits, truth, cross_entropy=0.5, dice=0.5):
    value = CrossEntropyDice(cross_entropy, dice)(
        np.asarray(truth, np.float32), np.asarray(logits, np.float32)
    )
    value = keras.ops.convert_to_numpy(value)
    assert value.shape == ()
    return float(value)


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (3, 8, 12, 1))
    return logits, rng.random(logits.shape) < 0.2


def closed_form(logits, truth):
    """Return cross-entropy and Dice as the docstring has them, in float64."""
    p = 1 / (1 + np.exp(-logits))
    entropy = -np.mean(np.where(truth, np.log(p), np.log(1 - p)))
    return entropy, 1 - (2 * np.sum(truth * p) + 1) / (np.sum(truth) + np.sum(p) + 1)


@pytest.mark.parametrize("weights", [(1, 0), (0, 1), (0.5, 0.5), (0.4, 0.6), (2, 3)])
def test_closed_form(batch, weights):
    expected = np.dot(weights, closed_form(*batch))
    assert loss(*batch, *weights) == pytest.approx(expected, rel=1e-5)


def test_dice_is_of_the_whole_batch_not_of_each_image(batch):
    logits, truth = batch
    truth[1:] = False
    each = np.mean([closed_form(*pair)[1] for pair in zip(logits, truth, strict=True)])
    assert loss(logits, truth, 0, 1) == pytest.approx(closed_form(logits, truth)[1], rel=1e-5)
    assert abs(loss(logits, truth, 0, 1) - each) > 1e-2


@pytest.mark.parametrize("size", [1, 64])
@pytest.mark.parametrize("crack", [False, True])
def test_perfect_and_utterly_wrong(size, crack):
    truth = np.full((1, size, size, 1), crack)
    right, wrong = (np.full(truth.shape, 30.0 if sign else -30.0) for sign in (crack, not crack))
    assert loss(right, truth) == pytest.approx(0, abs=1e-6)
    dice = 1 - 1 / (size**2 + 1)
    assert loss(wrong, truth) == pytest.approx(0.5 * 30 + 0.5 * dice, rel=1e-5)


@pytest.mark.parametrize("logit", [-1e4, -100.0, 100.0, 1e4])
@pytest.mark.parametrize("crack", [False, True])
def test_large_logits_stay_finite_and_so_does_the_gradient(logit, crack):
    """A net that is sure gets a finite loss, linear in the logit where it is wrong."""
    value = loss(np.full((1, 4, 4, 1), logit), np.full((1, 4, 4, 1), crack), 1, 0)
    assert value == pytest.approx(0 if (logit > 0) == crack else abs(logit), abs=1e-6)

    start = keras.Input((4, 4, 1))
    trainer = keras.Model(start, keras.layers.Conv2D(1, 1)(start))
    trainer.compile(keras.optimizers.SGD(1e-6), CrossEntropyDice(), run_eagerly=True)
    trainer.set_weights([np.full((1, 1, 1, 1), logit, np.float32), np.zeros(1, np.float32)])
    trainer.train_on_batch(
        np.ones((1, 4, 4, 1), np.float32), np.full((1, 4, 4, 1), crack, np.float32)
    )
    assert all(np.isfinite(weight).all() for weight in trainer.get_weights())


def test_half_precision_logits_are_summed_in_full(batch):
    """Sums over 448x448 pixels overflow in float16; the loss casts first."""
    truth = np.zeros((4, 256, 256, 1), np.float32)
    logits = keras.ops.cast(np.full(truth.shape, 5.0), "float16")
    value = float(keras.ops.convert_to_numpy(CrossEntropyDice()(truth, logits)))
    assert value == pytest.approx(0.5 * np.log1p(np.exp(5)) + 0.5, rel=1e-4)


def test_a_better_net_has_a_lower_loss(batch):
    logits, truth = batch
    better = np.where(truth, np.abs(logits), -np.abs(logits))
    assert loss(better, truth) < loss(logits, truth) < loss(-better, truth)


def test_config_round_trip(batch):
    made = CrossEntropyDice(0.3, 0.7, name="mine")
    config = made.get_config()
    assert config == {"cross_entropy": 0.3, "dice": 0.7, "name": "mine"}
    again = CrossEntropyDice.from_config(config)
    assert (again.cross_entropy, again.dice, again.name) == (0.3, 0.7, "mine")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert copy.get_config() == config
