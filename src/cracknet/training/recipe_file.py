"""Reading a recipe's TOML file; a fault is reported with the line that it stands on."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cracknet.errors import RecipeError
from cracknet.training.recipe import Recipe


def read_recipe(path: Path) -> Recipe:
    """Read and validate a recipe; relative paths in it are taken from its own folder.

    Raises
    ------
    RecipeError
        When the file cannot be read, is not TOML, or breaks a rule; the message names each key
        with its line.
    """
    try:
        text = path.read_text("utf-8")
        content = tomllib.loads(text)
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
            f"line {line_of(text, fault['loc'])}, {'.'.join(map(str, fault['loc'])) or 'recipe'}: "
            f"{_said(fault)}"
            for fault in error.errors()
        )
        msg = f"the recipe {path} breaks a rule: {faults}. docs/train.md lists the keys."
        raise RecipeError(msg) from error
    return recipe.from_folder(path.resolve().parent)


def _said(fault: Any) -> str:
    """Say what is wrong in the words of a recipe rather than of Python."""
    if fault["type"] == "extra_forbidden":
        return "no such key"
    if fault["type"] == "missing":
        return "this key is missing"
    text: str = fault["msg"].removeprefix("Value error, ")
    value = "" if isinstance(fault["input"], (dict, list)) else f" (it is {fault['input']!r})"
    return text[:1].lower() + text[1:] + value


def line_of(text: str, keys: Sequence[int | str]) -> int:
    """Return the line, from 1, on which the value under nested `keys` is complete.

    Where the last of the keys is not there (as when it is missing), that of the table above it.
    The parser itself finds it: the shortest beginning of the file that is TOML and holds the key.

    >>> line_of(f"[run]{chr(10)}seed = 1{chr(10)}steps = 'x'", ["run", "steps"])
    3
    """
    lines = text.splitlines()
    for depth in range(len(keys), 0, -1):
        for count in range(1, len(lines) + 1):
            try:
                found: Any = tomllib.loads("\n".join(lines[:count]))
            except tomllib.TOMLDecodeError:
                continue  # it ends in the middle of a value of several lines
            if _holds(found, keys[:depth]):
                return count
    return 1


def _holds(content: Any, keys: Sequence[int | str]) -> bool:
    for key in keys:
        try:
            content = content[key]
        except (KeyError, IndexError, TypeError):
            return False
    return True
