"""`cracknet train`, `export` and `evaluate` as typed: what they print, write and return."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from cracknet.cli import main
from cracknet.synthesis import SceneOptions, write_rendered_set

RECIPE = """
[net]
name = "cracknet-lite"
[[data]]
root = "set"
[[validation]]
root = "set"
[crops]
size_px = 64
[run]
steps = 2
batch_size = 1
"""

pytestmark = pytest.mark.usefixtures("_keras_environment")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A set of 3 photographs to score, and a list that names one."""
    folder = tmp_path_factory.mktemp("data") / "walls"
    options = SceneOptions(height=96, width=128, cracks=(2, 2), width_px=(4, 9))
    write_rendered_set(folder, 3, options, split="test", vary=False)
    (folder / "one.txt").write_text("rendered_00001\n")
    (folder / "none.txt").write_text("# nothing\n")
    (folder / "wrong.txt").write_text("zebra\n")
    return folder


@pytest.fixture
def run(capsys):
    """Return a function: words in; exit status, output and errors out."""

    def command(*words):
        status = main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, " ".join(err.split())

    return command


def test_evaluate_writes_what_it_prints(run, photos, tmp_path):
    file = tmp_path / "scores.json"
    status, out, _ = run("evaluate", "cracknet-lite", photos, "--threshold", 0.4, "--json", file)
    assert status == 0
    scores = json.loads(file.read_text())
    assert scores["model"] == "cracknet-lite"
    assert set(scores["model_sha256"]) == {"cracknet-lite.xml", "cracknet-lite.bin"}
    assert (scores["set"], scores["split"], scores["photos"]) == ("walls", "test", 3)
    assert scores["threshold"] == 0.4
    assert scores["engine"] == "openvino"
    for key in ("precision", "recall", "f1", "ods", "ods_at", "crack_share"):
        assert 0 < scores[key] <= 1, key
    harmonic = 2 / (1 / scores["precision"] + 1 / scores["recall"])
    assert scores["f1"] == pytest.approx(harmonic)
    assert scores["f1"] <= scores["ods"]
    assert "threshold 0.4" in out
    assert f"{scores['f1']:.4f}" in out
    assert f"ODS {scores['ods']:.4f}" in out
    assert "3 photographs" in out


def test_evaluate_counts_the_masks_it_is_given(run, photos, dark_net, tmp_path):
    """The share of crack pixels is that of the mask files."""
    file = tmp_path / "scores.json"
    assert run("evaluate", dark_net, photos, "--json", file, "--jobs", 1)[0] == 0
    masks = [
        cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 0
        for path in sorted((photos / "masks/test").iterdir())
    ]
    assert json.loads(file.read_text())["crack_share"] == pytest.approx(np.mean(masks))


def test_evaluate_only_listed_photographs(run, photos, dark_net, tmp_path):
    file = tmp_path / "scores.json"
    words = ("evaluate", dark_net, photos, "--only", photos / "one.txt", "--json", file)
    assert run(*words)[0] == 0
    scores = json.loads(file.read_text())
    assert scores["photos"] == 1
    assert scores["split"] == "test, listed in one.txt"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["evaluate", "cracknet-lite", "nowhere"], "no folder nowhere/images/test"),
        (["evaluate", "cracknet-lite", "{photos}", "--split", "val"], "images/val"),
        (["evaluate", "no-such-model", "{photos}"], "no model 'no-such-model'"),
        (["evaluate", "{photos}/one.txt", "{photos}"], ".xml) or ONNX (.onnx)"),
        (["evaluate", "cracknet-lite", "{photos}", "--threshold", "1.5"], "got 1.5"),
        (["evaluate", "cracknet-lite", "{photos}", "--threshold", "nan"], "got nan"),
        (["evaluate", "cracknet-lite", "{photos}", "--engine", "abacus"], "'abacus'"),
        (["evaluate", "cracknet-lite", "{photos}", "--precision", "f8"], "'f8'"),
        (["evaluate", "cracknet-lite", "{photos}", "--jobs", "0"], "got 0"),
        (["evaluate", "cracknet-lite", "{photos}", "--only", "{photos}/gone.txt"], "gone.txt"),
        (["evaluate", "cracknet-lite", "{photos}", "--only", "{photos}/wrong.txt"], "'zebra'"),
        (
            ["evaluate", "cracknet-lite", "{photos}", "--only", "{photos}/none.txt"],
            "no photographs",
        ),
        (["evaluate", "cracknet-lite"], "Missing argument"),
        (["evaluate", "cracknet-lite", "{photos}", "--fast"], "--fast"),
        (["train", "gone.toml", "-o", "run"], "gone.toml cannot be read"),
        (["train", "gone.toml"], "Missing option '--out'"),
        (["train", "gone.toml", "-o", "run", "--until", "0"], "'--until'"),
        (["train", "gone.toml", "-o", "run", "--backend", "abacus"], "'--backend'"),
        (["export", "gone.h5", "-o", "model.pt"], "must end in .xml"),
        (["export", ".", "-o", "gate.xml"], "cannot be read as a classifier's run"),
        (["export", "gone.h5", "-o", "model.xml", "--format", "onnx"], "must end in .xml"),
        (["export", "gone.h5", "-o", "model.onnx", "--net", "unet"], "got 'unet'"),
        (["export", "gone.h5", "-o", "model.xml", "--tile", "100"], "from 64 on; got 100"),
        (["export", "gone.h5"], "Missing option '--out'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_said_and_ends_with_2(run, photos, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    status, _, err = run(*[word.format(photos=photos) for word in words])
    assert said in err
    assert err.startswith("Error: ")
    assert status == 2
    assert list(tmp_path.iterdir()) == []


def test_evaluate_names_the_photograph_that_fails(run, photos, dark_net, tmp_path):
    for kind in ("images", "masks"):
        (tmp_path / kind / "test").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "masks/test/a.png"), np.zeros((4, 4), np.uint8))
    (tmp_path / "images/test/a.png").write_bytes(b"nothing")
    status, _, err = run("evaluate", dark_net, tmp_path)
    assert status == 2
    assert "a.png" in err


