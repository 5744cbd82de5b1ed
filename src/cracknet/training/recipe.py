"""A recipe: everything that decides a training run, in one TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cracknet.datasets.expansion_section import ExpansionSection


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _rising(scale: tuple[float, float]) -> tuple[float, float]:
    if not 0 < scale[0] <= scale[1]:
        msg = f"a scale is two zooms above 0, the smaller first; got {list(scale)}"
        raise ValueError(msg)
    return scale


def _several(paths: object) -> object:
    """Take one path for several, and none as an older run's recipe.json writes it."""
    if paths is None:
        return ()
    return (paths,) if isinstance(paths, (str, Path)) else paths


Paths = Annotated[tuple[Path, ...], BeforeValidator(_several)]
Scale = Annotated[tuple[float, float], AfterValidator(_rising)]


class NetSection(_Section):
    """Which net, and what its weights start from."""

    name: Literal[
        "cracknet", "cracknet-lite", "cracknet-no-skips", "fcn-8s", "fcn-32s",
        "deeplab-v2", "deeplab-v2-fine", "resnet-45",
    ]  # fmt: skip
    encoder_weights: Path | None = None
    """Arrays named ``<layer>/<variable>`` in a .npz file, for the encoder."""
    weights: Path | None = None
    """Weights of the whole net to go on from: .weights.h5, .keras, or .npz as in `models/`."""
    freeze_encoder: bool = False
    """Train the decoder alone; the encoder's statistics stay as they are, too."""


class SetSection(_Section):
    """One source of photographs."""

    root: Path
    split: str = "train"
    share: float = Field(1.0, gt=0)
    """Weight in the draw of crops."""
    without: Paths = ()
    """File of stems to leave out, or several."""
    only: Path | None = None
    """File of stems to keep."""
    empty_share: float | None = Field(None, ge=0, le=1)
    """Overrides that of the crops."""
    scale: Scale | None = None
    """Overrides that of the crops."""


class CropSection(_Section):
    """See `cracknet.datasets.crops.CropOptions`; with [expansion] `size_px` alone counts."""

    size_px: int = Field(320, ge=32, multiple_of=32)
    scale: Scale = (0.5, 2.0)
    stretch: float = Field(1.2, ge=1)
    empty_share: float = Field(0.25, ge=0, le=1)
    light: float = Field(1.0, ge=0)


class LossSection(_Section):
    """Weights of the two parts of the loss; cross-entropy alone is that of the paper."""

    cross_entropy: float = Field(0.5, ge=0)
    dice: float = Field(0.5, ge=0)

    @model_validator(mode="after")
    def _some_loss(self) -> Self:
        if self.cross_entropy + self.dice <= 0:
            msg = "cross_entropy and dice must not both be 0"
            raise ValueError(msg)
        return self


class OptimizerSection(_Section):
    """Which optimizer, and its rate over the run."""

    name: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = Field(1e-3, gt=0)
    schedule: Literal["cosine", "constant"] = "cosine"
    """Cosine falls to zero at the last step."""
    warmup_steps: int = Field(200, ge=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    """Of sgd."""
    weight_decay: float = Field(0.01, ge=0)
    """Of adamw."""
    clip_norm: float = Field(5.0, ge=0)
    """Longest gradient over all weights; 0 sets no limit."""
    average: float = Field(0.998, ge=0, lt=1)
    """Momentum, a step, of the running average of the weights that is validated and exported;
    0 takes the weights as they are."""


class RunSection(_Section):
    """Length and bookkeeping. Of `steps` and `epochs` one is given."""

    steps: int | None = Field(None, gt=0)
    """Steps of crops drawn by the sets' shares."""
    epochs: int | None = Field(None, gt=0)
    """Times that each photograph is seen, in an order that is shuffled anew each time."""
    batch_size: int = Field(8, gt=0)
    seed: int = Field(0, ge=0)
    dtype: Literal["float32", "mixed_bfloat16"] = "float32"
    devices: int = Field(1, gt=0)
    """Devices that share each batch (with the JAX backend)."""
    validate_every: int | None = Field(None, gt=0)
    """In steps (by default 500), or in epochs (by default 1) where the run is told in epochs."""
    validate_tile_px: int | None = Field(None, ge=32, multiple_of=32)
    """Validate in tiles of at most this size, side by side; whole photographs by default. For nets
    that depend on the size of their input, as FCN-8s does by its top of 7x7 at stride 32."""
    checkpoint_every: int = Field(100, gt=0)
    """In steps."""

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if (self.steps is None) == (self.epochs is None):
            msg = "give one of steps and epochs"
            raise ValueError(msg)
        if self.batch_size % self.devices:
            msg = "batch_size must be a multiple of devices"
            raise ValueError(msg)
        return self


Anchored = TypeVar("Anchored", bound=_Section)


class Recipe(_Section):
    """The whole of a run. Paths are taken from the recipe's own folder."""

    net: NetSection
    data: tuple[SetSection, ...] = Field(min_length=1)
    validation: tuple[SetSection, ...] = Field(min_length=1)
    """The best checkpoint is the best on the first of these; the others are reported."""
    crops: CropSection = CropSection()
    expansion: ExpansionSection | None = None
    """Expand photographs as `cracknet dataset expand` does, instead of cutting random crops."""
    loss: LossSection = LossSection()
    optimizer: OptimizerSection = OptimizerSection()
    run: RunSection

    def from_folder(self, folder: Path) -> Recipe:
        """Return the recipe with its relative paths taken from `folder`."""

        def anchored(section: Anchored) -> Anchored:
            found: dict[str, Any] = {}
            for name in type(section).model_fields:
                value = getattr(section, name)
                if isinstance(value, Path):
                    found[name] = folder / value
                elif name == "without":
                    found[name] = tuple(folder / path for path in value)
            return section.model_copy(update=found)

        return self.model_copy(
            update={
                "net": anchored(self.net),
                "data": tuple(map(anchored, self.data)),
                "validation": tuple(map(anchored, self.validation)),
            }
        )
