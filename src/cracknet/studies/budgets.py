"""How much a study spends, and the recipe that follows from it for each net."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from cracknet.errors import ArgumentError
from cracknet.nets import NETS
from cracknet.training.recipe import Recipe

Optimizer = Literal["paper", "adamw"]
Dtype = Literal["float32", "mixed_bfloat16"]

PAPER_NETS = ("cracknet", "fcn-8s", "fcn-32s", "cracknet-no-skips")
"""The paper's net, its two yardsticks, and the net without skips that its first claim needs."""
BATCH_SIZE = 4


@dataclass(frozen=True)
class Budget:
    """What a study spends on each net.

    Attributes
    ----------
    photos : int
        Photographs that the train split is expanded to.
    epochs : int
    size_px : int
        Height and width of the net's input in training.
    scored : int, optional
        Photographs of a set that are scored, evenly spaced by name; None scores all.
    validated : int, optional
        Most photographs to hold back for the curves during training.
    """

    photos: int
    epochs: int
    size_px: int = 448
    scored: int | None = None
    validated: int | None = None


BUDGETS: dict[str, Budget] = {
    "smoke": Budget(photos=24, epochs=2, size_px=96, scored=6, validated=2),
    "small": Budget(photos=600, epochs=30),
    "full": Budget(photos=2500, epochs=100),
}

_OPTIMIZERS: dict[str, dict[str, Any]] = {
    "paper": {
        "name": "sgd",
        "learning_rate": 0.001,
        "momentum": 0.9,
        "schedule": "constant",
        "warmup_steps": 0,
        "clip_norm": 0,
        "average": 0,
    },
    "adamw": {
        "name": "adamw",
        "learning_rate": 3e-4,
        "schedule": "cosine",
        "warmup_steps": 200,
        "weight_decay": 0.01,
        "clip_norm": 5,
        "average": 0,
    },
}

OPTIMIZER_WORDS: dict[str, str] = {
    "paper": "the paper's: SGD with momentum 0.9, constant learning rate 0.001",
    "adamw": "not the paper's, but for all nets alike: AdamW, learning rate 0.0003 falling to 0 "
    "by a cosine after 200 steps of warm-up, weight decay 0.01, gradients clipped at norm 5",
}


@dataclass(frozen=True)
class StudyOptions:
    """What `cracknet.studies.reproduce.reproduce` may be told.

    Attributes
    ----------
    budget : str
        A name of `BUDGETS`.
    size_px, epochs : int, optional
        Instead of the budget's.
    optimizer : {"paper", "adamw"}
    dtype : {"float32", "mixed_bfloat16"}
        Of training; scores are always taken in float32.
    nets : tuple of str
        Names of `cracknet.nets.NETS`, in the order in which they are trained.
    encoder_weights : mapping of str to Path
        First weights of a net's encoder (.npz), by the net's name; random without.
    train_split, test_split : str
    validation_share : float
        Share of the train split that is held back for the curves during training.
    seed : int

    Raises
    ------
    ArgumentError
        When a value is outside what is accepted.
    """

    budget: str = "small"
    size_px: int | None = None
    epochs: int | None = None
    optimizer: Optimizer = "paper"
    dtype: Dtype = "float32"
    nets: tuple[str, ...] = PAPER_NETS
    encoder_weights: Mapping[str, Path] = field(default_factory=dict)
    train_split: str = "train"
    test_split: str = "test"
    validation_share: float = 0.1
    seed: int = 1

    def __post_init__(self) -> None:
        _check_name("budget", self.budget, BUDGETS)
        _check_name("optimizer", self.optimizer, get_args(Optimizer))
        _check_name("dtype", self.dtype, get_args(Dtype))
        if not self.nets:
            msg = f"a study trains at least one net; choose of {', '.join(NETS)}."
            raise ArgumentError(msg)
        for net in (*self.nets, *self.encoder_weights):
            _check_name("net", net, NETS)
        if len(set(self.nets)) < len(self.nets):
            msg = f"each net is trained once; got {', '.join(self.nets)}."
            raise ArgumentError(msg)
        if self.size_px is not None and (self.size_px < 32 or self.size_px % 32):
            msg = f"the size must be a multiple of 32 px; got {self.size_px}."
            raise ArgumentError(msg)
        if self.epochs is not None and self.epochs < 1:
            msg = f"epochs must be at least 1; got {self.epochs}."
            raise ArgumentError(msg)
        if not 0 < self.validation_share < 1:
            msg = f"the share to hold back must lie between 0 and 1; got {self.validation_share:g}."
            raise ArgumentError(msg)
        if self.seed < 0:
            msg = f"seed must be at least 0; got {self.seed}."
            raise ArgumentError(msg)

    @property
    def spent(self) -> Budget:
        """The budget with the size and epochs that are told instead."""
        budget = BUDGETS[self.budget]
        return Budget(
            budget.photos,
            self.epochs or budget.epochs,
            self.size_px or budget.size_px,
            budget.scored,
            budget.validated,
        )


def recipe_of(
    net: str, data: Path, expanded: Path, held_back: Path, options: StudyOptions
) -> Recipe:
    """Return the recipe of a net: one for all nets but for the net itself.

    Parameters
    ----------
    net : str
    data : Path
        The data set, which the held back photographs are of.
    expanded : Path
        The expanded data set, with a split ``train``.
    held_back : Path
        List of the stems that were held back.
    options : StudyOptions
    """
    budget = options.spent
    section: dict[str, Any] = {"name": net}
    if net in options.encoder_weights:
        section["encoder_weights"] = options.encoder_weights[net].resolve()
    return Recipe.model_validate(
        {
            "net": section,
            "data": [{"root": expanded}],
            "validation": [{"root": data, "split": options.train_split, "only": held_back}],
            "crops": {"size_px": budget.size_px},
            "expansion": {"preset": "none", "fit": "resize"},  # was done on disk
            "loss": {"cross_entropy": 1, "dice": 0},
            "optimizer": _OPTIMIZERS[options.optimizer],
            "run": {
                "epochs": budget.epochs,
                "batch_size": BATCH_SIZE,
                "seed": options.seed,
                "dtype": options.dtype,
                "validate_tile_px": budget.size_px,
                "checkpoint_every": max(1, min(625, budget.photos // BATCH_SIZE)),
            },
        }
    )


def _check_name(what: str, name: str, known: Any) -> None:
    if name not in known:
        msg = f"{what} must be one of {', '.join(known)}; got {name!r}."
        raise ArgumentError(msg)
