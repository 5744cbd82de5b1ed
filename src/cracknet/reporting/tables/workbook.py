"""cracks.xlsx: the tables for people, with units, number formats and filters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cracknet import __version__
from cracknet.errors import OutputError
from cracknet.measurement.figures import BranchFigures, CrackFigures
from cracknet.reporting.streams import appearing_whole
from cracknet.reporting.tables.columns import SIGNIFICANT, Column, Value, columns_of, values_of
from cracknet.reporting.tables.rows import (
    MeasuredRows,
    PhotoFigures,
    encodable,
    joined_photo,
)

ROWS_A_SHEET = 1_048_576
"""Excel's limit, with the header (Microsoft, "Excel specifications and limits")."""
LONGEST_TEXT = 32_767
"""Characters a cell holds, by the same."""
SHEETS = (("Cracks", CrackFigures), ("Branches", BranchFigures), ("Photos", PhotoFigures))

_NOTES = (
    "Each row of Cracks is a crack, of Branches a piece of a crack's centreline between two ends "
    "or junctions, of Photos a photograph.",
    "An empty cell means unknown. Without a scale all columns in millimetres are empty.",
    "Numbers are rounded to the decimals of their unit, or to "
    f"{SIGNIFICANT} significant digits where these are more.",
    "Widths are measured in the photograph. Whether a crack matters is for the engineer to decide.",
)


@contextmanager
def workbook(out: Path) -> Iterator[Callable[[MeasuredRows], None]]:
    """Write ``cracks.xlsx`` with the sheets Cracks, Branches, Photos and About.

    Rows go to disk as they come. A table longer than Excel's limit goes on in ``Cracks 2`` and so
    on. Texts are stored as texts whatever they begin with, never as formulas or links.

    Parameters
    ----------
    out : Path
        The output folder.

    Yields
    ------
    callable
        Adds a photograph's rows; the file appears when the block ends without an error.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import XlsxWriterException

    with appearing_whole(out / "cracks.xlsx") as part:
        book = Workbook(
            str(part),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        try:
            formats = _Formats(book)
            tables = [_Table(book, formats, name, kind) for name, kind in SHEETS]
            summary = _Summary()

            waiting: list[PhotoFigures] = []

            def add(rows: MeasuredRows) -> None:
                for table, several in zip(tables, (rows.cracks, rows.branches), strict=False):
                    for row in several:
                        table.add(row)
                if waiting and rows.item.about.get("part", 1) > 1:  # of the same raster
                    waiting[0] = joined_photo(waiting[0], rows.photo)
                else:
                    leave()
                    waiting.append(rows.photo)
                summary.add(rows)

            def leave() -> None:
                for row in waiting:
                    tables[-1].add(row)
                waiting.clear()

            yield add
            leave()
            for table in tables:
                table.finish()
            _about(book, formats, summary)
        except BaseException:
            _leave(book)
            raise
        try:
            book.close()
        except XlsxWriterException as error:
            msg = f"{out / 'cracks.xlsx'} cannot be written: {error}. Free some space."
            raise OutputError(msg) from error


class _Formats:
    """The cells' looks, made once."""

    def __init__(self, book: Any) -> None:
        self._book, self._numbers = book, dict[str, Any]()
        self.header = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#E8EDF2"}
        )
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})

    def of(self, column: Column, value: Value) -> Any:
        """Give the number format that shows the digits a value was rounded to."""
        if column.kind == "integer":
            pattern = "0"
        else:
            digits = len(column.text(value).partition(".")[2])
            pattern = "0." + "0" * max(digits, column.decimals) if column.decimals else "0"
        if pattern not in self._numbers:
            self._numbers[pattern] = self._book.add_format({"num_format": pattern})
        return self._numbers[pattern]


class _Table:
    """A table that goes on in further sheets."""

    def __init__(self, book: Any, formats: _Formats, name: str, kind: type) -> None:
        self._book, self._formats, self._name = book, formats, name
        self._columns = columns_of(kind)
        self._number, self._row = 0, 0
        self._sheet: Any = None
        self._begin()

    def add(self, row: object) -> None:
        if self._row == ROWS_A_SHEET:
            self.finish()
            self._begin()
        for k, (column, value) in enumerate(zip(self._columns, values_of(row), strict=True)):
            self._write(k, column, column.rounded(value))
        self._row += 1

    def finish(self) -> None:
        self._sheet.autofilter(0, 0, max(self._row - 1, 0), len(self._columns) - 1)

    def _begin(self) -> None:
        self._number += 1
        name = self._name if self._number == 1 else f"{self._name} {self._number}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 2 if self._columns[1].name == "crack" else 1)
        for k, column in enumerate(self._columns):
            self._sheet.set_column(k, k, 28 if column.kind == "text" and k < 2 else 12)
        self._sheet.set_row(0, 45)
        for k, column in enumerate(self._columns):
            self._sheet.write_string(0, k, column.label, self._formats.header)
        self._row = 1

    def _write(self, k: int, column: Column, value: Value) -> None:
        if value is None or value == "":
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(self._row, k, value)
        elif isinstance(value, str):
            self._sheet.write_string(self._row, k, value[:LONGEST_TEXT])
        else:
            self._sheet.write_number(self._row, k, value, self._formats.of(column, value))


class _Summary:
    """What the sheet About says of the whole."""

    def __init__(self) -> None:
        self.photos = self.cracks = self.branches = self.scaled = 0
        self.told: dict[str, dict[str, None]] = {"model": {}, "standard": {}}

    def add(self, rows: MeasuredRows) -> None:
        first = rows.item.about.get("part", 1) == 1
        self.photos += first
        self.cracks += len(rows.cracks)
        self.branches += len(rows.branches)
        self.scaled += first and rows.photo.mm_per_px is not None
        for key, values in self.told.items():
            if (value := rows.item.about.get(key)) and len(values) < 20:
                values[encodable(str(value))] = None


def _about(book: Any, formats: _Formats, summary: _Summary) -> None:
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 28)
    sheet.set_column(2, 2, 10)
    sheet.set_column(3, 3, 90, formats.wrapped)
    row = 0

    def line(*texts: str, look: Any = None) -> None:
        nonlocal row
        for k, text in enumerate(texts):
            if text:
                sheet.write_string(row, k, text[:LONGEST_TEXT], look)
        row += 1

    line("Cracks measured by CrackNet", look=formats.title)
    line("version", __version__)
    line("written", dt.datetime.now().astimezone().isoformat(" ", "minutes"))
    line("photographs", str(summary.photos))
    line("with a scale", str(summary.scaled))
    line("cracks", str(summary.cracks))
    line("branches", str(summary.branches))
    for key, values in summary.told.items():
        for value in values:
            line(key, value)
    row += 1
    for note in _NOTES:
        line(note)
    row += 1
    line("sheet", "column", "unit", "meaning", look=formats.header)
    for name, kind in SHEETS:
        for column in columns_of(kind):
            line(name, column.label, column.unit, f"{column.meaning} ({column.name})")


def _leave(book: Any) -> None:
    """Let go of a broken-off workbook: XlsxWriter keeps its rows in temporary files."""
    for sheet in book.worksheets():
        if (rows := getattr(sheet, "row_data_fh", None)) is not None:
            rows.close()
            Path(sheet.row_data_filename).unlink(missing_ok=True)
    book.fileclosed = True
