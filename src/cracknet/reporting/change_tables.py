"""The comparison of two dates as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields
from typing import Any

from cracknet import __version__
from cracknet.measurement.change import Change, CrackChange

SCHEMA = "cracknet.change/1"

DECIMALS = 4

COLUMNS = tuple(item.name for item in fields(CrackChange) if item.name != "pieces")
"""Columns of change.csv; what they mean stands in `CrackChange`."""


def change_csv(change: Change) -> bytes:
    """Write a row for each crack; unknown is empty, several numbers are joined by ``+``."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["photo_before", "photo_after", *COLUMNS])
    for crack in change.cracks:
        values = (_cell(getattr(crack, name)) for name in COLUMNS)
        table.writerow([change.before, change.after, *values])
    return text.getvalue().encode()


def change_json(change: Change) -> bytes:
    """Write all of it: the registration, the counts, and each crack with its pieces."""
    found = change.registration
    content = {
        "schema": SCHEMA,
        "version": __version__,
        "before": change.before,
        "after": change.after,
        "registration": {
            "matrix": found.matrix.tolist(),
            "residual_px": _value(found.residual_px),
            "matches": found.matches,
            "patches": found.patches,
            "patches_tried": found.tried,
            "overlap": _value(found.overlap),
            "factor": _value(found.factor),
            "slant_deg": _value(found.slant_deg),
        },
        "mm_per_px": None if change.mm_per_px is None else _value(change.mm_per_px),
        "scale": change.scale_source,
        "notes": list(change.notes),
        "counts": change.counts,
        "cracks": [
            {name: _value(getattr(crack, name)) for name in COLUMNS}
            | {"pieces": [_piece(piece) for piece in crack.pieces]}
            for crack in change.cracks
        ],
    }
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()


def _piece(piece: Any) -> dict[str, Any]:
    return {
        "kind": piece.kind,
        "points_px": piece.points_px.round(2).tolist(),
        "widths_px": piece.widths_px.round(3).tolist(),
    }


def _value(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DECIMALS)
    return list(value) if isinstance(value, tuple) else value


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "+".join(map(str, value))
    return _value(value)
