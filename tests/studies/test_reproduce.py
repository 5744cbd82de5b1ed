"""A whole study on nets of a few layers: its files, its numbers, and going on after a kill."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from cracknet.datasets.pairs import find_pairs
from cracknet.datasets.splits import read_stems
from cracknet.errors import ArgumentError, DatasetError, TrainingError
from cracknet.studies import budgets, reproduce, scored
from cracknet.studies.budgets import Budget, StudyOptions
from cracknet.training import building, learner
from cracknet.training.validation import predict

OPTIONS = StudyOptions(budget="smoke")
NETS = OPTIONS.nets


@pytest.fixture(scope="module", autouse=True)
def _tiny_nets(tiny):
    with pytest.MonkeyPatch.context() as patch:
        for module in (building, learner, scored):
            patch.setattr(module, "NETS", tiny)
        smoke = Budget(photos=8, epochs=2, size_px=64, scored=4, validated=1)
        patch.setitem(budgets.BUDGETS, "smoke", smoke)
        yield


@pytest.fixture(autouse=True)
def _float32():
    yield
    keras.config.set_dtype_policy("float32")


def run(data, out, options=OPTIONS, **changes):
    """Run a study and return its result and log."""
    lines = []
    tiles = ((data.parent / "tiles", "all"),)
    return reproduce.reproduce(
        data, out, options, **({"others": tiles} | changes), log=lines.append
    ), lines


@pytest.fixture(scope="module")
def study(rendered_set, tmp_path_factory):
    """Give the folder, result and log of a study that nothing stopped."""
    out = tmp_path_factory.mktemp("study") / "whole"
    return out, *run(rendered_set, out)


@pytest.fixture
def copied(study, tmp_path):
    """Give a copy of the finished study under the path that it was made in."""
    out = study[0]
    shutil.copytree(out, tmp_path / "kept")
    yield out
    shutil.rmtree(out)
    shutil.copytree(tmp_path / "kept", out)


def test_a_study_s_files(study):
    out = study[0]
    assert {path.name for path in out.iterdir()} == {
        "expanded",
        "figures",
        "report.html",
        "results.json",
        "results.md",
        "study.json",
        "validation.txt",
        *NETS,
    }
    for net in NETS:
        names = {path.name for path in (out / net).iterdir()}
        assert {"average.weights.h5", "recipe.json", "validation.csv", "study.json"} <= names
        assert {"scores-walls-test.json", "scores-tiles-all.json", "features.npz"} <= names
    assert len(find_pairs(out / "expanded", "train")) == 8


def test_no_source_stands_on_both_sides(study, rendered_set):
    held = set(read_stems(study[0] / "validation.txt"))
    expanded = {re.sub(r"_x\d+$", "", p.stem) for p in find_pairs(study[0] / "expanded", "train")}
    every = {pair.stem for pair in find_pairs(rendered_set, "train")}
    assert len(held) == 1
    assert held | expanded == every
    assert not held & expanded


def test_all_nets_had_one_recipe(study):
    recipes = [json.loads((study[0] / net / "recipe.json").read_text()) for net in NETS]
    assert [recipe["net"].pop("name") for recipe in recipes] == list(NETS)
    assert all(recipe == recipes[0] for recipe in recipes)
    assert recipes[0]["optimizer"]["name"] == "sgd"
    assert recipes[0]["optimizer"]["learning_rate"] == 0.001
    assert recipes[0]["loss"] == {"cross_entropy": 1, "dice": 0}
    assert recipes[0]["run"]["batch_size"] == 4
    assert recipes[0]["run"]["validate_tile_px"] == recipes[0]["crops"]["size_px"]
    [validation] = recipes[0]["validation"]
    assert validation["split"] == "train"
    assert Path(validation["only"]).name == "validation.txt"


def test_the_numbers_are_those_of_the_last_weights(study, rendered_set, tiny):
    """Counted again, pixel by pixel, from the weights on disk."""
    out, content, _ = study
    net = tiny["fcn-8s"]()
    net.load_weights(out / "fcn-8s" / "average.weights.h5")
    kept = json.loads((out / "fcn-8s" / "scores-walls-test.json").read_text())
    pairs = [p for p in find_pairs(rendered_set, "test") if p.stem in kept["photos"]]
    assert len(pairs) == 4
    assert kept["tile_px"] == json.loads((out / "study.json").read_text())["size_px"]
    both = marked = crack = 0
    for pair in pairs:
        gray, truth = pair.read()
        mask = predict(net, gray, kept["tile_px"]) >= 0.5
        both, marked, crack = both + (mask & truth).sum(), marked + mask.sum(), crack + truth.sum()
    row = content["nets"]["fcn-8s"]["test"]
    assert row["precision"] == pytest.approx(both / max(marked, 1))
    assert row["recall"] == pytest.approx(both / crack)
    pooled = content["table_1"][-1]
    assert pooled["row"] == "Test set, pooled"
    assert pooled["nets"]["fcn-8s"] == (row["precision"], row["recall"])
    assert list(pooled["nets"]) == ["fcn-8s", "fcn-32s", "cracknet"]


def test_samples_follow_the_crack_share_alone(study, rendered_set):
    rows = study[1]["table_1"][:2]
    kept = json.loads((study[0] / "cracknet" / "scores-walls-test.json").read_text())
    shares = sorted(
        (pair.read_mask().mean(), pair.stem)
        for pair in find_pairs(rendered_set, "test")
        if pair.stem in kept["photos"] and pair.read_mask().any()
    )
    last = len(shares) - 1
    assert [row["photo"] for row in rows] == [shares[round(q * last)][1] for q in (0.75, 0.25)]
    for row in rows:
        path = study[0] / "fcn-32s" / "samples" / f"{row['photo']}.mask.png"
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert mask.shape == (72, 88)
        assert set(np.unique(mask)) <= {0, 255}


def test_the_report_holds_what_the_paper_shows(study):
    out, content, _ = study
    page = (out / "report.html").read_text()
    for anchor in (
        "table-1",
        *(f"figure-{number}" for number in (4, 5, 6, 7)),
        *(f"figure-2-{net}" for net in NETS),
        "features",
        "borders",
        "edges",
        "generalisation",
        "runs",
        "machines",
    ):
        assert f'id="{anchor}"' in page, anchor
    for printed in ("0.9261", "0.9366", "0.9452", "0.9525", "0.9312", "0.9425", "0.9569", "0.9655"):
        assert printed in page
    for net in NETS:
        for key in ("precision", "recall"):
            assert f"{content['nets'][net]['test'][key]:.4f}" in page
    assert "which FCN is" in page
    assert "tiles all" in page
    assert not re.search(r"(src|href)=\"(?!data:)", page), "the page must hold all that it shows"
    assert page.count("data:image/svg+xml") == len(NETS) + 2
    assert "{{" not in page
    for number in (4, 5):
        assert cv2.imread(str(out / "figures" / f"figure-{number}.png")) is not None


def test_json_and_markdown_hold_the_same_numbers(study):
    out, content, _ = study
    assert json.loads((out / "results.json").read_text()) == json.loads(json.dumps(content))
    text = (out / "results.md").read_text()
    for net in NETS:
        assert f"{content['nets'][net]['test']['precision']:.4f}" in text
        assert f"{content['borders'][net]['band']['f1']:.4f}" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    heads = [i for i, line in enumerate(tables) if set(line) <= set("|-")]
    assert len(heads) == 5
    for head in heads:
        assert tables[head].count("|") == tables[head - 1].count("|") == tables[head + 1].count("|")


def test_a_finished_study_only_writes_its_report_anew(copied, rendered_set, monkeypatch):
    def never(*_, **__):
        pytest.fail("a finished study trains and scores nothing")

    report = (copied / "report.html").read_bytes()
    times = {p: p.stat().st_mtime_ns for p in copied.rglob("*.h5")}
    (copied / "report.html").unlink()
    monkeypatch.setattr(reproduce, "train", never)
    monkeypatch.setattr(scored, "predict", never)
    run(rendered_set, copied)
    assert (copied / "report.html").read_bytes() == report
    assert {p: p.stat().st_mtime_ns for p in copied.rglob("*.h5")} == times


def test_what_is_no_number_is_null_in_json(copied, rendered_set):
    """ODS of held back photographs that show no crack is none; JSON has no word for NaN."""
    table = copied / NETS[0] / "validation.csv"
    rows = list(csv.DictReader(table.read_text().splitlines()))
    rows[0]["walls_ods"] = "nan"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    run(rendered_set, copied)
    text = (copied / "results.json").read_text()
    first = json.loads(text, parse_constant=pytest.fail)["nets"][NETS[0]]["curves"][0]
    assert first["walls_ods"] is None
    assert first["walls_f1"] == float(rows[0]["walls_f1"])


def test_a_killed_study_goes_on(study, rendered_set, tmp_path, monkeypatch):
    """It is killed in the second net's second epoch, then while that net is scored."""
    out = tmp_path / "study"
    two = StudyOptions(budget="smoke", nets=NETS[:2])
    steps = []

    def killing(step, *_):
        steps.append(step)
        if len(steps) == 4 + 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(rendered_set, out, two, progress=killing)
    assert not (out / "report.html").exists()
    assert (out / "cracknet" / "study.json").is_file()
    assert not (out / "fcn-8s" / "study.json").exists()

    def dying(net, found, *rest):
        if net.name == "fcn-8s":
            raise KeyboardInterrupt
        return score(net, found, *rest)

    score = reproduce.score_net
    with monkeypatch.context() as patch:
        patch.setattr(reproduce, "score_net", dying)
        with pytest.raises(KeyboardInterrupt):
            run(rendered_set, out, two, progress=lambda step, *_: steps.append(step))
    # The checkpoint is that of the first epoch, step 2: step 3 is done again.
    assert steps == [1, 2, 3, 4, 1, 2, 3, 3, 4]

    content, lines = run(rendered_set, out, two)
    assert sum("trained already" in line for line in lines) == 2
    for net, found in content["nets"].items():
        row, found = study[1]["nets"][net], found["test"]
        for key in ("precision", "recall", "f1", "ods"):
            assert found[key] == pytest.approx(row["test"][key], abs=1e-6), (net, key)
    with (out / "fcn-8s" / "validation.csv").open(newline="") as file:
        assert [float(row["epoch"]) for row in csv.DictReader(file)] == [1, 2]


