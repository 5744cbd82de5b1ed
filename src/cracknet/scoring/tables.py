"""Scores as JSON, CSV, Markdown, and as text for the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from cracknet.scoring.scorer import SetScores

_LAST = ("ois", "average_precision", "protocol")


def as_json(scores: SetScores) -> dict[str, Any]:
    """Return all scores for JSON.

    The pooled ones flat, ``mean``, ``reliability`` (see `Reliability.rows`), and ``per_photo``
    rows. What is undefined or was not taken is None, JSON's null.
    """
    return {
        **scores.summary(),
        "calibration_error": scores.reliability.error,
        "reliability": scores.reliability.rows(),
        "mean": scores.mean(),
        "per_photo": scores.rows(),
    }


def as_rows(scores: SetScores) -> list[dict[str, Any]]:
    """Return one row for each photograph, then the mean, the per-image protocol, and the pool.

    All rows have the same keys, those of `PhotoScores.summary` between ``row`` (``photo``,
    ``mean``, ``per-image normalised``, ``pooled``), ``photo`` and ``ois``,
    ``average_precision``, ``protocol``. In the pooled row and in that of the per-image protocol
    ``best_f1`` is its ODS. What is undefined in a row is None.
    """
    summary = scores.summary()
    keys = ("row", "photo", *scores.pooled.summary(), *_LAST)
    pooled = {
        **summary,
        "row": "pooled",
        "best_f1": summary["ods"],
        "best_f1_at": summary["ods_at"],
    }
    rows = [{**row, "row": "photo"} for row in scores.rows()]
    rows.append({**scores.mean(), "row": "mean"})
    if scores.normalised:
        own = scores.normalised.summary()
        rows.append(
            {
                **own,
                "row": "per-image normalised",
                "best_f1": own["ods"],
                "best_f1_at": own["ods_at"],
            }
        )
    return [{key: row.get(key) for key in keys} for row in [*rows, pooled]]


def as_csv(scores: SetScores) -> str:
    """Return the rows of `as_rows` as CSV; what is undefined stays empty."""
    rows = as_rows(scores)
    file = io.StringIO()
    writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def as_markdown(scores: SetScores, title: str) -> str:
    """Return a Markdown page: a table of the set's scores, then a row for each photograph.

    Parameters
    ----------
    scores : SetScores
    title : str
        The heading, such as the model, the set and its split.
    """
    whole = markdown_table(
        ("score", "value", "protocol"),
        [(name, value, protocol) for name, value, protocol in _set_scores(scores)],
    )
    tolerances = [f"f1_{radius}px" for radius in scores.pooled.within]
    columns = (
        "photo", "crack_share", "precision", "recall", "f1", "iou", "best_f1", "best_f1_at",
        *tolerances, "cl_dice", "false_alarm_share", "distractor_share",
    )  # fmt: skip
    rows = [row for row in as_rows(scores) if row["row"] != "per-image normalised"]
    used = [key for key in columns if key == "photo" or any(row[key] is not None for row in rows)]
    photographs = markdown_table(
        used,
        [
            [
                f"**{row['row']}**" if key == "photo" and not row[key] else _row_cell(key, row[key])
                for key in used
            ]
            for row in rows
        ],
    )
    return (
        f"# {title}\n\n{whole}\n## Photographs\n\nAt the threshold {scores.pooled.threshold:g}; "
        f"protocol of each row: {scores.protocol('one photograph')}; of the last two: mean over "
        f"photographs, and pooled pixels (best_f1: ODS).\n\n{photographs}"
    )


def as_text(scores: SetScores, title: str) -> str:
    """Return the set's scores as a few lines for the terminal."""
    summary, mean = scores.summary(), scores.mean()
    normalised = summary["per_image_normalised"]
    names = ("precision", "recall", "f1")
    lines = [
        f"{title}: {summary['photos']} photographs, {summary['crack_share']:.2%} crack, "
        f"threshold {summary['threshold']:g}",
        f"{'':28}{'P':>8}{'R':>8}{'F1':>8}{'IoU':>8}",
        _line("pooled pixels", [*(summary[name] for name in names), summary["iou"]]),
    ]
    lines += [
        _line(f"  within {radius} px", [summary[f"{name}_{radius}px"] for name in names])
        for radius in scores.pooled.within
    ]
    if counts := scores.pooled.skeletons:
        lines.append(_line("  centrelines (clDice)", [counts.precision, counts.recall, counts.f1]))
    lines += [
        _line("mean of the photographs", [*(mean[name] for name in names), mean["iou"]]),
        f"ODS {table_cell(summary['ods'])} at {table_cell(summary['ods_at'], 2)}   "
        f"OIS {table_cell(summary['ois'])}   AP {table_cell(summary['average_precision'])}",
    ]
    if normalised:
        lines.append(
            f"per-image normalised: ODS {table_cell(normalised['ods'])}   OIS "
            f"{table_cell(normalised['ois'])}   mIoU {table_cell(normalised['miou'])}"
        )
    alarms = f"called crack: {as_percent(summary['false_alarm_share'])} of the background"
    if summary["distractor_share"] is not None:
        alarms += f", {as_percent(summary['distractor_share'])} of what must not be marked"
    lines.append(alarms)
    if summary["photos_without_crack"]:
        lines.append(
            f"without crack, left out of the means: {summary['photos_without_crack']} photographs"
        )
    lines.append(f"protocol: {summary['protocol']}")
    return "\n".join(lines)


