"""`cracknet evaluate` as typed: models, folders of predictions, tables, and what goes wrong."""

from __future__ import annotations

import csv
import json
import shutil

import cv2
import numpy as np
import pytest

from cracknet.cli import main
from cracknet.synthesis import SceneOptions, write_rendered_set


@pytest.fixture(scope="module")
def walls(tmp_path_factory):
    """A set of 3 photographs to score, and masks of what must not be marked for two."""
    folder = tmp_path_factory.mktemp("data") / "walls"
    options = SceneOptions(height=96, width=128, cracks=(2, 2), width_px=(4, 9))
    write_rendered_set(folder, 3, options, split="test", vary=False)
    (folder / "joints").mkdir()
    for number in (0, 1):
        joint = np.zeros((96, 128), np.uint8)
        joint[:, :20] = 255
        cv2.imwrite(str(folder / f"joints/rendered_{number:05d}.png"), joint)
    (folder / "one.txt").write_text("rendered_00001\n")
    return folder


@pytest.fixture
def run(capsys):
    """Return a function: words in; exit status, output and errors out."""

    def command(*words):
        status = main(["evaluate", *map(str, words)])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, " ".join(err.split())

    return command


@pytest.fixture
def predictions(walls, tmp_path, dark_net, capsys):
    """What `cracknet segment` writes for the set."""
    out = tmp_path / "predictions"
    words = ["segment", walls / "images/test", "-o", out, "-m", dark_net, "--precision", "f32"]
    assert main([str(word) for word in words]) == 0
    capsys.readouterr()
    return out


def test_tables_of_a_model(run, walls, dark_net, tmp_path):
    files = [tmp_path / f"scores.{ending}" for ending in ("json", "csv", "md")]
    status, out, err = run(
        dark_net, walls, "-t", 0.333, "--distractors", walls / "joints",
        "--json", files[0], "--csv", files[1], "--markdown", files[2],
    )  # fmt: skip
    assert (status, err) == (0, "")
    scores = json.loads(files[0].read_text())
    rows = list(csv.DictReader(files[1].read_text().splitlines()))
    assert scores["threshold"] == 0.333
    assert scores["protocol"] == rows[-1]["protocol"]
    assert len(rows) == 6
    assert float(rows[-1]["f1"]) == scores["f1"]
    assert rows[2]["distractor_share"] == ""
    assert 0 < scores["distractor_share"] <= 1
    for name in ("f1", "f1_2px", "f1_5px", "cl_dice", "ods", "ois", "average_precision"):
        assert 0 < scores[name] <= 1
        assert f"{scores[name]:.4f}" in out
        assert f"{scores[name]:.4f}" in files[2].read_text()
    assert "dark on walls test: 3 photographs" in out


def test_the_threshold_is_exact(run, walls, dark_net, tmp_path):
    """The model gives 1 - gray / 255: at 0.333 gray values to 170 are crack."""
    file = tmp_path / "scores.json"
    assert run(dark_net, walls, "--precision", "f32", "-t", 0.333, "--json", file)[0] == 0
    predicted = right = 0
    for path in sorted((walls / "images/test").iterdir()):
        truth = cv2.imread(str(walls / f"masks/test/{path.stem}.png"), cv2.IMREAD_GRAYSCALE) > 0
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) <= 0.667 * 255
        predicted, right = predicted + mask.sum(), right + (mask & truth).sum()
    scores = json.loads(file.read_text())
    assert scores["true_positive"] == right
    assert scores["false_positive"] == predicted - right


def test_a_folder_of_predictions_scores_as_the_model_that_made_it(
    run, walls, dark_net, predictions, tmp_path
):
    """Files hold probabilities to 1/255, and this model's are multiples of it."""
    of_model, of_files = tmp_path / "model.json", tmp_path / "files.json"
    assert run(dark_net, walls, "--precision", "f32", "--json", of_model)[0] == 0
    status, out, _ = run(predictions, walls, "--json", of_files)
    assert status == 0
    model, files = json.loads(of_model.read_text()), json.loads(of_files.read_text())
    assert files["model"] == "predictions"
    assert files["protocol"].endswith("8-bit probabilities")
    assert files["protocol"] in out
    for name in ("precision", "recall", "f1_2px", "cl_dice", "ods", "average_precision"):
        assert files[name] == pytest.approx(model[name], abs=1e-9), name


def test_masks_alone(run, walls, predictions, tmp_path):
    file = tmp_path / "scores.json"
    assert run(predictions, walls, "--json", file)[0] == 0
    by_probability = json.loads(file.read_text())
    for path in predictions.glob("*.probability.png"):
        path.unlink()
    assert run(predictions, walls, "--json", file)[0] == 0
    by_mask = json.loads(file.read_text())
    assert by_mask["protocol"].endswith("masks")
    assert by_mask["f1"] == by_probability["f1"] == by_mask["ods"] == by_mask["ois"]


def test_predictions_of_another_tool(run, walls, tmp_path):
    """The truth itself, as <stem>.png, scores 1."""
    file = tmp_path / "scores.json"
    shutil.copytree(walls / "masks/test", tmp_path / "unet")
    assert run(tmp_path / "unet", walls, "--json", file)[0] == 0
    scores = json.loads(file.read_text())
    assert scores["model"] == "unet"
    names = ("precision", "recall", "f1", "iou", "ods", "ois", "average_precision", "cl_dice")
    assert {scores[name] for name in names} == {1}


