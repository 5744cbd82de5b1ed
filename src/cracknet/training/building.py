"""A recipe's net with its first weights, and its optimizer."""

from __future__ import annotations

import keras

from cracknet.nets import NETS, Net
from cracknet.training.recipe import Recipe
from cracknet.training.weights import load_arrays, load_weights


def build_net(recipe: Recipe) -> Net:
    """Build a recipe's net under the current dtype policy, with its first weights.

    Raises
    ------
    TrainingError
        When the weights cannot be read or are of another net.
    """
    keras.utils.set_random_seed(recipe.run.seed)
    net = NETS[recipe.net.name]()
    if recipe.net.encoder_weights:
        load_arrays(net, recipe.net.encoder_weights)
    if recipe.net.weights:
        load_weights(net, recipe.net.weights)
    if recipe.net.freeze_encoder:
        for layer in net.encoder_layers:
            layer.trainable = False
    return net


def build_optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """Build a recipe's optimizer for a run of `steps` steps."""
    options = recipe.optimizer
    rate: float | keras.optimizers.schedules.LearningRateSchedule = options.learning_rate
    warmup = min(options.warmup_steps, steps - 1)
    if options.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            options.learning_rate / 100 if warmup else options.learning_rate,
            decay_steps=steps - warmup,
            warmup_target=options.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    clip = options.clip_norm or None
    if options.name == "sgd":
        return keras.optimizers.SGD(rate, momentum=options.momentum, global_clipnorm=clip)
    optimizer = keras.optimizers.AdamW(
        rate, weight_decay=options.weight_decay, global_clipnorm=clip
    )
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer
