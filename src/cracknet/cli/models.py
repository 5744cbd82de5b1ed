"""`cracknet models`: what ships, how good it is, and on what terms."""

from __future__ import annotations

from cracknet.cli.options import json_option, write_json


def models(json_file: json_option = None) -> None:
    """List the models that ship with this version: scores, size, licence."""
    from rich.console import Console
    from rich.table import Table

    from cracknet.segmentation import list_models

    cards = list_models()
    table = Table(title="Models in this version of CrackNet", show_lines=True)
    for column in ("model", "net", "MB", "measured, threshold 0.5, no tolerance", "licence"):
        table.add_column(column, overflow="fold")
    for card in cards:
        scores = "\n".join(
            f"{name}: F1 {score['f1']:.3f}, ODS {score['ods']:.3f}"
            for name, score in card.scores.items()
        )
        table.add_row(card.name, card.net, f"{card.size_mb:.1f}", scores, card.licence)
    Console().print(table)
    write_json(
        json_file,
        [{**card.__dict__, "file": card.file.name, "size_mb": card.size_mb} for card in cards],
    )
