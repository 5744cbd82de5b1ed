"""Data sets named on a command line, ``SET`` or ``SET:SPLIT``, with lists of stems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cracknet.datasets.pairs import AnnotatedPhoto, find_pairs
from cracknet.datasets.splits import read_stems
from cracknet.errors import DatasetError


def find_named_sets(
    words: Sequence[str],
    split: str,
    *,
    only: Sequence[Path] = (),
    without: Sequence[Path] = (),
) -> dict[str, list[AnnotatedPhoto]]:
    """Find the photographs of several sets; each list of stems finds the set that it is of.

    A list is of the set that holds all of its stems. Where several do, as sets whose photographs
    are merely numbered, it is of the one whose folder has the list's name.

    Parameters
    ----------
    words : sequence of str
        ``SET`` or ``SET:SPLIT``; a colon within a path, as after a drive's letter, is no split's.
    split : str
        Where none is named.
    only, without : sequences of Path
        Lists of stems to keep and to leave out (`cracknet.datasets.splits.read_stems`). A set
        without a list in `only` is taken whole.

    Returns
    -------
    dict of str to list of AnnotatedPhoto
        By ``<folder> <split>``, and where a list chose them, ``, listed in <file>``.

    Raises
    ------
    DatasetError
        When a set is missing, named twice, or left without a photograph; when a list fits no set,
        or several.

    Examples
    --------
    >>> find_named_sets([], "train")
    {}
    """
    places: dict[str, tuple[Path, str]] = {}
    for word in words:
        root, chosen = _root_and_split(word, split)
        name = f"{root.resolve().name} {chosen}"
        if name in places:
            msg = f"two sets are named {name!r}; their scores would mix. Name each once."
            raise DatasetError(msg)
        places[name] = (root.resolve(), chosen)
    stems = {name: {pair.stem for pair in find_pairs(*place)} for name, place in places.items()}
    kept: dict[str, set[str]] = {}
    titles = {name: name for name in places}
    for path in only:
        name = _set_of(path, stems)
        titles[name] += f", listed in {path.name}"
        kept.setdefault(name, set()).update(read_stems(path))
    left_out: dict[str, set[str]] = {name: set() for name in places}
    for path in without:
        left_out[_set_of(path, stems)].update(read_stems(path))
    sets = {
        titles[name]: find_pairs(*place, only=kept.get(name), without=left_out[name])
        for name, place in places.items()
    }
    for name, pairs in sets.items():
        if not pairs:
            msg = f"no photographs left of {name}. Check the set's split and the lists of stems."
            raise DatasetError(msg)
    return sets


def _root_and_split(word: str, split: str) -> tuple[Path, str]:
    root, colon, named = word.rpartition(":")
    if colon and root and named and not set(named) & set("/\\"):
        return Path(root), named
    return Path(word), split


def _set_of(path: Path, stems: dict[str, set[str]]) -> str:
    listed = set(read_stems(path))
    fitting = [name for name, held in stems.items() if listed <= held]
    if len(fitting) > 1:
        fitting = [name for name in fitting if name.rpartition(" ")[0] == path.stem]
    if len(fitting) != 1:
        found = "several do" if len([n for n in stems if listed <= stems[n]]) > 1 else "none does"
        msg = (
            f"a list of stems goes with the set that holds all of them; of {', '.join(stems)} "
            f"{found} for {path}. Give it its set's name, or name the set and split it is of."
        )
        raise DatasetError(msg)
    return fitting[0]
