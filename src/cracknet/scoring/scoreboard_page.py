"""The scoreboard as a page of Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cracknet.scoring.normalised import NORMALISED_PROTOCOL
from cracknet.scoring.scoreboard import Entry, SetBoard
from cracknet.scoring.tables import as_percent, markdown_table, table_cell

_SCORE_NAMES = {"ods": "ODS", "per_image_ods": "per-image ODS"}

_Column = Callable[[Entry], str]


def _score(name: str) -> _Column:
    return lambda entry: table_cell(getattr(entry, name), 3)


def _per_image(entry: Entry) -> str:
    own = entry.per_image_normalised
    return table_cell(own.ods if own else None, 3)


def _ods(entry: Entry) -> str:
    if entry.ods is None:
        return "-"
    return f"{table_cell(entry.ods, 3)} at {table_cell(entry.ods_at, 2)}"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


_COLUMNS: dict[str, _Column] = {
    "P": _score("precision"),
    "R": _score("recall"),
    "F1": _score("f1"),
    "ODS": _ods,
    "OIS": _score("ois"),
    "IoU": _score("iou"),
    "AP": _score("average_precision"),
    "F1 2 px": _score("f1_2px"),
    "clDice": _score("cl_dice"),
    "per-image ODS": _per_image,
    "background called crack": lambda entry: as_percent(entry.false_alarm_share),
    "distractors called crack": lambda entry: as_percent(entry.distractor_share),
    "parameters": lambda entry: _number(entry.parameters, ","),
    "GFLOP": lambda entry: _number(entry.gflop, ".1f"),
    "MB": lambda entry: _number(entry.size_mb, ".1f"),
    "CPU ms/MP": lambda entry: _number(entry.cpu_ms_per_megapixel, ".0f"),
    "licence": lambda entry: table_cell(entry.terms),
}


def scoreboard_page(boards: Sequence[SetBoard]) -> str:
    """Lay out the scoreboard: a table for each set, published figures, and the models.

    Parameters
    ----------
    boards : sequence of SetBoard
        Of `gather`.

    Returns
    -------
    str
        Markdown.
    """
    entries = [entry for board in boards for entry in board.entries]
    names = _names(entries)
    parts = ["# Scoreboard\n", _preface(entries)]
    parts += [_board(board, names) for board in boards]
    parts.append(_models(entries, names))
    return "\n".join(parts)


def _preface(entries: Sequence[Entry]) -> str:
    tiles = sorted({f"{px}x{px}" for one in entries if (px := one.multiply_adds_tile_px)})
    processors = sorted({one.processor for one in entries if one.processor})
    lines = [
        "Written by `cracknet scoreboard` from the files of `cracknet evaluate --json`; do not "
        "edit it. [evaluate.md](evaluate.md) says what each score means.",
        "",
        "- P, R, F1, IoU, F1 2 px, clDice and what is called crack are taken at the threshold that "
        "each table names, fixed beforehand; ODS, OIS and per-image ODS choose thresholds by the "
        "truth of the photographs that are scored.",
        f"- Per-image ODS: {NORMALISED_PROTOCOL}.",
        "- Sets called test decide nothing: they are scored and reported. What is listed in "
        "`validation` is held out of training and chooses between models.",
    ]
    if tiles:
        lines.append(
            f"- GFLOP: convolutions' and matrix products' multiply-adds for one tile of "
            f"{', '.join(tiles)} px, counted twice as papers that say FLOPs do; the second pass at "
            "half size, where a model makes one, adds a quarter."
        )
    if processors:
        lines.append(
            "- CPU ms/MP: processor time of segmenting a megapixel, in ms of one core, median over "
            f"photographs, during the evaluation, on {', '.join(processors)}."
        )
    return "\n".join(lines) + "\n"


def _board(board: SetBoard, names: dict[tuple[str, str], str]) -> str:
    columns = {
        head: column
        for head, column in _COLUMNS.items()
        if head != "distractors called crack"
        or any(entry.distractor_share is not None for entry in board.entries)
    }
    rows = [
        [names[_identity(entry)], *(column(entry) for column in columns.values())]
        for entry in board.entries
    ]
    photos = sorted({entry.photos for entry in board.entries})
    cuts = sorted({f"{entry.threshold:g}" for entry in board.entries})
    protocols = sorted({entry.protocol for entry in board.entries})
    text = (
        f"## {board.title}\n\n{' or '.join(map(str, photos))} photographs, threshold "
        f"{', '.join(cuts)}. {_sentence('; '.join(protocols))}\n\n"
        f"{markdown_table(('model', *columns), rows)}"
    )
    if board.published:
        text += "\nPublished by others; compare only what has one protocol:\n\n" + markdown_table(
            ("model", "score", "value", "protocol", "source"),
            [
                [
                    table_cell(figure.model),
                    _SCORE_NAMES.get(figure.score, figure.score),
                    figure.value,
                    table_cell(figure.protocol),
                    table_cell(figure.source),
                ]
                for figure in board.published
            ],
        )
    return text


def _models(entries: Sequence[Entry], names: dict[tuple[str, str], str]) -> str:
    parts = ["## Models\n"]
    shown = set()
    for entry in sorted(entries, key=lambda one: names[_identity(one)]):
        name = names[_identity(entry)]
        if name in shown:
            continue
        shown.add(name)
        facts = [
            f"net `{entry.net}`" if entry.net else "predictions of another tool",
            f"weights {entry.checksum}" if entry.checksum else "",
            f"run by {entry.run_by}" if entry.run_by else "",
            f"a second pass at half size, counted {entry.coarse_weight:g}-fold"
            if entry.coarse_weight
            else "",
        ]
        text = f"**{name}**: {', '.join(fact for fact in facts if fact)}."
        if entry.licence:
            text += f" Licence: {_sentence(entry.licence)}"
        parts.append(text + "\n")
        if entry.training_data:
            parts.append(
                markdown_table(
                    ("trained on", "terms as published"),
                    [[table_cell(k), table_cell(v)] for k, v in entry.training_data.items()],
                )
            )
    return "\n".join(parts)


def _identity(entry: Entry) -> tuple[str, str]:
    return f"{entry.model} {entry.checksum}", entry.run_by


def _names(entries: Sequence[Entry]) -> dict[tuple[str, str], str]:
    """Name models, with checksum and engine only where the name alone is not clear."""
    names = {}
    for entry in entries:
        alike = [one for one in entries if one.model == entry.model]
        name = table_cell(entry.model)
        if len({one.checksum for one in alike}) > 1:
            name += f" ({entry.checksum or 'files'})"
        if len({one.run_by for one in alike if one.checksum == entry.checksum}) > 1:
            name += f", {entry.run_by}"
        names[_identity(entry)] = name
    return names


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."
