"""The standard that a run judges by: its table, one exposure, and which width is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from cracknet.errors import ArgumentError
from cracknet.measurement.classes.classifying import WidthBand, WidthClass, classify, legend
from cracknet.measurement.classes.tables import JudgedWidth, WidthTable


@dataclass(frozen=True)
class ClassChoice:
    """A table of width classes, the name of its exposure, and which width it judges.

    Examples
    --------
    >>> from cracknet.measurement.classes import find_table
    >>> choice = ClassChoice(find_table("aci224r"), "humid", "p95")
    >>> choice(0.42, 0.02), choice(None, None)
    ('above 0.30 mm', '')
    """

    table: WidthTable
    exposure: str
    judged: JudgedWidth

    def __call__(self, width_mm: float | None, uncertainty_mm: float | None) -> str:
        """Name the class of a width for the tables; empty where the width is not known in mm."""
        found = self.judge(width_mm, uncertainty_mm)
        return "" if found is None else found.short

    def judge(self, width_mm: float | None, uncertainty_mm: float | None) -> WidthClass | None:
        """Compare a width with the table; None where the width is not known in mm."""
        if width_mm is None:
            return None
        return classify(width_mm, self.table, self.exposure, uncertainty_mm)

    @property
    def bands(self) -> list[WidthBand]:
        """Widths of one colour, for legends, layers and histograms."""
        return legend(self.table, self.exposure)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON: all that is needed to judge by it again."""
        table = self.table.model_dump(mode="json", exclude_defaults=True)
        table["exposures"] = {self.exposure: table["exposures"][self.exposure]}
        return {"table": table, "exposure": self.exposure, "judged": self.judged}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ClassChoice:
        """Make a choice of what `as_dict` gave.

        Raises
        ------
        ArgumentError
            When the values are not such a choice.
        """
        try:
            table = WidthTable.model_validate(values["table"])
            return cls(table, table.named(values["exposure"]), values["judged"])
        except (ValidationError, KeyError, TypeError) as error:
            msg = f"the width classes of a measurement are damaged: {error}. Measure it again."
            raise ArgumentError(msg) from error


def choice_of(about: Mapping[str, Any]) -> ClassChoice | None:
    """Give the standard that a photograph was measured with, from its ``about``; None for none.

    Raises
    ------
    ArgumentError
        When what it says is damaged.
    """
    measure = about.get("measure")
    values = measure.get("classes") if isinstance(measure, Mapping) else None
    return None if values is None else ClassChoice.from_dict(values)
