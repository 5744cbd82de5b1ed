"""A comparison of a small set: whole, gone on with, refused; nets are tiny, the rest is real."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import cracknet.studies.compare.options as options_of
from cracknet.baselines import nets as baseline_nets
from cracknet.errors import ArgumentError, DatasetError
from cracknet.studies.compare import SYSTEMS, CompareOptions
from cracknet.studies.compare.compare import compare
from cracknet.studies.compare.options import systems_named
from cracknet.studies.compare.page import comparison_page
from cracknet.studies.compare.systems import Setting, chosen_of, recipe_of
from cracknet.training import building, learner
from cracknet.training.recipe_file import read_recipe

ROOT = Path(__file__).resolve().parent.parent.parent
CLASSICAL = CompareOptions(budget="smoke", systems=("sobel", "log", "cracknet-lite"))


@pytest.fixture(scope="module", autouse=True)
def small():
    """Spend even less than the smoke budget."""
    spent = dataclasses.replace(
        options_of.BUDGETS["smoke"],
        tile_px=72,
        classifier_steps=2,
        classifier_batch=4,
        swept=1,
        wall_px=96,
        widths_px=(4.0,),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(options_of.BUDGETS, "smoke", spent)
        yield


@pytest.fixture(scope="module")
def study(small, rendered_set, tmp_path_factory):
    """The folder of a comparison of what needs no training, and what it gave."""
    out = tmp_path_factory.mktemp("compared")
    return out, compare(rendered_set, out, CLASSICAL, log=lambda _: None)


@pytest.fixture
def tiny_nets(monkeypatch, tiny):
    nets = dict.fromkeys(("fcn-8s", "deeplab-v2", "deeplab-v2-fine", "resnet-45"), tiny["fcn-8s"])
    for module in (building, learner, baseline_nets):
        monkeypatch.setattr(module, "NETS", nets)


def test_a_comparison_of_what_needs_no_training(study):
    out, content = study
    assert list(content["systems"]) == ["sobel", "log", "cracknet-lite"]
    held_back = (out / "validation.txt").read_text().split()
    assert held_back == content["validation"]
    assert 1 <= len(held_back) < 8
    for name, result in content["systems"].items():
        scores = result["scores"]
        assert scores["photos"] == 4
        found = scores["true_positive"] / (scores["true_positive"] + scores["false_negative"])
        assert scores["recall"] == pytest.approx(found)
        assert set(result["sweeps"]) == {
            "noise", "blur", "darkness", "uneven light", "distortion",
        }  # fmt: skip
        masks = sorted((out / "samples" / name).iterdir())
        assert len(masks) >= 3
        assert set(np.unique(cv2.imread(str(masks[0]), 0))) <= {0, 255}
    assert content["systems"]["sobel"]["chosen"].keys() == {"k"}
    assert content["systems"]["cracknet-lite"]["parameters"] == 3_845_569
    assert json.loads((out / "results.json").read_text()) == json.loads(json.dumps(content))
    for picture in ("curves.png", "grid.png"):
        assert cv2.imread(str(out / picture)).std() > 5
    page = (out / "comparison.md").read_text()
    assert page.count("| Sobel (Dorafshan 2018) |") == 3
    assert "0.1 mm" in page


def test_what_is_measured_is_kept_and_another_folder_refused(study, rendered_set):
    (out, content), said = study, []
    again = compare(rendered_set, out, CLASSICAL, log=said.append)
    assert again["systems"] == content["systems"]
    assert [line for line in said if "measured already" in line] == said[:-1]
    more = dataclasses.replace(CLASSICAL, systems=("roberts", *CLASSICAL.systems))
    added = compare(rendered_set, out, more, log=said.append)
    assert list(added["systems"]) == ["roberts", "sobel", "log", "cracknet-lite"]
    with pytest.raises(ArgumentError, match="seed, validation differ"):
        compare(rendered_set, out, dataclasses.replace(CLASSICAL, seed=9), log=said.append)


@pytest.mark.slow
def test_every_kind_of_system_is_trained_and_measured(tiny_nets, rendered_set, tmp_path):
    trained = (
        "log", "alexnet", "hybrid", "two-scans", "fcn-8s", "resnet-45", "two-networks",
        "cracknet-lite", "cracknet-lite-gated",
    )  # fmt: skip
    options = CompareOptions(budget="smoke", systems=trained)
    said = []
    content = compare(rendered_set, tmp_path, options, log=said.append)
    assert tuple(content["systems"]) == trained
    assert content["systems"]["alexnet"]["chosen"].keys() == {"threshold"}
    assert (
        content["systems"]["two-networks"]["parameters"]
        > (content["systems"]["resnet-45"]["parameters"])
    )
    assert set(content["gate"]) == {"hybrid", "two-networks", "cracknet-lite-gated"}
    for name, plain in (("cracknet-lite-gated", "cracknet-lite"), ("hybrid", "log")):
        gated, before = (content["systems"][one]["scores"] for one in (name, plain))
        assert gated["false_positive"] <= before["false_positive"]
        assert gated["true_positive"] <= before["true_positive"]
    assert (tmp_path / "runs" / "alexnet" / "weights.npz").is_file()
    for file in (tmp_path / "systems").iterdir():
        file.unlink()
    said.clear()
    compare(
        rendered_set, tmp_path, dataclasses.replace(options, systems=("alexnet", "fcn-8s")),
        log=said.append,
    )  # fmt: skip
    assert {"alexnet: trained already", "fcn-8s: trained already"} <= set(said)


def test_nothing_is_learned_from_what_chooses_or_is_left_out(rendered_set, tmp_path):
    stems = sorted(path.stem for path in (rendered_set / "images" / "train").iterdir())
    (tmp_path / "held.txt").write_text(f"{stems[1]}\n{stems[2]}\n")
    (tmp_path / "faulty.txt").write_text(f"{stems[2]}\n{stems[3]}\n")
    options = CompareOptions(
        budget="smoke",
        systems=("sobel",),
        validation=tmp_path / "held.txt",
        without=(tmp_path / "faulty.txt",),
    )
    out = tmp_path / "out"
    content = compare(rendered_set, out, options, log=lambda _: None)
    assert content["validation"] == [stems[1]]
    assert content["validation_photos"] == 1
    setting = Setting(
        rendered_set, out, options, [],
        (out / "validation.txt", tmp_path / "faulty.txt"), out / "validation.txt", [],
        lambda _: None,
    )  # fmt: skip
    recipe = recipe_of(setting, "fcn-8s")
    assert recipe.data[0].without == (out / "validation.txt", tmp_path / "faulty.txt")
    assert recipe.validation[0].only == out / "validation.txt"


def test_what_cannot_be_compared_is_told(rendered_set, tmp_path):
    with pytest.raises(ArgumentError, match="got canny"):
        CompareOptions(systems=("canny",))
    with pytest.raises(ArgumentError, match="got none"):
        CompareOptions(systems=())
    with pytest.raises(ArgumentError, match="each once"):
        CompareOptions(systems=("sobel", "sobel"))
    with pytest.raises(ArgumentError, match="'full'"):
        CompareOptions(budget="full")
    with pytest.raises(ArgumentError, match="seed"):
        CompareOptions(seed=-1)
    with pytest.raises(DatasetError, match="images/exam"):
        compare(
            rendered_set, tmp_path, dataclasses.replace(CLASSICAL, test_split="exam"),
            log=lambda _: None,
        )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_names_of_systems():
    assert systems_named(None) == tuple(SYSTEMS)
    assert systems_named("alexnet,classical")[:2] == ("alexnet", "roberts")
    assert chosen_of(object()) == {}


def test_the_page_says_where_cracknet_is_not_first(study):
    content = copy.deepcopy(study[1])
    scores = {name: one["scores"] for name, one in content["systems"].items()}
    scores["log"]["f1"], scores["cracknet-lite"]["f1"] = 0.9, 0.8
    scores["log"]["cl_dice"], scores["cracknet-lite"]["cl_dice"] = 0.1, 0.7
    scores["sobel"]["cl_dice"] = None
    page = comparison_page(content)
    assert "not first in F1: Laplacian of Gaussian (Dorafshan 2018) has 0.900, it 0.800." in page
    assert "first in clDice." in page


@pytest.mark.parametrize("name", options_of.NET_SYSTEMS)
def test_the_recipes_are_those_of_the_small_budget(name, tmp_path):
    file = ROOT / "recipes" / "baselines" / f"{name}.toml"
    recipe = read_recipe(file)
    setting = Setting(
        recipe.data[0].root, tmp_path, CompareOptions(budget="small"), [],
        recipe.data[0].without, recipe.validation[0].only, [], lambda _: None,
    )  # fmt: skip
    assert recipe_of(setting, name) == recipe
