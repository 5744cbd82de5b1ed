"""Fine-tuning, on a net of two convolutions; the command line runs it on a real one."""

from __future__ import annotations

import base64
import dataclasses
import json
import shutil

import cv2
import keras
import numpy as np
import pytest

from cracknet.datasets.pairs import find_pairs
from cracknet.errors import ArgumentError, DatasetError, TrainingError
from cracknet.nets.blocks import crack_head
from cracknet.nets.net import Net
from cracknet.synthesis import standard_scene, write_rendered_set
from cracknet.training import building, learner
from cracknet.training.checkpoints import read_checkpoint
from cracknet.training.finetuning import FineTuning, annotated_set, finetune

OPTIONS = FineTuning(steps=6, batch_size=2, crop_px=32, seeds=2, learning_rate=1e-2)


class TinyNet(Net):
    def __init__(self, **kwargs):
        image = keras.Input((None, None, 1))
        x = keras.layers.Rescaling(1 / 55, offset=-120 / 55, name="standardise")(image)
        x = keras.layers.Conv2D(8, 5, padding="same", name="features")(x)
        x = keras.layers.BatchNormalization(momentum=0.5, name="features_bn")(x)
        x = keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="decoder_1")(x)
        super().__init__(inputs=image, outputs=crack_head(x), **kwargs)


@pytest.fixture(scope="module", autouse=True)
def _tiny_nets():
    with pytest.MonkeyPatch.context() as patch:
        for module in (building, learner):
            patch.setattr(module, "NETS", {"cracknet-lite": TinyNet})
        yield


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walls")
    scene = dataclasses.replace(standard_scene(), height=48, width=64, cracks=(2, 2))
    write_rendered_set(folder, 6, scene, split="train")
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    keras.utils.set_random_seed(1)
    path = tmp_path_factory.mktemp("first") / "first.weights.h5"
    TinyNet().save_weights(path)
    return path


@pytest.fixture(scope="module")
def options(weights):
    return dataclasses.replace(OPTIONS, weights=weights)


