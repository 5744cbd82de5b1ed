"""The table of a bench, as text and as JSON."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from cracknet.studies.bench.bench import Bench
from cracknet.studies.bench.case import STAGES, Measured

SCHEMA = "cracknet/bench/1"
COLUMNS = (
    "model",
    "engine",
    "numbers",
    "threads",
    "ms/MP",
    "computing",
    *(f"{stage}*" for stage in STAGES),
    "start s",
    "peak MB",
    "limited by",
)
NOTE = (
    "ms/MP: wall time a megapixel, measuring and all files included. computing: share of the "
    "threads' time in which they computed. *: processor time in ms a megapixel, all threads "
    "together."
)


def as_table(done: Bench) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the heading and the rows, all text; a case that did not run shows its error last."""
    return COLUMNS, [_cells(row) for row in done.rows]


def as_json(done: Bench) -> dict[str, Any]:
    """Return plain values: machine, photograph, a row for each case; unknown is null."""
    return {
        "schema": SCHEMA,
        "machine": done.machine,
        "photo": done.photo,
        "rows": [
            {key: _plain(value) for key, value in asdict(row).items()}
            | {"net_share": _plain(row.net_share), "limit": row.limit}
            for row in done.rows
        ],
    }


def _cells(row: Measured) -> tuple[str, ...]:
    head = (row.case.model, row.case.engine)
    if row.error:
        return (*head, *("" for _ in COLUMNS[3:]), row.error)
    stages = (f"{row.stages_ms_per_mp[stage]:.0f}" for stage in STAGES)
    return (
        *head,
        row.precision if row.weights == "float" else f"{row.weights}, {row.precision}",
        str(row.threads),
        f"{row.ms_per_mp:.0f}",
        f"{row.busy_share:.0%}",
        *stages,
        f"{row.start_seconds:.1f}",
        "" if math.isnan(row.peak_mb) else f"{row.peak_mb:.0f}",
        row.limit,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return value