def test_evaluate_says_when_the_numbers_cannot_be_written(run, photos, dark_net, tmp_path):
    (tmp_path / "file").write_text("mine")
    status, _, err = run("evaluate", dark_net, photos, "--json", tmp_path / "file" / "scores.json")
    assert status == 1
    assert "cannot be written" in err


def test_train_names_the_key_that_is_wrong(run, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE + "stepps = 3\n")
    status, _, err = run("train", path, "-o", tmp_path / "run")
    assert status == 2
    assert "run.stepps" in err
    assert not (tmp_path / "run").exists()


def test_train_without_its_data(run, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    status, _, err = run("train", path, "-o", tmp_path / "run")
    assert status == 2
    assert f"no folder {tmp_path / 'set' / 'images' / 'train'}" in err
    assert not (tmp_path / "run").exists()


def test_export_without_weights(run, tmp_path):
    status, _, err = run("export", tmp_path / "gone.weights.h5", "-o", tmp_path / "m.onnx")
    assert status == 1
    assert f"no weights at {tmp_path / 'gone.weights.h5'}" in err


def test_export_to_a_folder_that_cannot_be(run, tmp_path):
    from cracknet.nets import NETS

    NETS["cracknet-lite"]().save_weights(tmp_path / "best.weights.h5")
    (tmp_path / "file").write_text("mine")
    status, _, err = run("export", tmp_path / "best.weights.h5", "-o", tmp_path / "file/m.keras")
    assert status == 1
    assert "cannot be written" in err


@pytest.mark.slow
def test_from_photographs_to_scores(run, tmp_path):
    """Train in two pieces, export, evaluate: what a researcher types, in one go."""
    options = SceneOptions(height=64, width=96, cracks=(1, 2))
    write_rendered_set(tmp_path / "set", 2, options)
    recipe, out = tmp_path / "recipe.toml", tmp_path / "run"
    recipe.write_text(RECIPE)
    for words, step in ((["--until", 1], 1), ([], 2)):
        status, printed, _ = run("train", recipe, "-o", out, *words)
        assert status == 0
        assert f"step {step}/2" in printed
    recipe.write_text(RECIPE.replace("steps = 2", "steps = 3"))
    status, _, err = run("train", recipe, "-o", out)
    assert status == 1
    assert "another recipe" in err

    model = tmp_path / "models" / "mine.xml"
    status, printed, _ = run("export", out / "best.weights.h5", "-o", model, "--full")
    assert status == 0
    assert "3,845,569 parameters" in printed
    status, printed, _ = run(
        "evaluate", model, tmp_path / "set", "--split", "train", "--precision", "f32",
        "--json", tmp_path / "scores.json",
    )  # fmt: skip
    assert status == 0
    scores = json.loads((tmp_path / "scores.json").read_text())
    validated = json.loads((out / "best.json").read_text())
    assert scores["model"] == "mine"
    # tiles of 192 px and mirrored edges against the whole photograph at once: alike, not equal
    assert scores["ods"] == pytest.approx(validated["set_ods"], abs=0.1)