@pytest.fixture(scope="module")
def done(photos, options, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    lines = []
    return out, finetune(photos, out, options, lines.append), lines


def nothing(_):
    pass


def test_seeds_give_a_mean_and_a_spread(done):
    out, tuned, lines = done
    assert len(tuned.after) == 2
    values = [row["f1"] for row in tuned.after]
    assert values[0] != values[1]
    assert tuned.mean("f1") == pytest.approx(sum(values) / 2)
    assert tuned.spread("f1") == pytest.approx(abs(values[0] - values[1]) / 2**0.5)
    said = json.loads((out / "finetuning.json").read_text())
    assert said["after"] == list(tuned.after)
    assert said["spread"]["f1"] == pytest.approx(tuned.spread("f1"))
    assert out / said["best"] == tuned.best
    assert tuned.best.parent.name == f"seed-{1 + int(np.argmax(values))}"
    assert lines[0].startswith("before: precision ")


def test_before_is_the_first_weights_own_score(done, photos, weights):
    out, tuned, _ = done
    held = (out / "validation.txt").read_text().split()
    net = TinyNet()
    net.load_weights(weights)
    found = marked = 0
    for pair in find_pairs(photos, "train", only=held):
        gray, mask = pair.read()
        padded = np.pad(gray, ((0, 16), (0, 0)), mode="symmetric")[None, ..., None]
        crack = np.asarray(net(padded.astype(np.float32)))[0, : gray.shape[0], :, 0] >= 0.5
        found, marked = found + (crack & mask).sum(), marked + crack.sum()
    assert tuned.before["precision"] == pytest.approx(found / max(marked, 1))


def test_photographs_held_back_are_not_trained_on(done):
    out, *_ = done
    held = (out / "validation.txt").read_text().split()
    assert len(held) == 1  # a fifth of six
    for seed in (1, 2):
        recipe = json.loads((out / f"seed-{seed}" / "recipe.json").read_text())
        assert recipe["data"][0]["without"] == [recipe["validation"][0]["only"]]
        assert recipe["run"]["seed"] == seed


def test_a_set_s_own_validation_split_is_used(photos, options, tmp_path):
    walls = tmp_path / "walls"
    shutil.copytree(photos, walls)
    for kind in ("images", "masks"):
        shutil.copytree(walls / kind / "train", walls / kind / "val")
    one = dataclasses.replace(options, seeds=1, steps=1)
    finetune(walls, tmp_path / "out", one, nothing)
    assert not (tmp_path / "out" / "validation.txt").exists()
    recipe = json.loads((tmp_path / "out/seed-1/recipe.json").read_text())
    assert recipe["validation"][0]["split"] == "val"
    assert recipe["data"][0]["without"] == []


@pytest.mark.parametrize("freeze", [True, False])
def test_a_frozen_encoder_keeps_weights_and_statistics(photos, options, weights, tmp_path, freeze):
    frozen = dataclasses.replace(options, seeds=1, freeze_encoder=freeze)
    finetune(photos, tmp_path, frozen, nothing)
    first = TinyNet()
    first.load_weights(weights)
    kept = read_checkpoint(tmp_path / "seed-1").average
    moved = {
        variable.path: np.abs(np.asarray(variable) - value).max()
        for variable, value in zip(first.weights, kept, strict=True)
    }
    encoder = [change for path, change in moved.items() if path.startswith("features")]
    decoder = [change for path, change in moved.items() if not path.startswith("features")]
    assert len(encoder) == 6
    assert max(decoder) > 1e-3
    assert max(encoder) < 1e-6 if freeze else max(encoder) > 1e-3


def test_going_on_repeats_nothing(done, photos, options):
    out, tuned, _ = done
    before = (out / "seed-2" / "last.npz").read_bytes()
    again = finetune(photos, out, options, nothing)
    assert (out / "seed-2" / "last.npz").read_bytes() == before
    assert again.after == tuned.after


def test_labelme_files_become_a_set(photos, tmp_path):
    folder = tmp_path / "annotated"
    folder.mkdir()
    for k, pair in enumerate(find_pairs(photos, "train")):
        gray, _ = pair.read()
        content = {
            "version": "5.5.0",
            "flags": {},
            "shapes": [
                {
                    "label": "crack",
                    "points": [[3, 3], [40, 3], [40, 9], [3, 9]],
                    "shape_type": "polygon",
                    "flags": {},
                }
            ],
            "imagePath": f"{k}.png",
            "imageData": base64.b64encode(cv2.imencode(".png", gray)[1].tobytes()).decode(),
            "imageHeight": gray.shape[0],
            "imageWidth": gray.shape[1],
        }
        (folder / f"{k}.json").write_text(json.dumps(content))
    found = annotated_set(folder, tmp_path / "out")
    pairs = find_pairs(found, "train")
    assert len(pairs) == 6
    assert pairs[0].read()[1][5, 20]
    assert annotated_set(photos, tmp_path / "other") == photos
    (folder / "7.json").write_text("{}")
    with pytest.raises(DatasetError, match=r"1 of 7 Labelme files .*7\.json"):
        annotated_set(folder, tmp_path / "out")


def test_no_annotations(tmp_path):
    with pytest.raises(DatasetError, match="no Labelme file"):
        annotated_set(tmp_path, tmp_path / "out")


def test_weights_that_are_not_there(photos, tmp_path):
    missing = dataclasses.replace(OPTIONS, weights=tmp_path / "gone.npz")
    with pytest.raises(TrainingError, match=r"no weights of cracknet-lite at .*gone\.npz"):
        finetune(photos, tmp_path / "out", missing, nothing)


def test_too_few_photographs(photos, options, tmp_path):
    for share in (0.99, 1.5, 0):
        with pytest.raises(DatasetError, match="holds 6 photographs; a share of"):
            finetune(
                photos,
                tmp_path / "out",
                dataclasses.replace(options, validation_share=share),
                nothing,
            )


def test_no_seeds(photos, options, tmp_path):
    with pytest.raises(ArgumentError, match="at least 1; got 0"):
        finetune(photos, tmp_path, dataclasses.replace(options, seeds=0), nothing)
