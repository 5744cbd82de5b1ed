"""Columns of the tables, read from the dataclasses of their rows: type, unit, digits, meaning."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

from cracknet.reporting.tables.meanings import MEANINGS

Kind = Literal["text", "integer", "number", "boolean"]
Value = str | int | float | bool | None
KINDS: dict[type, Kind] = {str: "text", int: "integer", float: "number", bool: "boolean"}

UNITS = {"mm_per_px": "mm/px", "mm_per_px_uncertainty": ""}
"""Of columns whose name does not end in its unit."""
SUFFIXES = {"_px": "px", "_px2": "px²", "_mm": "mm", "_mm2": "mm²", "_deg": "°", "_m": "m"}
DECIMALS = {"px": 3, "px²": 1, "mm": 4, "mm²": 4, "°": 2, "m": 2, "mm/px": 6, "": 4}
"""Digits after the point in CSV and XLSX, by unit."""
OWN_DECIMALS = {"latitude_deg": 7, "longitude_deg": 7}
"""A hundredth of a degree is a kilometre on the ground, 1e-7 is a centimetre."""
SIGNIFICANT = 4
"""A value keeps at least so many significant digits, however small."""
SHARES = frozenset({"orientation_strength", "resolved_share", "mm_per_px_uncertainty"})
SIGNED = frozenset({"latitude_deg", "longitude_deg", "altitude_m"})

_KNOWN: dict[type[Any], tuple[Column, ...]] = {}


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name : str
    kind : {"text", "integer", "number", "boolean"}
    unknown : bool
        Whether a value may be unknown, None in Python and an empty cell in files.
    unit : str
        Empty where there is none.
    decimals : int
        Digits after the point in CSV and XLSX.
    meaning : str
    """

    name: str
    kind: Kind
    unknown: bool
    unit: str
    decimals: int
    meaning: str

    @property
    def label(self) -> str:
        """The name in words with its unit: ``width mean [mm]``."""
        words = self.name
        for suffix, unit in SUFFIXES.items():
            if unit == self.unit and words.endswith(suffix):
                words = words.removesuffix(suffix)
        words = "scale" if self.name == "mm_per_px" else words.replace("_", " ")
        return f"{words} [{self.unit}]" if self.unit else words

    @property
    def least(self) -> float | None:
        """The smallest value possible, if there is one."""
        if self.kind not in ("integer", "number") or self.name in SIGNED:
            return None
        positions = self.kind == "number" and self.name.endswith(("_x_px", "_y_px"))
        return None if positions else 0

    def rounded(self, value: Value) -> Value:
        """Round a value as CSV and XLSX show it.

        To the decimals of its unit, or to four significant digits where these are more.

        Examples
        --------
        >>> column = {c.name: c for c in columns_of(_Example)}["width_mean_mm"]
        >>> column.rounded(0.41236), column.rounded(0.000123456), column.rounded(1234.56789)
        (0.4124, 0.0001235, 1234.5679)
        """
        if not isinstance(value, float) or self.kind != "number" or value == 0:
            return value
        return round(value, self._digits(value))

    def text(self, value: Value) -> str:
        """Write a value for CSV: unknown empty, no exponent, ``true`` and ``false``.

        Examples
        --------
        >>> column = {c.name: c for c in columns_of(_Example)}["width_mean_mm"]
        >>> column.text(0.5), column.text(1e-7 / 3), column.text(None)
        ('0.5', '0.00000003333', '')
        """
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if self.kind != "number" or isinstance(value, str):
            return str(value)
        digits = self._digits(value) if value else 0
        written = f"{value:.{digits}f}"
        return written.rstrip("0").rstrip(".") if "." in written else written

    def _digits(self, value: float) -> int:
        return max(self.decimals, SIGNIFICANT - 1 - math.floor(math.log10(abs(value))))


@dataclass(frozen=True)
class _Example:
    width_mean_mm: float | None


def columns_of(row: type[Any]) -> tuple[Column, ...]:
    """Columns of a table whose rows are this dataclass, in the order of its fields."""
    if row not in _KNOWN:
        hints = get_type_hints(row)
        _KNOWN[row] = tuple(_column(field.name, hints[field.name]) for field in fields(row))
    return _KNOWN[row]


def values_of(row: object) -> list[Value]:
    """Values of a row in the order of its columns."""
    return [getattr(row, column.name) for column in columns_of(type(row))]


def _column(name: str, hint: type) -> Column:
    parts = get_args(hint) or (hint,)
    kind = next(KINDS[part] for part in parts if part in KINDS)
    unit = "" if kind in ("text", "boolean") else _unit(name)
    decimals = 0 if kind != "number" else OWN_DECIMALS.get(name, DECIMALS[unit])
    return Column(name, kind, type(None) in parts, unit, decimals, MEANINGS[name])


def _unit(name: str) -> str:
    if name in UNITS:
        return UNITS[name]
    return next((unit for suffix, unit in SUFFIXES.items() if name.endswith(suffix)), "")
