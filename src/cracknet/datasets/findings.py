"""What can be amiss in a data set: how grave it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
"""error: training stops at it, or the scores are wrong. warning: look at it. note: good to know."""


@dataclass(frozen=True)
class Kind:
    """A kind of finding.

    Attributes
    ----------
    severity : {"error", "warning", "note"}
    title : str
        What the files of the finding are.
    next_step : str
        What to do.
    """

    severity: Severity
    title: str
    next_step: str


KINDS: dict[str, Kind] = {
    "no_split": Kind(
        "error",
        "photographs that lie in no split",
        "Move them to images/<split> and their masks to masks/<split>; call the split `all` where "
        "there is only one.",
    ),
    "empty_split": Kind(
        "error", "splits without a photograph", "Put photographs there, or remove the folder."
    ),
    "unreadable_photo": Kind(
        "error",
        "photographs that cannot be read",
        "Copy them again from the camera or the archive, or remove them with their masks.",
    ),
    "unreadable_mask": Kind(
        "error",
        "masks that cannot be read",
        "Export them again from the annotation, as 8-bit PNG.",
    ),
    "no_mask": Kind(
        "error",
        "photographs without a mask",
        "Add masks/<split>/<stem>.png (all 0 where there is no crack), or remove the photograph.",
    ),
    "size_mismatch": Kind(
        "error",
        "masks of another size than their photograph",
        "Export them again at the photograph's size. A mask of the size before the EXIF rotation "
        "must be turned like its photograph; `cracknet dataset import` does that.",
    ),
    "other_values": Kind(
        "error",
        "masks with values other than 0 and 255, or 0 and 1",
        "Import them again with a threshold: `cracknet dataset import --threshold 128`. JPEG "
        "blurs masks: keep them as PNG.",
    ),
    "stem_twice": Kind(
        "error", "photographs of one stem in one split", "Rename or remove all but one."
    ),
    "same_across": Kind(
        "error",
        "the same photograph in several splits",
        "Keep it in one split: a test on photographs seen in training says nothing.",
    ),
    "alike_across": Kind(
        "warning",
        "photographs that look alike, in several splits",
        "Look at them; where they show one place, keep them in one split.",
    ),
    "source_across": Kind(
        "warning",
        "crops of one photograph, by their names, in several splits",
        "Keep all crops of a photograph in one split. Where the names mean something else, say "
        "with --sources how they name their photograph.",
    ),
    "same_within": Kind(
        "warning",
        "the same photograph more than once in a split",
        "Keep one: it counts double in training and in the scores.",
    ),
    "mask_alone": Kind(
        "warning",
        "masks without a photograph",
        "Add the photograph, or remove the mask; nothing reads it.",
    ),
    "no_crack": Kind(
        "warning",
        "splits whose masks are all empty",
        "Right for a set of things that only look like cracks; otherwise the masks were lost in "
        "an export.",
    ),
    "full_mask": Kind(
        "warning",
        "masks that are crack all over",
        "Look at them: was the mask inverted, or a label read as crack?",
    ),
    "mostly_crack": Kind(
        "warning",
        "masks with more crack than background",
        "Look at them: an inverted mask looks so.",
    ),
    "turned_mask": Kind(
        "warning",
        "masks that fit their photograph better turned",
        "Look at them: cracks are darker where the turned mask lies. Turn the mask, or leave the "
        "photograph out of training (`without` in a recipe).",
    ),
    "alike_within": Kind(
        "note",
        "photographs that look alike, in one split",
        "Nothing to do, unless you cut a validation split from it: keep them on one side.",
    ),
    "empty_mask": Kind(
        "note", "masks without any crack", "Right where the photograph shows no crack."
    ),
    "zero_one": Kind(
        "note",
        "masks that hold 0 and 1",
        "They are read as 0 and 255. Other tools may show them as black.",
    ),
    "exif_turned": Kind(
        "note",
        "photographs that EXIF turns",
        "They are read upright, and their masks must be upright, too.",
    ),
    "not_read": Kind(
        "note",
        "files and folders that are not read",
        "Photographs and masks lie directly in images/<split> and masks/<split>; masks are PNG.",
    ),
}
"""Every kind of finding by its name, gravest first."""


@dataclass(frozen=True)
class Case:
    """One case of a finding.

    Attributes
    ----------
    files : tuple of str
        The files or folders concerned, relative to the data set, with `/` between the parts.
    detail : str
        What is particular about them; may be empty.
    """

    files: tuple[str, ...]
    detail: str = ""


@dataclass(frozen=True)
class Finding:
    """All cases of one kind.

    Attributes
    ----------
    name : str
        A key of `KINDS`.
    cases : tuple of Case
    """

    name: str
    cases: tuple[Case, ...]

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return KINDS[self.name].severity

    @property
    def title(self) -> str:
        """What the files are."""
        return KINDS[self.name].title

    @property
    def next_step(self) -> str:
        """What to do."""
        return KINDS[self.name].next_step

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "name": self.name,
            **asdict(KINDS[self.name]),
            "cases": [{"files": list(case.files), "detail": case.detail} for case in self.cases],
        }


def gather(cases: Iterable[tuple[str, Case]]) -> tuple[Finding, ...]:
    """Put cases of one kind together, the gravest kinds first, each in the order it came.

    >>> [f.name for f in gather([("zero_one", Case(("a",))), ("no_mask", Case(("b",)))])]
    ['no_mask', 'zero_one']
    """
    by_name: dict[str, list[Case]] = {name: [] for name in KINDS}
    for name, case in cases:
        by_name[name].append(case)
    return tuple(Finding(name, tuple(found)) for name, found in by_name.items() if found)
