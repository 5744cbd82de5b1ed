"""A recipe: everything that decides a training run, in one TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from cracknet.errors import RecipeError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _rising(scale: tuple[float, float]) -> tuple[float, float]:
    if not 0 < scale[0] <= scale[1]:
        msg = f"a scale is two zooms above 0, the smaller first; got {list(scale)}"
        raise ValueError(msg)
    return scale


Scale = Annotated[tuple[float, float], AfterValidator(_rising)]


class NetSection(_Section):
    """Which net, and what its weights start from."""

    name: Literal["cracknet", "cracknet-lite"]
    encoder_weights: Path | None = None
    """Arrays named ``<layer>/<variable>`` in a .npz file, for the encoder."""
    weights: Path | None = None
    """A model's weights (.weights.h5 or .keras) to go on from."""


class SetSection(_Section):
    """One source of photographs."""

    root: Path
    split: str = "train"
    share: float = Field(1.0, gt=0)
    """Weight in the draw of crops."""
    without: Path | None = None
    """File of stems to leave out."""
    only: Path | None = None
    """File of stems to keep."""
    empty_share: float | None = Field(None, ge=0, le=1)
    """Overrides that of the crops."""
    scale: Scale | None = None
    """Overrides that of the crops."""


class CropSection(_Section):
    """See `cracknet.datasets.crops.CropOptions`."""

    size_px: int = Field(320, ge=32, multiple_of=32)
    scale: Scale = (0.5, 2.0)
    stretch: float = Field(1.2, ge=1)
    empty_share: float = Field(0.25, ge=0, le=1)
    light: float = Field(1.0, ge=0)


class LossSection(_Section):
    """Weights of the two parts of the loss."""

    cross_entropy: float = Field(0.5, ge=0)
    dice: float = Field(0.5, ge=0)


class OptimizerSection(_Section):
    """AdamW with warm-up and cosine decay to zero."""

    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    warmup_steps: int = Field(200, ge=0)
    clip_norm: float = Field(5.0, gt=0)
    average: float = Field(0.998, ge=0, lt=1)
    """Momentum, a step, of the running average of the weights that is validated and exported."""


class RunSection(_Section):
    """Length and bookkeeping."""

    steps: int = Field(gt=0)
    batch_size: int = Field(8, gt=0)
    seed: int = 0
    dtype: Literal["float32", "mixed_bfloat16"] = "float32"
    validate_every: int = Field(500, gt=0)
    checkpoint_every: int = Field(100, gt=0)


class Recipe(_Section):
    """The whole of a run. Paths are taken from the recipe's own folder."""

    net: NetSection
    data: tuple[SetSection, ...] = Field(min_length=1)
    validation: tuple[SetSection, ...] = Field(min_length=1)
    """The best checkpoint is the best on the first of these; the others are reported."""
    crops: CropSection = CropSection()
    loss: LossSection = LossSection()
    optimizer: OptimizerSection = OptimizerSection()
    run: RunSection

    @model_validator(mode="after")
    def _some_loss(self) -> Recipe:
        if self.loss.cross_entropy + self.loss.dice <= 0:
            msg = "loss: cross_entropy and dice must not both be 0"
            raise ValueError(msg)
        return self


def read_recipe(path: Path) -> Recipe:
    """Read and validate a recipe; relative paths in it are taken from its own folder.

    Raises
    ------
    RecipeError
        When the file cannot be read, is not TOML, or breaks a rule; the message names each key.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        msg = f"the recipe {path} cannot be read: {error.strerror}."
        raise RecipeError(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"the recipe {path} is not TOML: {error}."
        raise RecipeError(msg) from error
    try:
        recipe = Recipe.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
        )
        msg = f"the recipe {path} breaks a rule: {faults}."
        raise RecipeError(msg) from error
    return _from_folder(recipe, path.resolve().parent)


def _from_folder(recipe: Recipe, folder: Path) -> Recipe:
    def anchored(section: SetSection) -> SetSection:
        return section.model_copy(
            update={
                "root": folder / section.root,
                "without": folder / section.without if section.without else None,
                "only": folder / section.only if section.only else None,
            }
        )

    net = recipe.net.model_copy(
        update={
            name: folder / path
            for name in ("encoder_weights", "weights")
            if (path := getattr(recipe.net, name)) is not None
        }
    )
    return recipe.model_copy(
        update={
            "net": net,
            "data": tuple(map(anchored, recipe.data)),
            "validation": tuple(map(anchored, recipe.validation)),
        }
    )