def test_changed_weights_are_scored_again(copied, rendered_set):
    before = json.loads((copied / "cracknet" / "scores-walls-test.json").read_text())
    path = copied / "cracknet" / "scores-walls-test.json"
    path.write_text(json.dumps(before | {"weights_sha256": "of other weights"}))
    _, lines = run(rendered_set, copied, StudyOptions(budget="smoke", nets=("cracknet",)))
    assert [line for line in lines if "scored" in line and "walls" in line] == [
        "cracknet on walls test: 4 photographs scored"
    ]
    again = json.loads(path.read_text())
    assert again["scores"] == before["scores"]


def test_a_set_may_be_added(copied, rendered_set):
    fewer = StudyOptions(budget="smoke", nets=("fcn-8s",))
    content, _ = run(rendered_set, copied, fewer, others=())
    assert list(content["generalisation"]) == ["walls test"]
    assert "--other" in (copied / "report.html").read_text()
    tiles = rendered_set.parent / "tiles"
    shutil.copytree(tiles, copied.parent / "floors", dirs_exist_ok=True)
    content, lines = run(
        rendered_set, copied, fewer, others=[(tiles, "all"), (copied.parent / "floors", "all")]
    )
    assert list(content["generalisation"]) == ["walls test", "tiles all", "floors all"]
    assert [line for line in lines if "scored" in line] == [
        "fcn-8s on floors all: 3 photographs scored"
    ]


