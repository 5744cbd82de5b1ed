"""What the names in an annotation mean: crack, background, or ignore."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

from cracknet.errors import ArgumentError, DatasetError

Meaning = Literal["crack", "background", "ignore"]

DEFAULT_LABELS: Mapping[str, Meaning] = MappingProxyType(
    {
        "crack": "crack",
        "background": "background",
        "_background_": "background",
        "ignore": "ignore",
        "__ignore__": "ignore",
    }
)
"""Names that need no option, in any case; those with underscores are Labelme's own."""


_MEANINGS: dict[str, Meaning] = {meaning: meaning for meaning in get_args(Meaning)}


@dataclass(frozen=True)
class Labels:
    """Names and their meanings.

    An ignored area is one that the annotator wants left out: neither crack nor known to be free of
    cracks. A mask file holds 0 and 255 only, so there it becomes background, and its pixels are
    counted and reported. A third value in the masks, or a second file beside each, would have to be
    known to every reader of a dataset; an area that must not be learned from is better cut
    from the photograph, or the photograph left out.

    Parameters
    ----------
    meanings : mapping of str to {"crack", "background", "ignore"}
        Beside and before `DEFAULT_LABELS`.

    Examples
    --------
    >>> labels = Labels({"joint": "background"})
    >>> labels.meaning("Crack"), labels.meaning("joint"), labels.meaning("spall")
    ('crack', 'background', None)
    """

    meanings: Mapping[str, Meaning] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, meaning in self.meanings.items():
            if meaning not in _MEANINGS:
                msg = (
                    f"a label means crack, background or ignore; {name!r} is given {meaning!r}. "
                    f"Write --label {name}=crack, for example."
                )
                raise ArgumentError(msg)

    def meaning(self, name: str) -> Meaning | None:
        """Tell what a name means; None where it is not known. An exact match goes first."""
        if name in self.meanings:
            return self.meanings[name]
        folded = name.strip().casefold()
        for known in (self.meanings, DEFAULT_LABELS):
            for key, meaning in known.items():
                if key.strip().casefold() == folded:
                    return meaning
        return None

    def require(self, name: str, where: object) -> Meaning:
        """Tell what a name means.

        Raises
        ------
        DatasetError
            When the name is in no mapping; `where` names its file.
        """
        meaning = self.meaning(name)
        if meaning is None:
            msg = (
                f"every label must be mapped to crack, background or ignore; {where} holds "
                f"{name!r}. Add --label {_quoted(name)}=crack (or =background, =ignore)."
            )
            raise DatasetError(msg)
        return meaning


def read_labels(words: Iterable[str]) -> Labels:
    """Read mappings such as ``joint=background``, as the option ``--label`` takes them.

    Raises
    ------
    ArgumentError
        When a word is not NAME=MEANING, or a name comes twice with two meanings.

    Examples
    --------
    >>> read_labels(["fissure=crack"]).meaning("fissure")
    'crack'
    """
    meanings: dict[str, Meaning] = {}
    for word in words:
        name, equals, given = word.rpartition("=")
        meaning = _MEANINGS.get(given.strip().lower())
        if not equals or not name or meaning is None:
            msg = (
                "a label is mapped as NAME=crack, NAME=background or NAME=ignore; "
                f"got {word!r}. Write --label joint=background, for example."
            )
            raise ArgumentError(msg)
        if meanings.get(name, meaning) != meaning:
            msg = f"a label has one meaning; {name!r} is given {meanings[name]} and {meaning}."
            raise ArgumentError(msg)
        meanings[name] = meaning
    return Labels(meanings)


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
