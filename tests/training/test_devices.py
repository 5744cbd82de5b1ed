"""Training on two devices at once, forced on the host: the same run as on one."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from cracknet.errors import TrainingError
from cracknet.synthesis import standard_scene, write_rendered_set
from cracknet.training.devices import data_parallel, dtype_policy

SCRIPT = """
import json, sys
from pathlib import Path
import keras
import numpy as np
from cracknet.training import building, learner
from cracknet.training.loop import train
from cracknet.training.recipe import Recipe

def tiny_net():
    image = keras.Input((None, None, 1))
    x = keras.layers.Rescaling(1 / 55, offset=-120 / 55)(image)
    x = keras.layers.Conv2D(8, 5, padding="same")(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))
    x = keras.layers.Conv2D(1, 1, name="logits")(x)
    return keras.Model(image, keras.layers.Activation("sigmoid")(x))

root, out, devices, until = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
building.NETS = learner.NETS = {"cracknet-lite": tiny_net}
recipe = Recipe.model_validate({
    "net": {"name": "cracknet-lite"},
    "data": [{"root": root}], "validation": [{"root": root}],
    "crops": {"size_px": 32},
    "run": {"steps": 4, "batch_size": 4, "devices": devices, "validate_every": 4},
})
shared = []
real = learner.Learner.learn
def learn(self, gray, mask):
    loss = real(self, gray, mask)
    kernel = self._trainer.trainable_variables[0].value
    shared.append(len(getattr(kernel, "sharding", kernel).device_set))
    return loss
learner.Learner.learn = learn
result = train(recipe, out, print, until)
print(json.dumps({"result": result, "devices": shared}))
"""


def test_a_policy_comes_back():
    before = keras.config.dtype_policy().name

    def broken_off():
        with dtype_policy("mixed_bfloat16"):
            assert keras.config.dtype_policy().name == "mixed_bfloat16"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert keras.config.dtype_policy().name == before


def test_one_device_asks_for_nothing():
    with data_parallel(1):
        assert keras.distribution.distribution() is None


@pytest.mark.skipif(keras.config.backend() == "jax", reason="JAX can")
def test_a_backend_that_cannot_is_refused():
    with pytest.raises(TrainingError, match="needs the JAX backend; this is"), data_parallel(2):
        pass


@pytest.mark.slow
@pytest.mark.backends
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_two_devices_train_as_one(tmp_path):
    """Weights agree number by number; a run of two devices, killed half way, goes on too."""
    photos = tmp_path / "photos"
    scene = dataclasses.replace(standard_scene(), height=48, width=64, cracks=(2, 2))
    write_rendered_set(photos, 3, scene, split="train")
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
    }

    def run(devices, until, name):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, photos, tmp_path / name, str(devices), str(until)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        said = json.loads(done.stdout.splitlines()[-1])
        with np.load(tmp_path / name / "last.npz") as kept:
            return said, [kept[key] for key in kept.files if key.startswith("variables")]

    alone, expected = run(1, 4, "alone")
    both, found = run(2, 4, "both")
    assert set(alone["devices"]) == {1}
    assert set(both["devices"]) == {2}
    for one, other in zip(expected, found, strict=True):
        # AdamW divides by a gradient's size: where that is rounding, so is the step's direction.
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-4)
    run(2, 2, "parts")
    _, again = run(2, 4, "parts")
    for one, other in zip(found, again, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-7)
    assert both["result"] == pytest.approx(alone["result"], abs=1e-3)
