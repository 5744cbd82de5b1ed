"""Cutting a validation split so that no source photograph stands on both sides."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cracknet.errors import ArgumentError, DatasetError


def source_of(stem: str) -> str:
    """Name the photograph that a crop was cut from: the stem before a final ``-<number>``.

    >>> source_of("IMG_6469-2"), source_of("11125")
    ('IMG_6469', '11125')
    """
    return re.sub(r"-\d+$", "", stem)


def cut_by_source(stems: Iterable[str], count: int, seed: int = 0) -> list[str]:
    """Choose about `count` stems for validation, whole source photographs at a time.

    Sources are drawn in random order; one that would overshoot `count` by more than a tenth is
    passed over.

    Parameters
    ----------
    stems : iterable of str
    count : int
        How many to choose.
    seed : int

    Returns
    -------
    list of str
        The chosen stems, sorted.

    Raises
    ------
    ArgumentError
        When `count` is not between 1 and the number of stems.
    """
    sources: dict[str, list[str]] = defaultdict(list)
    for stem in sorted(set(stems)):
        sources[source_of(stem)].append(stem)
    total = sum(map(len, sources.values()))
    if not 1 <= count < total:
        msg = f"count must be at least 1 and below the {total} stems; got {count}."
        raise ArgumentError(msg)
    chosen: list[str] = []
    for source in np.random.default_rng(seed).permutation(sorted(sources)):
        if len(chosen) + len(sources[source]) <= 1.1 * count:
            chosen += sources[source]
        if len(chosen) >= count:
            break
    return sorted(chosen)


def read_stems(path: Path) -> list[str]:
    """Read a list of stems, one a line; empty lines and lines from ``#`` on are passed over.

    Raises
    ------
    DatasetError
        When the file cannot be read.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        msg = f"the list of stems {path} cannot be read: {error.strerror}."
        raise DatasetError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"the list of stems {path} is not UTF-8 text: {error}."
        raise DatasetError(msg) from error
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
