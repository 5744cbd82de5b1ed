"""Options of a study: what is refused, and the recipe that follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from cracknet.errors import ArgumentError
from cracknet.studies.budgets import BUDGETS, OPTIMIZER_WORDS, StudyOptions, recipe_of
from cracknet.training.recipe_file import read_recipe

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"budget": "huge"}, "budget must be one of smoke, small, full; got 'huge'"),
        ({"nets": ("unet",)}, "net must be one of .*; got 'unet'"),
        ({"nets": ()}, "at least one net"),
        ({"nets": ("fcn-8s", "fcn-8s")}, "trained once"),
        ({"encoder_weights": {"unet": Path("x.npz")}}, "got 'unet'"),
        ({"size_px": 100}, "multiple of 32 px; got 100"),
        ({"size_px": 0}, "multiple of 32 px; got 0"),
        ({"epochs": 0}, "epochs must be at least 1; got 0"),
        ({"optimizer": "adam"}, "optimizer must be one of paper, adamw"),
        ({"dtype": "float16"}, "dtype must be one of float32, mixed_bfloat16"),
        ({"validation_share": 1.0}, "between 0 and 1; got 1"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_what_is_refused(changes, said):
    with pytest.raises(ArgumentError, match=said):
        StudyOptions(**changes)


def test_full_is_the_paper():
    """The recipe of the full budget is `recipes/paper.toml`, but for its paths."""
    made = recipe_of(
        "cracknet", Path("/data"), Path("/expanded"), Path("/held"), StudyOptions("full")
    )
    paper = read_recipe(ROOT / "recipes" / "paper.toml")
    for section in ("net", "crops", "expansion", "loss", "optimizer", "run"):
        assert getattr(made, section) == getattr(paper, section), section
    assert BUDGETS["full"].photos == 2500


def test_told_instead_of_the_budget():
    options = StudyOptions("small", size_px=224, epochs=7, optimizer="adamw")
    assert (options.spent.size_px, options.spent.epochs, options.spent.photos) == (224, 7, 600)
    recipe = recipe_of("fcn-8s", Path("/data"), Path("/expanded"), Path("/held"), options)
    assert recipe.optimizer.name == "adamw"
    for number in (recipe.optimizer.learning_rate, recipe.optimizer.warmup_steps):
        assert f"{number:g}" in OPTIMIZER_WORDS["adamw"]


def test_first_weights_are_the_named_net_s():
    options = StudyOptions(encoder_weights={"fcn-8s": Path("vgg.npz")})
    paths = [Path(name).resolve() for name in ("data", "expanded", "held")]
    assert recipe_of("fcn-8s", *paths, options).net.encoder_weights == Path("vgg.npz").resolve()
    assert recipe_of("cracknet", *paths, options).net.encoder_weights is None
