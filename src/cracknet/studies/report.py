"""The report of a study: one HTML file, the same numbers as JSON and Markdown, and its figures."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jinja2
import numpy.typing as npt

from cracknet.datasets.pairs import read_mask
from cracknet.files import write_whole
from cracknet.studies.diagram import draw_architecture
from cracknet.studies.pictures import as_png, as_svg, curves, feature_maps, outlined, strip
from cracknet.studies.results import NAMES, TABLE_NETS, NetResult
from cracknet.studies.scored import Sample, sample_mask_path

_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


def write_report(
    out: Path,
    content: Mapping[str, Any],
    nets: Sequence[NetResult],
    samples: Sequence[Sample],
) -> None:
    """Draw the figures and write the report.

    Parameters
    ----------
    out : Path
        Gets ``report.html``, ``results.json``, ``results.md`` and ``figures/``.
    content : mapping
        As `cracknet.studies.results.gather` returns it.
    nets : sequence of NetResult
    samples : sequence of Sample

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    figures = _draw(nets, samples, str(content["photos"]["set"]))
    for name, data in figures.items():
        write_whole(out / "figures" / name, data)
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    write_whole(out / "results.json", text.encode())
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=jinja2.select_autoescape(("html",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "score": _score,
        "percent": _percent,
        "net": _label,
        "sentence": _sentence,
    }
    values = {
        **content,
        "figures": {Path(name).stem: _data_uri(name, data) for name, data in figures.items()},
        "diagrams": [net.name for net in nets],
        "featured": featured.name if (featured := _featured(nets)) else None,
        "table_nets": [net for net in TABLE_NETS if net in content["nets"]],
        "border_words": border_words(content),
        "general_words": general_words(content),
        "unconverged": {
            name: net["test"]["verdict"]
            for name, net in content["nets"].items()
            if net["test"]["verdict"]
        },
    }
    for name in ("results.md", "report.html"):
        write_whole(out / name, environment.get_template(name).render(values).encode())


def border_words(content: Mapping[str, Any]) -> str:
    """Say what the ablation shows of the claim that skips make edges finer."""
    with_skips, without = (content["borders"].get(n) for n in ("cracknet", "cracknet-no-skips"))
    if not with_skips or not without:
        return "Not tested: the study did not train CrackNet both with and without skips."
    for net in ("cracknet", "cracknet-no-skips"):
        if said := content["nets"][net]["test"]["verdict"]:
            return f"Not decided: {_label(net)} has {said}. Train longer."
    gains = (
        with_skips["band"]["f1"] - without["band"]["f1"],
        with_skips["boundary"]["1px"]["f1"] - without["boundary"]["1px"]["f1"],
    )
    told = (
        f"With skips, F1 in the band is {gains[0]:+.4f} and boundary F1 within 1 px "
        f"{gains[1]:+.4f} against the net without"
    )
    if min(gains) > 0:
        return f"{told}: both support the claim, in one run of each net."
    if max(gains) <= 0:
        return f"{told}: neither supports the claim at this budget, in one run of each net."
    return f"{told}: the two disagree, so that this run does not decide the claim."


def general_words(content: Mapping[str, Any]) -> str:
    """Say what the sets that no net was trained on show of the claim to generalise better."""
    others = {
        name: found["nets"]
        for name, found in content["generalisation"].items()
        if name != content["test_set"]
    }
    if not others:
        return (
            "Not tested: no other set was given. Name some with --other SET:SPLIT; the nets are "
            "not trained again."
        )
    shown = [net for net in TABLE_NETS if net in content["nets"]]
    if "cracknet" not in shown or len(shown) < 2:
        return "Not tested: the study did not train CrackNet and an FCN."
    best = [
        max(shown, key=lambda net, nets=nets: nets[net]["f1"] or 0.0)  # type: ignore[misc]
        for nets in others.values()
    ]
    told = (
        f"On {best.count('cracknet')} of the {len(others)} other sets CrackNet has the best F1 of "
        f"{', '.join(map(_label, shown))}, in one run of each net."
    )
    bad = [_label(net) for net in shown if content["nets"][net]["test"]["verdict"]]
    if bad:
        return f"{told} But it decides nothing, for these have not converged: {', '.join(bad)}."
    return told


def _draw(nets: Sequence[NetResult], samples: Sequence[Sample], set_name: str) -> dict[str, bytes]:
    """Draw all figures: file name to content; the numbers are the paper's."""
    by_name = {net.name: net for net in nets}
    figures: dict[str, bytes] = {}
    for net in nets:
        figures[f"figure-2-{net.name}.svg"] = as_svg(
            draw_architecture(replace(net.architecture, name=_label(net.name)))
        )
    for number, sample in zip((4, 5), samples, strict=True):
        gray, truth = sample.pair.read()
        panels: list[tuple[str, npt.NDArray[Any]]] = [("Input", gray), ("Ground truth", truth)]
        for name in TABLE_NETS:
            if name in by_name:
                mask = read_mask(sample_mask_path(by_name[name].folder, sample))
                panels.append(("Ours" if name == "cracknet" else NAMES[name], mask))
        figures[f"figure-{number}.png"] = as_png(strip(panels))
    runs = {net.name: (_label(net.name), net.curves) for net in nets}
    for number, score in ((6, "precision"), (7, "recall")):
        figures[f"figure-{number}.svg"] = as_svg(curves(runs, set_name, score))
    if chosen := _featured(nets):
        figures["features.png"] = as_png(feature_maps(chosen.architecture, chosen.features), dpi=90)
    pair = [by_name[n] for n in ("cracknet-no-skips", "cracknet") if n in by_name]
    if len(pair) == 2:
        gray, truth = samples[0].pair.read()
        masks = [
            (_label(net.name), read_mask(sample_mask_path(net.folder, samples[0]))) for net in pair
        ]
        figures["edges.png"] = as_png(outlined(gray, truth, masks))
    return figures


def _featured(nets: Sequence[NetResult]) -> NetResult | None:
    """Return the net whose features are shown: the paper's, where it has them, or the first."""
    shown = [net for net in nets if net.features]
    return next((net for net in shown if net.name == "cracknet"), shown[0] if shown else None)


def _data_uri(name: str, data: bytes) -> str:
    return f"data:{_TYPES[Path(name).suffix]};base64,{base64.b64encode(data).decode()}"


def _label(net: str) -> str:
    return NAMES.get(net, net)


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"