def test_the_weights_of_a_finished_study_may_go(copied, rendered_set):
    """What was taken from them serves; what needs them says so, and leaves the rest alone."""
    report = (copied / "report.html").read_bytes()
    numbers = (copied / "results.json").read_bytes()
    for path in (*copied.rglob("*.h5"), *copied.rglob("last.npz")):
        path.unlink()
    run(rendered_set, copied)
    assert (copied / "report.html").read_bytes() == report
    for path in copied.rglob("features.npz"):
        path.unlink()
    run(rendered_set, copied)
    assert "no features were kept" in (copied / "report.html").read_text()
    assert "Feature maps of each stage" not in (copied / "report.html").read_text()
    assert (copied / "results.json").read_bytes() == numbers
    shutil.copytree(rendered_set.parent / "tiles", copied.parent / "roofs", dirs_exist_ok=True)
    with pytest.raises(TrainingError, match=r"cracknet was trained.*study\.json to train"):
        run(rendered_set, copied, others=[(copied.parent / "roofs", "all")])
    assert (copied / "results.json").read_bytes() == numbers


@pytest.mark.parametrize(
    "changes", [{"epochs": 3}, {"size_px": 96}, {"optimizer": "adamw"}, {"seed": 2}]
)
def test_other_options_are_refused(study, rendered_set, changes):
    out = study[0]
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    with pytest.raises(ArgumentError, match=f"{next(iter(changes))} differ"):
        run(rendered_set, out, StudyOptions(budget="smoke", **changes))
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_run_of_another_recipe_is_refused_at_once(study, rendered_set, tmp_path):
    run_folder = tmp_path / "out" / "fcn-32s"
    run_folder.mkdir(parents=True)
    shutil.copy(study[0] / "fcn-32s" / "recipe.json", run_folder)  # its paths are other ones
    with pytest.raises(TrainingError, match="another recipe") as caught:
        run(rendered_set, tmp_path / "out")
    assert str(run_folder) in str(caught.value)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["fcn-32s"]