def _set_scores(scores: SetScores) -> list[tuple[str, str, str]]:
    """Return name, value and protocol of each score of the set."""
    summary, mean = scores.summary(), scores.mean()
    at, pooled = f"at {summary['threshold']:g}", summary["protocol"]
    found = [
        (f"precision {at}", summary["precision"], pooled),
        (f"recall {at}", summary["recall"], pooled),
        (f"F1 {at}", summary["f1"], pooled),
        (f"IoU {at}", summary["iou"], pooled),
        (f"ODS, best F1 (at {table_cell(summary['ods_at'], 2)})", summary["ods"], pooled),
        ("OIS", summary["ois"], pooled),
        ("average precision", summary["average_precision"], pooled),
    ]
    for radius in scores.pooled.within:
        near = pooled.replace("no tolerance", f"within {radius} px")
        found += [
            (f"{name} {at}", summary[f"{key}_{radius}px"], near)
            for name, key in (("precision", "precision"), ("recall", "recall"), ("F1", "f1"))
        ]
    found += [
        (f"clDice {at}", summary["cl_dice"], pooled.replace("pixels", "skeleton pixels", 1)),
        (f"F1 {at}", mean["f1"], mean["protocol"]),
        ("best F1 of each", mean["best_f1"], mean["protocol"]),
        (f"background called crack {at}", summary["false_alarm_share"], pooled),
        (f"distractors called crack {at}", summary["distractor_share"], pooled),
    ]
    if own := summary["per_image_normalised"]:
        found += [
            (f"ODS (at {table_cell(own['ods_at'], 2)})", own["ods"], own["protocol"]),
            ("OIS", own["ois"], own["protocol"]),
            ("mIoU", own["miou"], own["protocol"]),
        ]
    return [
        (name, table_cell(value), protocol) for name, value, protocol in found if value is not None
    ]


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown of cells as they are."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _line(name: str, values: Sequence[float | None]) -> str:
    return f"{name:28}" + "".join(f"{table_cell(value):>8}" for value in values)


def table_cell(value: float | str | None, digits: int = 4) -> str:
    """Write a cell of a Markdown table; what is undefined is a dash."""
    if value is None:
        return "-"
    return value.replace("|", "\\|") if isinstance(value, str) else f"{value:.{digits}f}"


def _row_cell(key: str, value: float | str | None) -> str:
    """Write a cell of the photographs' table; shares as %, thresholds in hundredths."""
    if value is None or isinstance(value, str):
        return table_cell(value)
    return (
        as_percent(value) if key.endswith("_share") else table_cell(value, 2 if "_at" in key else 4)
    )


def as_percent(share: float | None) -> str:
    """Write a share in per cent; what is undefined is a dash."""
    return "-" if share is None else f"{share:.3%}"
