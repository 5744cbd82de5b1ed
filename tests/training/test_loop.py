"""The loop, on a net of two convolutions; `test_loop_lite.py` runs it on a real one."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from cracknet.datasets.batches import make_batch
from cracknet.datasets.pairs import find_pairs
from cracknet.errors import DatasetError, OutputError, TrainingError
from cracknet.synthesis import standard_scene, write_rendered_set
from cracknet.training import building, learner, loop
from cracknet.training.checkpoints import read_checkpoint
from cracknet.training.data import training_plan
from cracknet.training.loop import train
from cracknet.training.recipe import Recipe
from cracknet.training.validation import validate

STEPS = 6


def tiny_net():
    """Build a net with all that the loop asks for: normalisation, logits, probability."""
    image = keras.Input((None, None, 1))
    x = keras.layers.Rescaling(1 / 55, offset=-120 / 55)(image)
    x = keras.layers.Conv2D(8, 5, padding="same", name="features")(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))
    x = keras.layers.Conv2D(1, 1, dtype="float32", name="logits")(x)
    return keras.Model(image, keras.layers.Activation("sigmoid", dtype="float32")(x))


@pytest.fixture(scope="module", autouse=True)
def _tiny_nets():
    with pytest.MonkeyPatch.context() as patch:
        for module in (building, learner):
            patch.setattr(module, "NETS", {"cracknet-lite": tiny_net})
        patch.setattr(learner, "AVERAGE_EVERY", 2)  # so that a run of 6 steps has an average
        yield


@pytest.fixture(autouse=True)
def _float32():
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    scene = dataclasses.replace(standard_scene(), height=72, width=88, cracks=(2, 2))
    write_rendered_set(folder, 3, scene, split="train")
    write_rendered_set(folder, 2, scene, split="val")
    return folder


@pytest.fixture(scope="module")
def recipe(photos):
    """Return a function: a recipe of a few steps, changed by sections' names and values."""

    def make(**changes):
        content = {
            "net": {"name": "cracknet-lite"},
            "data": [{"root": photos}],
            "validation": [{"root": photos, "split": "val"}],
            "crops": {"size_px": 64},
            "run": {
                "steps": STEPS,
                "batch_size": 2,
                "checkpoint_every": 2,
                "validate_every": 3,
                "seed": 4,
            },
        }
        for section, values in changes.items():
            if isinstance(values, dict):
                content[section] = content.get(section, {}) | values
            else:
                content[section] = values
        return Recipe.model_validate(content)

    return make


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory):
    """Give the folder, result and log of a run that nothing stopped."""
    out = tmp_path_factory.mktemp("run") / "whole"
    lines = []
    return out, train(recipe(), out, lines.append), lines


@pytest.fixture(scope="module")
def half(recipe, tmp_path_factory):
    """Give the folder of a run that was stopped at step 3 of 6."""
    out = tmp_path_factory.mktemp("run") / "half"
    train(recipe(), out, lambda _: None, until=3)
    return out


@pytest.fixture
def stopped(half, tmp_path):
    return Path(shutil.copytree(half, tmp_path / "run"))


