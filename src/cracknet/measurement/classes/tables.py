"""Tables of width classes: those of the codes that come along, and a user's own file."""

from __future__ import annotations

import math
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cracknet.errors import ArgumentError

_FOLDER = Path(__file__).with_name("standards")

STANDARDS = ("aci224r", "eurocode2", "is456", "ltpp")
"""Names of the tables that come along."""

JudgedWidth = Literal["max", "p95", "median", "mean"]
_Text = Annotated[str, Field(min_length=1)]
_Width = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]


class SeverityBand(BaseModel):
    """Widths of one severity; the last band of a table has no upper end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Text
    up_to_mm: _Width | None = None


class Exposure(BaseModel):
    """One row of a table: a limit, or severity bands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clause: _Text
    words: _Text
    limit_mm: _Width | None = None
    bands: tuple[SeverityBand, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> Exposure:
        if not self.bands:
            return self
        ends = [math.inf if band.up_to_mm is None else band.up_to_mm for band in self.bands]
        if ends != sorted(set(ends)) or ends[-1] != math.inf or len(ends) < 2:
            msg = "bands must be two or more, rise in up_to_mm, and only the last goes without it"
            raise ValueError(msg)
        if len({band.name for band in self.bands}) < len(self.bands):
            msg = "bands must have different names"
            raise ValueError(msg)
        return self


class WidthTable(BaseModel):
    """Width classes of one standard.

    Attributes
    ----------
    title, source : str
        Its short name for tables, and where it stands in full.
    kind : {"limit", "severity"}
        Whether each exposure has a limit in mm, or bands of severity.
    judged : {"max", "p95", "median", "mean"}
        Which of a crack's widths is judged unless asked otherwise.
    exposures : dict of str to Exposure
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: _Text
    source: _Text
    kind: Literal["limit", "severity"]
    judged: JudgedWidth = "p95"
    exposures: Annotated[dict[str, Exposure], Field(min_length=1)]

    @model_validator(mode="after")
    def _of_one_kind(self) -> WidthTable:
        key, other = ("limit_mm", "bands") if self.kind == "limit" else ("bands", "limit_mm")
        for name, exposure in self.exposures.items():
            if not getattr(exposure, key) or getattr(exposure, other):
                msg = f"exposures.{name} must have {key} and no {other}, as kind is {self.kind!r}"
                raise ValueError(msg)
        if len({name.lower() for name in self.exposures}) < len(self.exposures):
            msg = "exposures must differ in more than capitals"
            raise ValueError(msg)
        return self

    def named(self, exposure: str | None) -> str:
        """Give an exposure's name as the table writes it; None is the only one, where it is.

        Raises
        ------
        ArgumentError
            When the table has no such exposure, or several and none is named.
        """
        if exposure is None and len(self.exposures) == 1:
            return next(iter(self.exposures))
        for name in self.exposures:
            if exposure is not None and name.lower() == exposure.strip().lower():
                return name
        listed = "; ".join(f"{name} ({row.words})" for name, row in self.exposures.items())
        got = "none was named" if exposure is None else f"got {exposure!r}"
        msg = f"{self.title} needs one of its exposures: {listed}; {got}. Name it by --exposure."
        raise ArgumentError(msg)


def find_table(standard: str) -> WidthTable:
    """Find a table by its name, or read a file of the user's own.

    Parameters
    ----------
    standard : str
        One of `STANDARDS`, or a path to a TOML file.

    Raises
    ------
    ArgumentError
        When there is no such standard or file, or the file breaks a rule; names file and key.

    Examples
    --------
    >>> find_table("aci224r").exposures["humid"].limit_mm
    0.3
    """
    if standard.strip().lower() in STANDARDS:
        return _shipped(standard.strip().lower())
    path = Path(standard)
    if path.suffix.lower() != ".toml" and not path.is_file():
        msg = (
            f"a standard must be one of {', '.join(STANDARDS)}, or a TOML file of your own; got "
            f"{standard!r}. docs/width-classes.md shows such a file."
        )
        raise ArgumentError(msg)
    return read_table(path)


def read_table(path: Path) -> WidthTable:
    """Read a table from a TOML file.

    Raises
    ------
    ArgumentError
        When it cannot be read, is not TOML, or breaks a rule; names the file and each key.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        msg = f"the width classes {path} cannot be read: {error.strerror}. Check the path."
        raise ArgumentError(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"the width classes {path} are not TOML: {error}. See docs/width-classes.md."
        raise ArgumentError(msg) from error
    try:
        return WidthTable.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(_said(fault) for fault in error.errors())
        msg = f"the width classes {path} break a rule: {faults}. See docs/width-classes.md."
        raise ArgumentError(msg) from error


@cache
def _shipped(name: str) -> WidthTable:
    return read_table(_FOLDER / f"{name}.toml")


def _said(fault: Any) -> str:
    """Say what is wrong with a key in the words of a file rather than of Python."""
    key = ".".join(map(str, fault["loc"]))
    text: str = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        text = "no such key"
    elif fault["type"] == "missing":
        text = "this key is missing"
    elif not isinstance(fault["input"], (dict, list, tuple, BaseModel)):
        text = f"{text[:1].lower()}{text[1:]} (it is {fault['input']!r})"
    return f"{key}: {text}" if key else text
