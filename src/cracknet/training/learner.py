"""A net, its optimizer and the running average of its weights: what a step changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from cracknet.errors import TrainingError
from cracknet.nets import NETS
from cracknet.training.building import build_net, build_optimizer
from cracknet.training.checkpoints import Checkpoint
from cracknet.training.devices import dtype_policy
from cracknet.training.losses import CrossEntropyDice
from cracknet.training.recipe import Recipe
from cracknet.training.tally import PixelCounts, Tally

AVERAGE_EVERY = 5


class Learner:
    """Learns step by step; its whole state goes into a checkpoint and comes back from it.

    Parameters
    ----------
    recipe : Recipe
    steps : int
        Steps of the whole run.

    Attributes
    ----------
    step : int
        Steps done.
    tally : Tally
        Figures of the steps since `tally` was last set anew.

    Raises
    ------
    TrainingError
        When the first weights cannot be read.
    """

    def __init__(self, recipe: Recipe, steps: int) -> None:
        with dtype_policy(recipe.run.dtype):
            net = build_net(recipe)
            self._trainer = keras.Model(net.input, net.get_layer("logits").output)
        with dtype_policy("float32"):
            self._shadow = NETS[recipe.net.name]()
        self._net = net
        self._optimizer = build_optimizer(recipe, steps)
        self._optimizer.build(self._trainer.trainable_variables)
        self._momentum = recipe.optimizer.average
        self._average = [np.asarray(weight, np.float32) for weight in net.get_weights()]
        self.step = 0
        self.tally = Tally()
        self._trainer.compile(
            optimizer=self._optimizer,
            loss=CrossEntropyDice(recipe.loss.cross_entropy, recipe.loss.dice),
            metrics=[PixelCounts()],
            jit_compile=keras.config.backend() == "jax",
        )

    @property
    def learning_rate(self) -> float:
        """That of the next step."""
        return float(keras.ops.convert_to_numpy(self._optimizer.learning_rate))

    def learn(self, gray: npt.NDArray[np.float32], mask: npt.NDArray[np.float32]) -> float:
        """Do one step on a batch and return its loss.

        Raises
        ------
        TrainingError
            When the loss is not finite.
        """
        self._trainer.reset_metrics()
        logs = self._trainer.train_on_batch(gray, mask, return_dict=True)
        loss = self.tally.add(logs)
        if not np.isfinite(loss):
            msg = (
                f"the loss is {loss} at step {self.step + 1}. Lower optimizer.learning_rate; the "
                "last checkpoint is kept."
            )
            raise TrainingError(msg)
        self.step += 1
        if self._momentum and self.step % AVERAGE_EVERY == 0:
            # Early on the average follows the weights more closely.
            keep = min(self._momentum, (1 + self.step) / (10 + self.step)) ** AVERAGE_EVERY
            for old, new in zip(self._average, self._net.get_weights(), strict=True):
                old *= keep
                old += (1 - keep) * np.asarray(new, np.float32)
        return loss

    def averaged(self) -> keras.Model:
        """Return a float32 net with the averaged weights; the next call changes it."""
        self._shadow.set_weights(self._average if self._momentum else self._net.get_weights())
        return self._shadow

    def checkpoint(self) -> Checkpoint:
        """Return the whole state."""
        state = [keras.ops.convert_to_numpy(value) for value in self._state()]
        average = self._average if self._momentum else []
        return Checkpoint(self.step, state, average, self.tally.sums)

    def restore(self, checkpoint: Checkpoint, path: Path) -> None:
        """Take the state of a checkpoint, which `path` names in errors.

        Raises
        ------
        TrainingError
            When it is of another net or optimizer.
        """
        variables = self._state()
        shapes = [tuple(variable.shape) for variable in variables]
        if shapes != [value.shape for value in checkpoint.variables]:
            msg = f"the checkpoint in {path} does not fit the recipe's net and optimizer."
            raise TrainingError(msg)
        for variable, value in zip(variables, checkpoint.variables, strict=True):
            variable.assign(value)
        self._average = list(checkpoint.average)
        self.step = checkpoint.step
        self.tally = Tally(checkpoint.tally)

    def _state(self) -> list[Any]:
        """List all that changes from step to step, in the order of a checkpoint.

        Not the metrics: they begin anew with each step.
        """
        return [*self._trainer.variables, *self._optimizer.variables]