def test_another_optimizer_is_told(rendered_set, tmp_path):
    options = StudyOptions(budget="smoke", optimizer="adamw", nets=("fcn-32s",), epochs=1)
    content, _ = run(rendered_set, tmp_path, options, others=())
    assert "AdamW" in content["budget"]["optimizer_words"]
    page = (tmp_path / "report.html").read_text()
    assert "Not the paper&#39;s, but for all nets alike: AdamW" in page
    assert "Not tested: the study did not train CrackNet both with and without skips" in page
    assert 'id="edges"' not in page


def copy_split(source, target, split, stems=None):
    for kind in ("images", "masks"):
        (target / kind / split).mkdir(parents=True)
        for path in sorted((source / kind / split).iterdir()):
            if stems is None or path.stem in stems:
                shutil.copy(path, target / kind / split)


def test_data_that_cannot_be_used(rendered_set, tmp_path):
    data = tmp_path / "data"
    out = tmp_path / "out"
    with pytest.raises(DatasetError, match="images/test"):
        run(data, out, others=())
    (data / "images" / "test").mkdir(parents=True)
    with pytest.raises(DatasetError, match="no photographs in split 'test'"):
        run(data, out, others=())
    shutil.rmtree(data)
    copy_split(rendered_set, data, "test")
    with pytest.raises(DatasetError, match="images/train"):
        run(data, out, others=())
    (data / "images" / "train").mkdir(parents=True)
    with pytest.raises(DatasetError, match="0 photographs"):
        run(data, out, others=())
    shutil.rmtree(data / "images" / "train")
    copy_split(rendered_set, data, "train", {"rendered_00000"})
    with pytest.raises(DatasetError, match="1 photographs"):
        run(data, out, others=())
    for path in (data / "masks" / "test").iterdir():
        cv2.imwrite(str(path), np.zeros((72, 88), np.uint8))
    with pytest.raises(DatasetError, match="no mask of data test has a crack"):
        run(data, out, others=())
    assert not out.exists()


def test_sets_that_cannot_be_compared(rendered_set, tmp_path):
    tiles = (rendered_set.parent / "tiles", "all")
    for others, said in (
        ([(rendered_set, "train")], "trained or tested on"),
        ([(rendered_set, "test")], "trained or tested on"),
        ([tiles, tiles], "two sets have the name"),
    ):
        with pytest.raises(ArgumentError, match=said):
            run(rendered_set, tmp_path / "out", others=others)
    with pytest.raises(DatasetError, match="images/val"):
        run(rendered_set, tmp_path / "out", others=[(tiles[0], "val")])
    assert not (tmp_path / "out").exists()


def test_the_report_names_no_folder_of_the_machine(study):
    page = (study[0] / "report.html").read_text()
    assert str(Path(study[0]).parent) not in page
