"""The comparison as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cracknet.scoring.tables import table_cell
from cracknet.studies.compare.sweeps import SWEEPS


def comparison_page(content: Mapping[str, Any]) -> str:
    """Lay out what ``results.json`` holds."""
    systems = content["systems"]
    protocols = sorted({one["scores"]["protocol"] for one in systems.values()})
    parts = [
        f"# Comparison on {content['set']}\n",
        f"{content['test_photos']} photographs scored; k and thresholds chosen on "
        f"{content['validation_photos']} photographs of the train split that nothing learned "
        f"from; budget `{content['budget']}`. Protocol: {'; '.join(protocols)}.\n",
        _scores(systems),
        _standing(systems),
    ]
    if content["gate"]:
        parts.append(_gate(content["gate"], systems))
    parts += [
        "## Under distortion\n",
        f"F1 of {content['swept_photos']} of the photographs at the same k and thresholds, as they "
        "are and at the strongest step of each sweep. `curves.png` has all steps.\n",
        _sweeps(systems),
        "![F1 under distortion](curves.png)\n",
        "![Masks](grid.png)\n",
        "## The narrowest crack\n",
        "Cracks of constant width across rendered walls. A width counts as found where at least "
        "half of the centreline lies within 2 px of the mask, and less than a tenth of the same "
        "line on the same walls without the crack.\n",
        _widths(systems),
        "## What their authors said\n",
        _published(systems),
    ]
    return "\n".join(parts)


def _scores(systems: Mapping[str, Any]) -> str:
    head = (
        "system", "chosen", "P", "R", "F1", "ODS", "F1 2 px", "clDice", "false alarms",
        "CPU ms/MP", "parameters",
    )  # fmt: skip
    rows = []
    for one in systems.values():
        scores, chosen = one["scores"], one["chosen"]
        rows.append(
            [
                one["title"],
                ", ".join(f"{key} {value:g}" for key, value in chosen.items()) or "-",
                *(
                    number(scores[key], ".3f")
                    for key in ("precision", "recall", "f1", "ods", "f1_2px", "cl_dice")
                ),
                number(scores["false_alarm_share"], ".2%"),
                number(one["cpu_ms_per_megapixel"], ".0f"),
                number(one["parameters"], ","),
            ]
        )
    return _table(head, rows)


def _standing(systems: Mapping[str, Any]) -> str:
    """Say whether CrackNet is first, and where it is not."""
    ours = systems.get("cracknet-lite")
    if ours is None or len(systems) < 2:
        return ""
    lines = []
    for key, label in (("f1", "F1"), ("cl_dice", "clDice")):
        values = {one["title"]: one["scores"][key] or 0.0 for one in systems.values()}
        best = max(values, key=values.__getitem__)
        value, mine = values[best], ours["scores"][key]
        if mine is not None and mine >= value:
            lines.append(f"CrackNet-Lite is first in {label}.")
        else:
            lines.append(
                f"CrackNet-Lite is not first in {label}: {best} has "
                f"{number(value, '.3f')}, it {number(mine, '.3f')}."
            )
    return " ".join(lines) + "\n"


def _gate(gates: Mapping[str, Any], systems: Mapping[str, Any]) -> str:
    lines = ["## What the gate removes\n"]
    lines += [
        f"- {systems[name]['title']}: {number(found['false_positive'], '.1%')} of the false alarm "
        f"pixels and {number(found['true_positive'], '.1%')} of the right ones."
        for name, found in gates.items()
    ]
    return "\n".join(lines) + "\n"


def _sweeps(systems: Mapping[str, Any]) -> str:
    first = next(iter(SWEEPS))
    head = ("system", "as it is", *(f"{name} {one.steps[-1]:g}" for name, one in SWEEPS.items()))
    rows = [
        [
            one["title"],
            number(one["sweeps"][first][0]["f1"], ".3f"),
            *(number(one["sweeps"][name][-1]["f1"], ".3f") for name in SWEEPS),
        ]
        for one in systems.values()
    ]
    return _table(head, rows)


def _widths(systems: Mapping[str, Any]) -> str:
    rows = []
    for one in systems.values():
        found, blank = one["narrowest_px"], one["widths"][0]["blank_share"]
        rows.append(
            [one["title"], "none" if found is None else f"{found:g} px", number(blank, ".0%")]
        )
    return _table(("system", "narrowest found", "of the line marked without a crack"), rows)


def _published(systems: Mapping[str, Any]) -> str:
    rows: dict[tuple[str, str], list[str]] = {}
    for one in systems.values():
        if one["published"]:
            rows.setdefault(tuple(one["published"]), []).append(
                f"{one['title'].partition(' (')[0]} {number(one['scores']['f1'], '.3f')}"
            )
    return _table(
        ("theirs", "ours, F1 by pixels", "why they differ"),
        [[said, ", ".join(ours), why] for (said, why), ours in rows.items()],
    )


def number(value: float | None, form: str) -> str:
    """Format a number; what is not known is a dash."""
    return "-" if value is None else format(value, form)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(table_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
