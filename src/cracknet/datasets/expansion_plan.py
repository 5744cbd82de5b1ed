"""Which photographs an expanded data set holds, and from which sources: the plan on disk."""

from __future__ import annotations

import json
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cracknet.datasets.splits import source_of
from cracknet.errors import ArgumentError, DatasetError
from cracknet.files import write_whole


@dataclass(frozen=True)
class Output:
    """One photograph to be made: copy 0 is the original, the others are expanded."""

    split: str
    stem: str
    copy: int

    @property
    def name(self) -> str:
        """Its stem in the expanded set."""
        return f"{self.stem}_x{self.copy:03d}" if self.copy else self.stem

    def seed(self, seed: int) -> tuple[int, int, int]:
        """Give the seed of its random numbers: that of the set, the stem's CRC-32, the copy."""
        return seed, zlib.crc32(self.stem.encode()), self.copy


def divide_by_source(
    stems: Iterable[str],
    counts: Mapping[str, int],
    seed: int = 0,
    source: Callable[[str], str] = source_of,
) -> dict[str, list[str]]:
    """Divide photographs between splits in proportion, whole source photographs at a time.

    Sources come in random order; each goes to the split that is then the least full, so that large
    and small ones come into every split. One that would overfill a split by more than a tenth is
    passed on to another.

    Parameters
    ----------
    stems : iterable of str
    counts : mapping of str to int
        Splits and their weights, at least 1.
    seed : int
    source : callable
        Names the source photograph of a stem.

    Returns
    -------
    dict of str to list of str
        Sorted stems of each split, none of them empty.

    Raises
    ------
    DatasetError
        When there are fewer sources than splits.

    Examples
    --------
    >>> divide_by_source(["a-1", "a-2", "b", "c"], {"train": 2, "test": 1}, seed=4)
    {'train': ['a-1', 'a-2', 'c'], 'test': ['b']}
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for stem in sorted(set(stems)):
        groups[source(stem)].append(stem)
    if len(groups) < len(counts):
        msg = (
            f"every split needs a source photograph of its own; got {len(groups)} for "
            f"{', '.join(counts)}. Add photographs, or ask for fewer splits."
        )
        raise DatasetError(msg)
    weights, total = sum(counts.values()), sum(map(len, groups.values()))
    divided: dict[str, list[str]] = {split: [] for split in counts}

    def fullness(split: str, more: int = 0) -> float:
        return (len(divided[split]) + more) * weights / (counts[split] * total)

    order = np.random.default_rng(seed).permutation(sorted(groups)).tolist()
    for left, name in zip(range(len(order), 0, -1), order, strict=True):
        size = len(groups[name])
        bare = [split for split, given in divided.items() if not given]
        room = [split for split in divided if fullness(split, size) <= 1.1]
        if len(bare) == left:  # the last chance for each of these
            split = bare[0]
        elif room:
            split = min(room, key=fullness)
        else:
            split = min(divided, key=lambda one: fullness(one, size))
        divided[split] += groups[name]
    return {split: sorted(given) for split, given in divided.items()}


def plan_expansion(
    divided: Mapping[str, Sequence[str]], counts: Mapping[str, int], seed: int = 0
) -> list[Output]:
    """Plan which photographs to make: the originals first, then copies evenly.

    Parameters
    ----------
    divided : mapping of str to sequence of str
        Stems of each split; see `divide_by_source`.
    counts : mapping of str to int
        How many photographs each split is to have.
    seed : int

    Returns
    -------
    list of Output
        `counts[split]` of each split. A stem has one copy more than another at most.
    """
    plan = []
    for split, stems in divided.items():
        rng = np.random.default_rng([seed, zlib.crc32(split.encode())])
        order = rng.permutation(sorted(stems)).tolist()
        plan += [
            Output(split, order[index % len(order)], index // len(order))
            for index in range(counts[split])
        ]
    return plan


def source_by(pattern: str | None) -> Callable[[str], str]:
    """Give what names the source photograph of a stem.

    Parameters
    ----------
    pattern : str, optional
        Regular expression that matches a stem from its beginning; its first group, or else the
        match, is the name. By default `source_of`: the stem before a final ``-<number>``.

    Raises
    ------
    ArgumentError
        When it is no regular expression. What is given raises it for a stem that does not match.

    Examples
    --------
    >>> source_by(None)("wall-3"), source_by("[a-z]+_[0-9]+")("a_15_3")
    ('wall', 'a_15')
    """
    if pattern is None:
        return source_of
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        msg = f"the pattern of sources {pattern!r} is no regular expression: {error}."
        raise ArgumentError(msg) from error

    def source(stem: str) -> str:
        match = compiled.match(stem)
        name = match and match[min(compiled.groups, 1)]
        if not name:
            msg = (
                f"the pattern of sources {pattern!r} names no source photograph for {stem!r}. "
                "Widen it."
            )
            raise ArgumentError(msg)
        return name

    return source


def refuse_copies(stems: Iterable[str], folder: Path) -> None:
    """Refuse to expand an expanded set: copies would pass for photographs of their own.

    Raises
    ------
    DatasetError
        When a stem is that of another one's copy; `folder` is named.
    """
    stems = set(stems)
    for stem in sorted(stems):
        copied = re.fullmatch(r"(.+)_x\d{3,}", stem)
        if copied and copied[1] in stems:
            msg = (
                f"{folder} is expanded already: it holds {copied[1]} and its copy {stem}. Expand "
                "the set that it was made from."
            )
            raise DatasetError(msg)


def keep_plan(out: Path, plan: Mapping[str, Any], root: Path) -> None:
    """Write ``expansion.json``, unless it is there; refuse a folder that holds anything else.

    Raises
    ------
    DatasetError
        When `out` is `root`, holds an expansion that differs in more than the version and the
        set's path, or photographs that are not of this one.
    OutputError
        When the file cannot be written.
    """
    if out.resolve() == root.resolve():
        msg = f"{out} is the set that is expanded. Name another folder."
        raise DatasetError(msg)
    path = out / "expansion.json"
    if path.exists():
        _refuse_another(path, plan)
    planned = defaultdict(set)
    for output in plan["outputs"]:
        planned[output["split"]].add(output["name"])
    for split, names in planned.items():
        _refuse_strangers(out / "images" / split, names)
        _refuse_strangers(out / "masks" / split, names)
    if not path.exists():
        write_whole(path, (json.dumps(plan, indent=1) + "\n").encode())


def _refuse_another(path: Path, plan: Mapping[str, Any]) -> None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read: {error}. Name another folder."
        raise DatasetError(msg) from error
    if not isinstance(found, dict):
        msg = f"{path} is not the plan of an expansion. Name another folder."
        raise DatasetError(msg)
    expected = json.loads(json.dumps(plan))
    differ = [
        key
        for key, value in expected.items()
        if key not in ("version", "set") and found.get(key) != value
    ]
    if differ:
        msg = (
            f"{path.parent} holds another expansion: it differs in {', '.join(differ)}. Name "
            "another folder, or give the very same options to go on with it."
        )
        raise DatasetError(msg)


def _refuse_strangers(folder: Path, names: Collection[str]) -> None:
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        if file.stem not in names and not file.name.startswith("."):
            msg = f"{file} is not of this expansion. Name another folder."
            raise DatasetError(msg)
