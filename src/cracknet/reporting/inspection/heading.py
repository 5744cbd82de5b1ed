"""What stands in the title block of a report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """The title block; what is empty is left as a line to be filled in by hand.

    Parameters
    ----------
    title, structure, inspector, client, date : str
        `date` is that of the inspection, in the reader's own way of writing it.
    """

    title: str = "Crack inspection"
    structure: str = ""
    inspector: str = ""
    client: str = ""
    date: str = ""

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """Label and text of each line of the block."""
        return (
            ("Structure", self.structure),
            ("Inspector", self.inspector),
            ("Client", self.client),
            ("Date of inspection", self.date),
        )
