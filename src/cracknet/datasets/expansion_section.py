"""An expansion as a table of a TOML file: a preset, and what differs from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cracknet.datasets.expansion import PRESETS, ExpandOptions, Expansion, Fit
from cracknet.datasets.operations.geometric import (
    Border,
    FlipHorizontal,
    FlipVertical,
    Rotate,
    Shear,
    Stretch,
    ZoomIn,
    ZoomOut,
)
from cracknet.datasets.operations.photometric import Photometric

_BASE = PRESETS["paper"]
_NAMES = tuple(field.name for field in dataclasses.fields(Expansion))


class ExpansionSection(BaseModel):
    """A table such as this; unknown keys and impossible values are refused by name.

    .. code-block:: toml

        [expansion]
        preset = "paper"
        fit = "resize"
        rotate = { probability = 0.9, max_deg = 10 }
        noise = { probability = 0.2 }

    An operation that is not named is the preset's; so is a number that is not named.

    Examples
    --------
    >>> section = ExpansionSection.model_validate({"rotate": {"probability": 0.9}})
    >>> section.expansion().rotate
    Rotate(probability=0.9, max_deg=25.0)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    preset: Literal["none", "paper", "modern"] = "paper"
    fit: Fit = "crop"
    empty_share: float = Field(0.25, ge=0, le=1)
    rotate: Rotate = _BASE.rotate
    stretch: Stretch = _BASE.stretch
    shear: Shear = _BASE.shear
    zoom_in: ZoomIn = _BASE.zoom_in
    zoom_out: ZoomOut = _BASE.zoom_out
    flip_horizontal: FlipHorizontal = _BASE.flip_horizontal
    flip_vertical: FlipVertical = _BASE.flip_vertical
    tone: Photometric = _BASE.tone
    uneven_light: Photometric = _BASE.uneven_light
    shadow: Photometric = _BASE.shadow
    blur: Photometric = _BASE.blur
    motion_blur: Photometric = _BASE.motion_blur
    noise: Photometric = _BASE.noise
    jpeg: Photometric = _BASE.jpeg
    border: Border = _BASE.border

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, given: Any) -> Any:
        """Fill in from the preset what is not given; what is wrong is left for the fields."""
        if not isinstance(given, Mapping):
            return given
        name = given.get("preset", "paper")
        if not isinstance(name, str) or name not in PRESETS:
            return given
        filled = dict(given)
        for key, value in dataclasses.asdict(PRESETS[name]).items():
            own = given.get(key, {})
            if not isinstance(value, dict):
                filled.setdefault(key, value)
            elif isinstance(own, Mapping):
                filled[key] = {**value, **own}
        return filled

    def expansion(self) -> Expansion:
        """Give the expansion."""
        return Expansion(**{name: getattr(self, name) for name in _NAMES})

    def options(self, size_px: int) -> ExpandOptions:
        """Give what `cracknet.datasets.expansion.expanded_crop` takes."""
        return ExpandOptions(self.expansion(), size_px, self.fit, self.empty_share)
