"""The whole comparison: choose, train, score, distort, draw. Goes on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from cracknet.baselines.narrowest import Wall, render_walls
from cracknet.datasets.pairs import AnnotatedPhoto, find_pairs
from cracknet.datasets.splits import cut_by_source, read_stems
from cracknet.errors import ArgumentError, DatasetError
from cracknet.files import write_whole
from cracknet.studies.compare.measured import Swept, distort_all, measure
from cracknet.studies.compare.options import SHIPPED, SYSTEMS, CompareOptions
from cracknet.studies.compare.page import comparison_page
from cracknet.studies.compare.plots import draw_curves, draw_grid
from cracknet.studies.compare.published import published_of
from cracknet.studies.compare.systems import HYBRID_EDGES, Setting, chosen_of
from cracknet.studies.machine import hardware, sha256_of, versions
from cracknet.studies.pictures import as_png
from cracknet.studies.scored import Sample, ScoredSet, choose_samples, read_json
from cracknet.training.loop import Log, Progress

SCHEMA = "cracknet/comparison/1"
SAMPLES = (0.9, 0.6, 0.3, 0.05)
"""The photographs of the picture grid, by their place in the order of crack share."""

_T = TypeVar("_T")


def compare(
    data: Path,
    out: Path,
    options: CompareOptions | None = None,
    *,
    log: Log,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Put the systems that came before and CrackNet's own on one scoreboard.

    What needs training is trained, k and thresholds are chosen on photographs held out of the
    train split, and all are scored on the test split. A system that is measured is not measured
    again; a run that was stopped goes on.

    Parameters
    ----------
    data : Path
        Data set with a train and a test split.
    out : Path
        Gets ``results.json``, ``comparison.md``, ``curves.png``, ``grid.png``; ``study.json`` and
        ``validation.txt``, what was decided at first; ``thresholds.txt``, the held back
        photographs that thresholds are chosen on; ``systems/<name>.json`` and ``samples/``, what
        was measured; ``runs/``, what was trained.
    options : CompareOptions, optional
    log, progress : callables
        As for `cracknet.training.loop.train`.

    Returns
    -------
    dict
        As ``results.json`` holds it.

    Raises
    ------
    ArgumentError
        When `out` holds a comparison of other options.
    DatasetError, PhotoError
        When the set is missing or cannot be read.
    TrainingError, ModelError, EngineError
        When a system cannot be trained or run.
    OutputError
        When a file cannot be written.
    """
    options = options or CompareOptions()
    data, out = data.resolve(), out.resolve()
    test = _test_set(data, options)
    held_back, pairs, decided = _decide(data, out, options, test)
    samples = choose_samples(test, SAMPLES)
    chosen_on = evenly(
        find_pairs(data, options.train_split, only=held_back), options.spent.validated
    )
    thresholds = out / "thresholds.txt"
    write_whole(thresholds, "".join(f"{pair.stem}\n" for pair in chosen_on).encode())
    swept = distort_all(
        [pair.read() for pair in evenly(test.pairs, options.spent.swept)], options.seed
    )
    spent = options.spent
    walls = render_walls(spent.walls, spent.widths_px, size_px=spent.wall_px, seed=options.seed)
    results: dict[str, Any] = {}
    with ExitStack() as stack:
        setting = Setting(
            data=data,
            out=out,
            options=options,
            pairs=pairs,
            left_out=(out / "validation.txt", *(path.resolve() for path in options.without)),
            held_back=thresholds,
            validation=[pair.read() for pair in chosen_on],
            log=log,
            progress=progress,
            stack=stack,
        )
        for name in SYSTEMS:  # in the order of the table, whatever that of the options
            if name in options.systems:
                results[name] = _measured(setting, name, test, samples, swept, walls, decided)
    content = {
        "schema": SCHEMA,
        **decided,
        "set": test.name,
        "test_photos": len(test.pairs),
        "validation_photos": len(chosen_on),
        "swept_photos": len(swept["noise"][0]),
        "systems": results,
        "gate": _gates(results),
        "hardware": hardware(),
        "versions": versions(),
    }
    write_whole(out / "results.json", (json.dumps(content, indent=1) + "\n").encode())
    write_whole(out / "curves.png", as_png(draw_curves(results)))
    write_whole(out / "grid.png", as_png(draw_grid(samples, _masks(out, results, samples))))
    write_whole(out / "comparison.md", comparison_page(content).encode())
    log(f"the comparison is {out / 'comparison.md'}")
    return content


def evenly(found: Sequence[_T], most: int | None) -> list[_T]:
    """Take at most so many, evenly spaced.

    >>> evenly(range(10), 4), evenly(range(3), None)
    ([0, 3, 6, 9], [0, 1, 2])
    """
    if most is None or most >= len(found):
        return list(found)
    return [found[i] for i in np.linspace(0, len(found) - 1, most).round().astype(int)]