def rows(path):
    with path.open(newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def assert_same_state(folder, other):
    """Weights, optimizer and average agree, number by number.

    On one machine TensorFlow's sums run in one order, and the states agree to the bit; the
    tolerance leaves room for others.
    """
    found, expected = read_checkpoint(folder), read_checkpoint(other)
    assert found.step == expected.step
    for kind in ("variables", "average"):
        for one, two in zip(getattr(found, kind), getattr(expected, kind), strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-6)


def test_a_run_s_files(whole, recipe):
    out, result, lines = whole
    assert sorted(path.name for path in out.iterdir()) == [
        "average.weights.h5",
        "best.json",
        "best.weights.h5",
        "last.npz",
        "recipe.json",
        "tensorboard",
        "training.csv",
        "validation.csv",
    ]
    assert Recipe.model_validate_json((out / "recipe.json").read_text()) == recipe()
    assert read_checkpoint(out).step == STEPS
    [row] = rows(out / "training.csv")
    assert row["step"] == STEPS
    assert 0 < row["loss"] < 5
    assert [row["step"] for row in rows(out / "validation.csv")] == [3, 6]
    assert result == pytest.approx(rows(out / "validation.csv")[-1])
    assert any(f"step {STEPS}/{STEPS}" in line for line in lines)


def test_the_best_weights_have_the_best_scores(whole, photos):
    out, *_ = whole
    best = json.loads((out / "best.json").read_text())
    scores = rows(out / "validation.csv")
    key = f"{photos.name}_f1"
    assert best[key] == pytest.approx(max(row[key] for row in scores))
    net = tiny_net()
    net.load_weights(out / "best.weights.h5")
    again = validate(net, {photos.name: find_pairs(photos, "val")})
    assert again == pytest.approx({name: best[name] for name in again}, abs=1e-6)


def test_training_changes_weights_and_average_follows(whole):
    out, *_ = whole
    kept = read_checkpoint(out)
    net = tiny_net()
    net.load_weights(out / "average.weights.h5")
    for weight, average in zip(net.get_weights(), kept.average, strict=True):
        np.testing.assert_allclose(weight, average, atol=1e-7)
    weights = kept.variables[: len(kept.average)]
    moved = [
        np.abs(weight - average).max()
        for weight, average in zip(weights, kept.average, strict=True)
    ]
    assert all(
        weight.shape == mean.shape for weight, mean in zip(weights, kept.average, strict=True)
    )
    assert max(moved) > 1e-4


def test_a_stopped_run_goes_on_as_if_it_had_not_been(stopped, whole, recipe):
    assert read_checkpoint(stopped).step == 3
    (stopped / "last.npz.part").write_bytes(b"left by a kill")
    lines = []
    result = train(recipe(), stopped, lines.append)
    assert_same_state(stopped, whole[0])
    assert result == pytest.approx(whole[1], abs=1e-6)
    assert [row["step"] for row in rows(stopped / "validation.csv")] == [3, 6]


def test_the_state_of_step_3_is_not_that_of_step_6(half, whole):
    """The comparison of the test above can fail."""
    first, last = read_checkpoint(half), read_checkpoint(whole[0])
    assert (
        max(np.abs(a - b).max() for a, b in zip(first.variables, last.variables, strict=True)) > 1
    )


def test_a_run_of_three_files_goes_on(stopped, whole, recipe):
    """Runs begun before version 0.1 kept variables, average and step in a file each."""
    kept = read_checkpoint(stopped)
    np.savez(stopped / "last.npz", *kept.variables)
    np.savez(stopped / "average.npz", *kept.average)
    (stopped / "state.json").write_text('{"step": 3}')
    train(recipe(), stopped, lambda _: None)
    assert_same_state(stopped, whole[0])


def test_a_run_killed_while_it_validates_validates_again(recipe, whole, tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "validate", killed)
        with pytest.raises(KeyboardInterrupt):
            train(recipe(), tmp_path, lambda _: None)
    assert read_checkpoint(tmp_path).step == 2
    train(recipe(), tmp_path, lambda _: None)
    assert_same_state(tmp_path, whole[0])
    found, expected = (rows(folder / "validation.csv") for folder in (tmp_path, whole[0]))
    for row, other in zip(found, expected, strict=True):
        assert row == pytest.approx(other, abs=1e-6)


def test_a_loss_that_is_no_number_ends_the_run(stopped, whole, recipe, monkeypatch):
    """The checkpoint before it is kept to the byte, and the run can go on from it."""
    before = (stopped / "last.npz").read_bytes()
    real = loop.batches

    def broken(*arguments):
        for gray, mask in real(*arguments):
            yield np.full_like(gray, np.nan), mask

    with monkeypatch.context() as patch:
        patch.setattr(loop, "batches", broken)
        with pytest.raises(TrainingError, match="nan at step 4"):
            train(recipe(), stopped, lambda _: None)
    assert (stopped / "last.npz").read_bytes() == before
    train(recipe(), stopped, lambda _: None)
    assert_same_state(stopped, whole[0])


def test_a_photograph_that_cannot_be_read_in_the_middle(recipe, photos, tmp_path):
    """The run ends with the file's name; mended, it goes on at the last checkpoint."""
    walls, out = tmp_path / "walls", tmp_path / "run"
    shutil.copytree(photos, walls)
    made = recipe(
        data=[{"root": walls}], run={"epochs": 4, "steps": None, "batch_size": 1, "seed": 1}
    )
    train(made, out, lambda _: None, until=4)
    before = (out / "last.npz").read_bytes()
    damaged = next((walls / "images/train").iterdir())
    content = damaged.read_bytes()
    damaged.write_bytes(content[:200])
    with pytest.raises(TrainingError, match=r"needs what cannot be read: .*go") as caught:
        train(made, out, lambda _: None)
    assert damaged.name in str(caught.value)
    assert (out / "last.npz").read_bytes() == before
    damaged.write_bytes(content)
    assert train(made, out, lambda _: None)["epoch"] == 4


def test_a_run_told_in_epochs(recipe, tmp_path):
    """Three photographs in batches of two: a step an epoch; validated after each."""
    made = recipe(run={"epochs": 3, "steps": None, "validate_every": None})
    result = train(made, tmp_path, lambda _: None)
    table = rows(tmp_path / "validation.csv")
    assert [(row["epoch"], row["step"]) for row in table] == [(1, 1), (2, 2), (3, 3)]
    assert result == pytest.approx(table[-1])
    assert all(0 <= row["training_precision"] <= 1 for row in table)
    assert all(0 <= row["training_recall"] <= 1 for row in table)
    assert table[0]["training_loss"] > 0


def test_figures_of_an_epoch_survive_a_kill_in_its_middle(recipe, tmp_path):
    """The tally is part of the checkpoint."""
    made = recipe(run={"validate_every": 6, "checkpoint_every": 1})
    train(made, tmp_path / "whole", lambda _: None)
    train(made, tmp_path / "parts", lambda _: None, until=2)
    train(made, tmp_path / "parts", lambda _: None)
    [one], [other] = (rows(tmp_path / name / "validation.csv") for name in ("whole", "parts"))
    assert other == pytest.approx(one, abs=1e-6)


@pytest.mark.parametrize(("name", "slots"), [("sgd", 1), ("adamw", 2)])
def test_optimizers_keep_their_momenta(recipe, tmp_path, name, slots):
    """SGD keeps one array for each weight, AdamW two."""
    train(recipe(optimizer={"name": name}, run={"steps": 2}), tmp_path, lambda _: None)
    net = tiny_net()
    kept = read_checkpoint(tmp_path).variables[len(net.weights) :]
    shapes = sorted(tuple(w.shape) for w in net.trainable_weights)
    slot_shapes = sorted(array.shape for array in kept if array.ndim)
    assert slot_shapes == sorted(shapes * slots)


def test_a_constant_rate_and_no_average(recipe, tmp_path):
    """The weights that are validated and saved are those of the last step."""
    made = recipe(
        optimizer={"name": "sgd", "schedule": "constant", "learning_rate": 0.01, "average": 0}
    )
    train(made, tmp_path, lambda _: None)
    kept = read_checkpoint(tmp_path)
    assert len(kept.average) == 0
    net = tiny_net()
    net.load_weights(tmp_path / "average.weights.h5")
    for weight, value in zip(net.get_weights(), kept.variables, strict=False):
        np.testing.assert_allclose(weight, value, atol=1e-7)
    [row] = rows(tmp_path / "training.csv")
    assert row["learning_rate"] == pytest.approx(0.01)


def test_masks_without_any_crack(recipe, tmp_path):
    """Precision and recall are 0, not a division by zero."""
    scene = dataclasses.replace(standard_scene(), height=72, width=88, cracks=(0, 0))
    write_rendered_set(tmp_path / "walls", 2, scene, split="train")
    walls = [{"root": tmp_path / "walls"}]
    result = train(recipe(data=walls, validation=walls), tmp_path / "run", lambda _: None)
    assert result["training_recall"] == result["walls_recall"] == result["walls_f1"] == 0


def test_a_mask_of_another_size_is_refused_before_the_first_step(recipe, photos, tmp_path):
    walls = tmp_path / "walls"
    shutil.copytree(photos, walls)
    mask = next((walls / "masks/train").iterdir())
    cv2.imwrite(str(mask), np.zeros((10, 12), np.uint8))
    with pytest.raises(DatasetError, match=r"12x10.*cracknet dataset check") as caught:
        train(recipe(data=[{"root": walls}]), tmp_path / "run", lambda _: None)
    assert mask.name in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_two_validation_sets_of_one_name(recipe, photos, tmp_path):
    twice = [{"root": photos, "split": "val"}, {"root": photos}]
    with pytest.raises(DatasetError, match="two validation sets have the name"):
        train(recipe(validation=twice), tmp_path, lambda _: None)


def test_expansion_in_place_of_crops(recipe, photos):
    """Photographs of 88x72 squeezed to 64x64; the crops of [crops] would differ."""
    plan = training_plan(recipe(expansion={"preset": "none", "fit": "resize"}))
    gray, _ = make_batch(plan, 0)
    whole, _ = find_pairs(photos, "train")[0].read()
    squeezed = [
        cv2.resize(pair.read()[0], (64, 64), interpolation=cv2.INTER_AREA).astype(int)
        for pair in find_pairs(photos, "train")
    ]
    assert whole.shape == (72, 88)
    assert min(np.abs(gray[0, ..., 0] - each).mean() for each in squeezed) < 3


def test_another_recipe_is_refused(stopped, recipe):
    before = {path: path.read_bytes() for path in stopped.rglob("*.*")}
    with pytest.raises(TrainingError, match="another recipe") as caught:
        train(recipe(optimizer={"learning_rate": 0.5}), stopped, lambda _: None)
    assert str(stopped) in str(caught.value)
    assert {path: path.read_bytes() for path in stopped.rglob("*.*")} == before


def test_a_finished_run_says_so(whole, recipe):
    out, *_ = whole
    before = (out / "last.npz").read_bytes()
    lines = []
    assert train(recipe(), out, lines.append) == {}
    assert lines == [f"the run in {out} stands at step {STEPS} already"]
    assert (out / "last.npz").read_bytes() == before


def test_data_that_is_not_there_leaves_no_recipe_behind(recipe, tmp_path):
    """A corrected recipe is not refused for the wrong one's sake."""
    with pytest.raises(DatasetError, match="nowhere"):
        train(recipe(data=[{"root": tmp_path / "nowhere"}]), tmp_path / "run", lambda _: None)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("side", ["data", "validation"])
def test_empty_set(recipe, tmp_path, side):
    (tmp_path / "images/train").mkdir(parents=True)
    with pytest.raises(DatasetError, match="no photographs"):
        train(recipe(**{side: [{"root": tmp_path}]}), tmp_path / "run", lambda _: None)


@pytest.mark.parametrize("key", ["weights", "encoder_weights"])
@pytest.mark.parametrize("content", [None, b"no weights"], ids=["missing", "garbage"])
def test_first_weights_that_cannot_be_read(recipe, tmp_path, key, content):
    path = tmp_path / "first.weights.h5"
    if content:
        path.write_bytes(content)
    with pytest.raises(TrainingError, match="cannot be read") as caught:
        train(recipe(net={key: path}), tmp_path / "run", lambda _: None)
    assert str(path) in str(caught.value)


def test_run_folder_that_is_a_file(recipe, tmp_path):
    path = tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        train(recipe(), path, lambda _: None)
    assert path.read_text() == "mine"


def test_a_run_goes_on_from_a_model_s_weights(recipe, whole, tmp_path):
    """With hardly a learning rate, the weights after a step are those that it began with."""
    first = whole[0] / "best.weights.h5"
    train(
        recipe(
            net={"weights": first},
            optimizer={"learning_rate": 1e-9, "weight_decay": 0},
            run={"steps": 1},
        ),
        tmp_path,
        lambda _: None,
    )
    net = tiny_net()
    assert not np.allclose(net.get_weights()[0], read_checkpoint(tmp_path).variables[0], atol=1e-3)
    net.load_weights(first)
    for variable, kept in zip(net.weights, read_checkpoint(tmp_path).variables, strict=False):
        if variable.trainable:
            np.testing.assert_allclose(kept, keras.ops.convert_to_numpy(variable), atol=1e-6)


def test_a_run_learns(recipe, tmp_path):
    train(
        recipe(
            crops={"light": 0, "scale": (1, 1), "empty_share": 0},
            optimizer={"learning_rate": 1e-2, "warmup_steps": 5},
            run={"steps": 80, "checkpoint_every": 80, "validate_every": 80},
        ),
        tmp_path,
        lambda _: None,
    )
    losses = [row["loss"] for row in rows(tmp_path / "training.csv")]
    assert len(losses) == 4
    assert losses[3] < 0.85 * losses[0]


def test_a_run_in_bfloat16_goes_on_too(recipe, tmp_path):
    """Weights and average are kept in float32."""
    made = recipe(run={"dtype": "mixed_bfloat16", "steps": 2})
    train(made, tmp_path, lambda _: None, until=1)
    result = train(made, tmp_path, lambda _: None)
    kept = read_checkpoint(tmp_path)
    assert kept.step == result["step"] == 2
    assert {array.dtype for array in kept.average} == {np.dtype(np.float32)}
    assert all(np.isfinite(array).all() for array in (*kept.variables, *kept.average))


def test_validate_counts_every_pixel_of_the_photograph_alone(photos):
    """A net that finds all bright pixels, on photographs of no multiple of 32."""
    image = keras.Input((None, None, 1))
    net = keras.Model(image, keras.layers.Rescaling(1 / 255)(image))
    pairs = find_pairs(photos, "val")
    result = validate(net, {"val": pairs})
    found = crack = both = 0
    for gray, mask in (pair.read() for pair in pairs):
        bright = gray.astype(np.float32) / 255 >= 0.5
        found, crack, both = found + bright.sum(), crack + mask.sum(), both + (bright & mask).sum()
    assert result["val_f1"] == pytest.approx(2 * both / (found + crack))
    assert result["val_ods"] >= result["val_f1"]
    assert 0.01 <= result["val_ods_at"] <= 0.99
