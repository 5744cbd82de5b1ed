"""Scores that others published, with their protocols, to quote beside measured ones."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_FILE = Path(__file__).with_name("published.toml")


class Published(BaseModel):
    """A published score.

    Attributes
    ----------
    set, split : str
        What was scored.
    model : str
    score : str
        ``ods`` (pooled) or ``per_image_ods``.
    value : str
        As published, in 0..1; a range where several are quoted.
    protocol : str
        In full.
    source : str
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    set: str
    split: str
    model: str
    score: str
    value: str
    protocol: str
    source: str


@cache
def published_scores() -> tuple[Published, ...]:
    """Return all that are quoted, in the order of the file `published.toml`."""
    content = tomllib.loads(_FILE.read_text("utf-8"))
    protocols = content["protocols"]
    return tuple(
        Published(**{**figure, "protocol": protocols[figure["protocol"]]})
        for figure in content["figures"]
    )
