from __future__ import annotations

import os
from pathlib import Path

import pytest

from cracknet.errors import RecipeError
from cracknet.training.recipe import Recipe
from cracknet.training.recipe_file import read_recipe

RECIPES = sorted((Path(__file__).resolve().parents[2] / "recipes").glob("*.toml"))
SMALLEST = """
[net]
name = "cracknet-lite"
[[data]]
root = "photos"
[[validation]]
root = "photos"
[run]
steps = 10
"""


def write(folder, content=SMALLEST):
    path = folder / "recipe.toml"
    path.write_text(content, "utf-8")
    return path


def test_the_paper_s_recipe_is_as_printed():
    """Sections 3.2.2 and 4.1: cross-entropy, momentum SGD, and the numbers."""
    [path] = [path for path in RECIPES if path.name == "paper.toml"]
    recipe = read_recipe(path)
    assert recipe.net.name == "cracknet"
    assert recipe.net.weights is recipe.net.encoder_weights is None
    assert recipe.crops.size_px == 448
    assert recipe.expansion.preset == "none"
    assert (recipe.loss.cross_entropy, recipe.loss.dice) == (1, 0)
    optimizer = recipe.optimizer
    assert (optimizer.name, optimizer.learning_rate, optimizer.momentum) == ("sgd", 0.001, 0.9)
    assert (optimizer.schedule, optimizer.warmup_steps, optimizer.clip_norm) == ("constant", 0, 0)
    assert optimizer.average == 0
    assert (recipe.run.epochs, recipe.run.batch_size) == (100, 4)


def test_recipes_are_committed():
    assert len(RECIPES) >= 2


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_committed_recipe(path):
    """Each parses, and the files of this repository that it names are there."""
    recipe = read_recipe(path)
    lists = [
        file
        for section in (*recipe.data, *recipe.validation)
        for file in (section.only, *section.without)
        if file
    ]
    assert lists or path.stem in ("paper", "smoke")
    for file in lists:
        assert file.is_file(), file
    if recipe.net.encoder_weights:
        assert recipe.net.encoder_weights.is_file()
    if recipe.run.steps:
        assert recipe.run.steps % recipe.run.validate_every == 0


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_committed_recipe_validates_on_no_photograph_that_it_trains_on(path):
    """A set and split on both sides is parted by the same list."""
    recipe = read_recipe(path)
    trained = {(section.root, section.split): section.without for section in recipe.data}
    for section in recipe.validation:
        if (section.root, section.split) in trained:
            assert section.only in trained[section.root, section.split]


def test_defaults_of_the_smallest_recipe(tmp_path):
    recipe = read_recipe(write(tmp_path))
    assert recipe.run.steps == 10
    assert recipe.data[0].split == "train"
    assert recipe.crops.size_px % 32 == 0
    assert recipe.net.weights is None


