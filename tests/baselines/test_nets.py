"""A net of a run as a baseline."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

import cracknet.baselines.nets as rooms
from cracknet.baselines.nets import NetBaseline, net_of_run
from cracknet.errors import ArgumentError, TrainingError
from cracknet.nets import NETS
from cracknet.training.recipe import Recipe


def small_net():
    image = keras.Input((None, None, 1), name="gray")
    x = layers.Rescaling(-1 / 255, offset=1)(image)
    x = layers.Conv2D(1, 1, kernel_initializer="ones", name="score")(x)
    return keras.Model(image, x)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "NETS", {**NETS, "fcn-8s": small_net})
    recipe = Recipe.model_validate(
        {
            "net": {"name": "fcn-8s"},
            "data": [{"root": tmp_path}],
            "validation": [{"root": tmp_path}],
            "run": {"steps": 1},
        }
    )
    (tmp_path / "recipe.json").write_text(recipe.model_dump_json())
    net = small_net()
    net.get_layer("score").kernel.assign([[[[0.5]]]])
    net.save_weights(tmp_path / "best.weights.h5")
    return tmp_path


def test_a_run_s_net_predicts_at_any_size(run):
    system = NetBaseline(net_of_run(run), "fcn-8s", threshold=0.3)
    gray = np.full((50, 70), 255, np.uint8)
    gray[20] = 0  # the net says 0.5 here
    found = system.predict(gray)
    assert found.shape == gray.shape
    assert np.array_equal(found >= 0.5, gray == 0)
    assert found[20, 3] == pytest.approx(0.5 + 0.2 * 0.5 / 0.7)
    assert system.parameters == 2
    with pytest.raises(ArgumentError, match="uint8"):
        system.predict(gray.astype(float))


def test_a_folder_without_a_run_is_told(run, tmp_path):
    with pytest.raises(TrainingError, match="cracknet train"):
        net_of_run(tmp_path / "nothing")
    with pytest.raises(TrainingError, match=r"average\.weights\.h5"):
        net_of_run(run, "average.weights.h5")