def _test_set(data: Path, options: CompareOptions) -> ScoredSet:
    only = read_stems(options.only) if options.only else None
    pairs = find_pairs(data, options.test_split, only=only)
    if not pairs:
        msg = f"{data} has no photographs in split {options.test_split!r} to score."
        raise DatasetError(msg)
    listed = f", listed in {options.only.name}" if options.only else ""
    name = f"{data.name} {options.test_split}{listed}"
    scored = evenly(pairs, options.spent.scored)
    return ScoredSet(name, data, options.test_split, scored, len(pairs))


def _decide(
    data: Path, out: Path, options: CompareOptions, test: ScoredSet
) -> tuple[list[str], list[AnnotatedPhoto], dict[str, Any]]:
    """Choose what is held back, or read what was; refuse a folder of other options.

    Returns
    -------
    held_back : list of str
    pairs : list of AnnotatedPhoto
        To learn from.
    decided : dict
        What may not change in a comparison that was begun; systems may be added.
    """
    without = {stem for path in options.without for stem in read_stems(path)}
    stems = [pair.stem for pair in find_pairs(data, options.train_split)]
    if options.validation:
        held_back = [stem for stem in read_stems(options.validation) if stem not in without]
    else:
        left = [stem for stem in stems if stem not in without]
        held_back = cut_by_source(left, max(1, len(left) // 10), options.seed)
    if not held_back:
        msg = (
            f"no source photograph of {data} split {options.train_split!r} can be held back to "
            "choose thresholds on. Name a list of stems with --validation."
        )
        raise DatasetError(msg)
    decided = {
        "data": data.name,
        "train_split": options.train_split,
        "test_split": options.test_split,
        "budget": options.budget,
        "seed": options.seed,
        "validation": held_back,
        "without": sorted(without),
        "test": [pair.stem for pair in test.pairs],
        "joints": options.joints.name if options.joints else None,
        "first_weights": options.first_weights.name if options.first_weights else None,
    }
    path = out / "study.json"
    if path.is_file() and (kept := read_json(path)) != decided:
        changed = [key for key, value in decided.items() if kept.get(key) != value]
        msg = (
            f"{out} holds a comparison of other options: {', '.join(changed)} differ. Name another "
            f"folder, or give the options that {path} has."
        )
        raise ArgumentError(msg)
    pairs = find_pairs(data, options.train_split, without=without | set(held_back))
    write_whole(path, (json.dumps(decided, indent=1) + "\n").encode())
    write_whole(out / "validation.txt", "".join(f"{stem}\n" for stem in held_back).encode())
    return held_back, pairs, decided


def _measured(
    setting: Setting,
    name: str,
    test: ScoredSet,
    samples: Sequence[Sample],
    swept: Swept,
    walls: Sequence[Wall],
    decided: Mapping[str, Any],
) -> dict[str, Any]:
    """Measure a system, unless it is measured and its masks are there."""
    path = setting.out / "systems" / f"{name}.json"
    keep = {
        sample.pair.stem: setting.out / "samples" / name / f"{sample.pair.stem}.png"
        for sample in samples
    }
    about = {"system": name, "decided": dict(decided), "model": _model_of(name)}
    kept = read_json(path)
    if kept.get("about") == about and all(mask.is_file() for mask in keep.values()):
        setting.log(f"{name}: measured already")
        result: dict[str, Any] = kept["result"]
        return result
    setting.log(f"{name}: building")
    system = setting.system(name)
    setting.log(f"{name}: measuring")
    result = {
        "title": SYSTEMS[name],
        "chosen": chosen_of(system),
        **measure(system, test.pairs, swept, walls=walls, keep=keep),
        "published": published_of(name),
    }
    result = json.loads(json.dumps(result))  # as it will be read back
    write_whole(path, (json.dumps({"about": about, "result": result}, indent=1) + "\n").encode())
    setting.log(f"{name}: F1 {result['scores']['f1']:.4f}, clDice {result['scores']['cl_dice']}")
    return result


def _model_of(name: str) -> str | None:
    """Return the checksum of the shipped model, so that another is measured anew."""
    if not name.startswith(SHIPPED):
        return None
    from cracknet.segmentation import find_model

    return sha256_of(find_model(SHIPPED).file.with_suffix(".bin"))


def _gates(results: Mapping[str, Any]) -> dict[str, Any]:
    """Say what each gate removes: shares of the false alarms and of the right pixels before it."""
    found = {}
    pairs = (
        ("hybrid", HYBRID_EDGES),
        ("two-networks", "resnet-45"),
        ("cracknet-lite-gated", SHIPPED),
    )
    for gated, plain in pairs:
        if gated in results and plain in results:
            before, after = (results[name]["scores"] for name in (plain, gated))
            found[gated] = {
                key: 1 - after[key] / before[key] if before[key] else None
                for key in ("false_positive", "true_positive")
            }
    return found


def _masks(
    out: Path, results: Mapping[str, Any], samples: Sequence[Sample]
) -> dict[str, list[Path]]:
    return {
        result["title"]: [out / "samples" / name / f"{one.pair.stem}.png" for one in samples]
        for name, result in results.items()
    }