def test_only_what_is_listed_needs_a_prediction(run, walls, predictions):
    (predictions / "rendered_00002.probability.png").unlink()
    status, _, err = run(predictions, walls)
    assert status == 2
    assert "no prediction of the photograph 'rendered_00002' (1 of 3 are missing)" in err
    status, out, _ = run(predictions, walls, "--only", walls / "one.txt")
    assert status == 0
    assert "1 photographs" in out


def test_a_prediction_of_another_size(run, walls, predictions):
    cv2.imwrite(str(predictions / "rendered_00001.probability.png"), np.zeros((9, 9), np.uint8))
    status, _, err = run(predictions, walls)
    assert status == 2
    assert "'rendered_00001' cannot be scored" in err
    assert "(9, 9) and (96, 128)" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{empty}", "{walls}"], "no prediction of the photograph 'rendered_00000'"),
        (["{dark}", "{walls}", "--distractors", "{empty}"], "holds no mask of what must not"),
        (["{dark}", "{walls}", "--distractors", "{wrong}"], "distractors must have one shape"),
        (["{empty}", "{walls}", "--threshold", "2"], "got 2.0"),
        (["{empty}/none", "{walls}"], "no model"),
    ],
)
def test_wrong_use(run, walls, dark_net, tmp_path, words, said):
    empty, wrong = tmp_path / "empty", tmp_path / "wrong"
    for folder in (empty, wrong):
        folder.mkdir()
    cv2.imwrite(str(wrong / "rendered_00000.png"), np.zeros((5, 5), np.uint8))
    names = {"walls": walls, "empty": empty, "wrong": wrong, "dark": dark_net}
    if said == "got 2.0":
        shutil.copytree(walls / "masks/test", empty, dirs_exist_ok=True)
    status, _, err = run(*[word.format(**names) for word in words])
    assert status == 2
    assert said in err


def test_a_table_that_cannot_be_written(run, walls, dark_net, tmp_path):
    (tmp_path / "file").write_text("mine")
    for option in ("--csv", "--markdown"):
        status, _, err = run(dark_net, walls, option, tmp_path / "file" / "table")
        assert status == 1
        assert "cannot be written" in err


def test_a_folder_with_a_shipped_models_name_is_not_taken_for_it(run, walls, tmp_path, monkeypatch):
    shutil.copytree(walls / "masks/test", tmp_path / "cracknet-lite")
    monkeypatch.chdir(tmp_path)
    assert "masks" in run("./cracknet-lite", walls)[1]
    assert "float probabilities" in run("cracknet-lite", walls)[1]


@pytest.mark.parametrize(("threshold", "most"), [(0.4, "false_alarms"), (0.85, "misses")])
def test_the_worst_photographs_of_a_model(run, walls, dark_net, tmp_path, threshold, most):
    file, page = tmp_path / "scores.json", tmp_path / "sheets/worst.html"
    status, out, err = run(
        dark_net, walls, "-t", threshold, "--worst", 2, "--html", page, "--json", file
    )
    assert (status, err) == (0, "")
    assert f"worst photographs: {page}" in out
    html, worst = page.read_text(), json.loads(file.read_text())["worst"]
    assert "dark on walls test" in html
    assert "http" not in html
    assert len(worst[most]) == 2
    for kind in ("false_alarms", "misses"):
        pixels = [row["errors_px"] for row in worst[kind]]
        assert pixels == sorted(pixels, reverse=True)
        assert sum(pixels) <= worst[f"{kind}_px"]
        for row in worst[kind]:
            assert f"{row['photo']}: {row['errors_px']:,} px of {kind.replace('_', ' ')}" in html


def test_the_worst_of_predictions_are_those_of_the_model_that_made_them(
    run, walls, dark_net, predictions, tmp_path
):
    worst = []
    for source in (dark_net, predictions):
        file = tmp_path / "scores.json"
        words = (source, walls, "-t", 0.8, "--html", tmp_path / "a.html", "--json", file)
        assert run(*words, "--precision", "f32")[0] == 0
        worst.append(json.loads(file.read_text())["worst"])
    assert worst[0] == worst[1]
    assert worst[0]["misses_px"] > 0


def test_the_sheet_has_a_name_of_its_own(run, walls, dark_net, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "dark-walls-test.worst.html" in run(dark_net, walls, "--worst", 1)[1]
    assert (tmp_path / "dark-walls-test.worst.html").read_text().endswith("</html>")


def test_worst_of_none_is_wrong_use(run, walls, dark_net, tmp_path):
    assert run(dark_net, walls, "--worst", 0)[0] == 2
    (tmp_path / "file").write_text("mine")
    status, _, err = run(dark_net, walls, "--html", tmp_path / "file" / "a.html")
    assert status == 1
    assert "cannot be written" in err


def test_json_says_what_the_model_is_and_costs(run, walls, dark_net, tmp_path):
    file = tmp_path / "scores.json"
    assert run(dark_net, walls, "--only", walls / "one.txt", "--json", file)[0] == 0
    scores = json.loads(file.read_text())
    assert scores["only"] == "walls/one.txt"
    assert scores["size_mb"] > 0
    assert scores["multiply_adds"] == 0  # no convolution in it
    assert scores["cpu_ms_per_megapixel"] is None  # one photograph: the net was compiled for it
    assert "worst" not in scores