def test_paths_are_taken_from_the_recipe_s_folder(tmp_path, monkeypatch):
    folder = tmp_path / "recipes"
    folder.mkdir()
    path = write(
        folder,
        """
        [net]
        name = "cracknet"
        encoder_weights = "encoder.npz"
        weights = "/elsewhere/best.weights.h5"
        [[data]]
        root = "../photos"
        without = "lists/held.txt"
        [[data]]
        root = "/data/walls"
        [[validation]]
        root = "../photos"
        only = "lists/held.txt"
        [run]
        steps = 1
        """,
    )
    monkeypatch.chdir(tmp_path)
    recipe = read_recipe(Path("recipes/recipe.toml"))
    assert recipe == read_recipe(path)
    assert recipe.net.encoder_weights == folder / "encoder.npz"
    assert recipe.net.weights == Path("/elsewhere/best.weights.h5")
    assert os.path.normpath(recipe.data[0].root) == str(tmp_path / "photos")
    assert recipe.data[1].root == Path("/data/walls")
    assert recipe.validation[0].only == folder / "lists/held.txt"
    assert recipe.data[0].without == (recipe.validation[0].only,)
    assert recipe.data[1].without == ()


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        # unknown
        (SMALLEST + "stepps = 3\n", "run.stepps"),
        (SMALLEST + "[extra]\n", "extra"),
        (SMALLEST.replace("[[validation]]", 'rot = "x"\n[[validation]]'), "data.0.rot"),
        # missing
        (SMALLEST.replace("steps = 10", ""), "run"),
        (SMALLEST + "epochs = 3\n", "run"),
        (SMALLEST.replace('[net]\nname = "cracknet-lite"', ""), "net"),
        (SMALLEST.replace('[[data]]\nroot = "photos"', ""), "data"),
        (SMALLEST.replace("[[data]]", "[data]"), "data"),
        # of the wrong type
        (SMALLEST.replace("10", '"many"'), "run.steps"),
        (SMALLEST.replace("10", "1.5"), "run.steps"),
        (SMALLEST.replace('"photos"', "3", 1), "data.0.root"),
        (SMALLEST + "[crops]\nscale = 2\n", "crops.scale"),
        (SMALLEST + "[crops]\nscale = [1, 2, 3]\n", "crops.scale"),
        # impossible
        (SMALLEST.replace("10", "0"), "run.steps"),
        (SMALLEST + "batch_size = 0\n", "run.batch_size"),
        (SMALLEST + "batch_size = 3\ndevices = 2\n", "run"),
        (SMALLEST.replace("steps = 10", "epochs = 0"), "run.epochs"),
        (SMALLEST + '[optimizer]\nname = "adam"\n', "optimizer.name"),
        (SMALLEST + "checkpoint_every = 0\n", "run.checkpoint_every"),
        (SMALLEST + 'dtype = "float8"\n', "run.dtype"),
        (SMALLEST.replace("cracknet-lite", "unet"), "net.name"),
        (SMALLEST + "[crops]\nsize_px = 100\n", "crops.size_px"),
        (SMALLEST + "[crops]\nsize_px = 0\n", "crops.size_px"),
        (SMALLEST + "[crops]\nscale = [0, 2]\n", "crops.scale"),
        (SMALLEST + "[crops]\nscale = [2, 1]\n", "crops.scale"),
        (SMALLEST + "[crops]\nstretch = 0.5\n", "crops.stretch"),
        (SMALLEST + "[crops]\nempty_share = 1.1\n", "crops.empty_share"),
        (SMALLEST + "[crops]\nlight = inf\n", "crops.light"),
        (SMALLEST + "[optimizer]\nlearning_rate = -1\n", "optimizer.learning_rate"),
        (SMALLEST + "[optimizer]\nlearning_rate = nan\n", "optimizer.learning_rate"),
        (SMALLEST + "[optimizer]\naverage = 1\n", "optimizer.average"),
        (SMALLEST + "[loss]\ndice = -0.1\n", "loss.dice"),
        (SMALLEST + "[loss]\ndice = 0\ncross_entropy = 0\n", "loss"),
        (SMALLEST.replace("[[validation]]", "share = 0\n[[validation]]"), "data.0.share"),
        (SMALLEST.replace("[[validation]]", "share = inf\n[[validation]]"), "data.0.share"),
        (SMALLEST.replace("[[validation]]", "scale = [-1, 1]\n[[validation]]"), "data.0.scale"),
    ],
)
def test_broken_rule_names_its_key(tmp_path, changed, key):
    path = write(tmp_path, changed)
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    assert f" {key}: " in str(caught.value)
    assert str(path) in str(caught.value)


LONG = """\
# a run
[net]
name = "cracknet"
[[data]]
root = "one"
[[data]]
root = "two"
scale = [
    2,
    1,
]
share = -1 # less than nothing
[[validation]]
root = "one"
[run]
steps = 5
epochs = 6
[run.extra]
"""


def test_several_lists_of_stems_to_leave_out(tmp_path):
    path = write(
        tmp_path, SMALLEST.replace("[[validation]]", 'without = ["a.txt", "b.txt"]\n[[validation]]')
    )
    assert read_recipe(path).data[0].without == (tmp_path / "a.txt", tmp_path / "b.txt")


def test_faults_are_named_with_their_lines(tmp_path):
    with pytest.raises(RecipeError) as caught:
        read_recipe(write(tmp_path, LONG))
    text = str(caught.value)
    assert "line 11, data.1.scale: a scale is two zooms above 0, the smaller first" in text
    assert "line 12, data.1.share: input should be greater than 0 (it is -1)" in text
    assert "line 18, run.extra: no such key" in text
    with pytest.raises(RecipeError, match=r"line 14, run: give one of steps and epochs"):
        read_recipe(
            write(
                tmp_path,
                LONG.replace("-1", "1")
                .replace("    2,\n    1", "    1, 2")
                .removesuffix("[run.extra]\n"),
            )
        )
    with pytest.raises(RecipeError, match=r"line 1, run: this key is missing"):
        read_recipe(write(tmp_path, LONG[: LONG.index("[run]")]))


def test_every_broken_rule_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"net\.name: .*run\.steps: ") as caught:
        read_recipe(write(tmp_path, SMALLEST.replace("cracknet-lite", "x").replace("10", "0")))
    assert "'cracknet-lite'" in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"[net\nname = 3", b"\xff\xfe[\x00n\x00", b"not a recipe"], ids=range(3)
)
def test_not_toml(tmp_path, content):
    path = tmp_path / "recipe.toml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match="is not TOML") as caught:
        read_recipe(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["gone.toml", ""])
def test_file_that_cannot_be_read(tmp_path, name):
    with pytest.raises(RecipeError, match="cannot be read"):
        read_recipe(tmp_path / name)


def test_a_recipe_cannot_be_changed_and_survives_json(tmp_path):
    recipe = read_recipe(write(tmp_path))
    with pytest.raises(ValueError, match="frozen"):
        recipe.run.steps = 3
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
