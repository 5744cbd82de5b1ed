"""Change between two dates, on rendered walls photographed twice: what is found, how exactly.

    python benchmarks/change.py --json benchmarks/results/change.json

Each wall is rendered once before and once after, with the same surface, and photographed by two
pinhole views whose lines of sight differ by 0 to 30 degrees, each with its own distance, roll,
light, blur and noise. One crack ends inside the picture; it, or its width, grows by a known amount.
Seeds are above 700000; the tests use others. Sources of the measurement: `coverage`, the ideal
anti-aliased coverage of each view; `gray`, the same mask with widths from the photograph; `chain`,
everything from the photograph by the shipped model.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cracknet.measurement.change import (
    Change,
    Dated,
    RegistrationError,
    compare,
    compare_registered,
)
from cracknet.measurement.measure import measure
from cracknet.segmentation import Segmenter
from cracknet.synthesis import SURFACES, CrackPath, SceneOptions, natural_path, render
from cracknet.synthesis.noise import as_field
from cracknet.synthesis.views import path_through, photograph, pinhole_view, through

FIRST_SEED = 700_001
WALL_PX, PHOTO_PX = 1120, 512
KINDS = ("none", "width", "length", "both", "new", "gone")
SLANTS = (0, 10, 20, 30)
DISTRACTORS = ("pores", "stains", "streaks", "tie_holes", "joints", "shadows")
WIDER_PX, LONGER_PX = 1.0, 20.0


@dataclass(frozen=True, eq=False)
class Pair:
    """Two photographs, their exact coverage, and what is true of the changed crack."""

    grays: tuple[Any, Any]
    coverages: tuple[Any, Any]
    kind: str
    slant_deg: float
    wider_px: float
    longer_px: float


def main() -> None:
    """Run all pairs and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=3, help="pairs of each change and view")
    parser.add_argument("--same", type=int, default=10, help="pairs without a change, each view")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--places", type=int, default=40, help="pairs of different places")
    parser.add_argument("--sources", nargs="+", default=["coverage", "gray", "chain"])
    parser.add_argument("--model", default="cracknet-lite")
    parser.add_argument("--rows", type=Path, help="keep finished pairs here, and go on from it")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rows = _all_pairs(options)
    places = _places(options.places)
    tables = {
        name: _table([row for row in rows if row["source"] == name]) for name in options.sources
    }
    for name, table in tables.items():
        print(f"\n{name}")
        for line in table:
            print("  " + "  ".join(f"{key} {_short(value)}" for key, value in line.items()))
    print(f"\ndifferent places refused: {places['refused']} of {places['pairs']}")
    if options.json:
        facts = {"processor": platform.processor() or platform.machine(), "model": options.model,
                 "photo_px": PHOTO_PX, "first_seed": FIRST_SEED}  # fmt: skip
        content = {**facts, "tables": tables, "places": places, "pairs": rows}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(content, indent=1) + "\n")


def make_pair(seed: int, kind: str, slant_deg: float) -> Pair:
    """Render one wall at two dates and photograph it twice."""
    rng = np.random.default_rng(seed)
    surface = str(rng.choice(list(SURFACES)))
    chosen = rng.choice(DISTRACTORS, int(rng.integers(0, 4)), replace=False).tolist()
    scene = SceneOptions(
        height=WALL_PX, width=WALL_PX, surface=surface, contrast=float(rng.uniform(0.04, 0.09)),
        brightness=float(rng.uniform(0.45, 0.7)), light_gradient=0, vignette=0, psf_sigma_px=0,
        noise_percent=0, shot_noise_percent=0, distractors=chosen,
    )  # fmt: skip
    wall, photo = (WALL_PX, WALL_PX), (PHOTO_PX, PHOTO_PX)
    views = [
        pinhole_view(
            wall, photo, slant_deg=slant, towards_deg=float(rng.uniform(0, 360)),
            turn_deg=float(rng.uniform(-6, 6)), magnification=0.5 * float(rng.uniform(0.92, 1.08)),
            shift_px=(float(rng.uniform(-20, 20)), float(rng.uniform(-20, 20))),
        )
        for slant in ((0, slant_deg) if seed % 2 else (slant_deg, 0))
    ]  # fmt: skip
    base, grown, truth = _cracks(rng, kind, views[1])
    lists = {"new": (base[1:], base), "gone": (base, base[1:])}.get(kind, (base, grown))
    grays, coverages = [], []
    for cracks, view in zip(lists, views, strict=True):
        rendered = render(scene, seed, cracks=cracks)
        coverages.append(np.clip(through(as_field(rendered.coverage), view, *photo), 0, 1))
        grays.append(
            photograph(
                rendered.gray, view, *photo, rng, exposure=float(rng.uniform(0.75, 1.1)),
                light_gradient=float(rng.uniform(0, 0.3)),
                psf_sigma_px=float(rng.uniform(0.3, 0.9)),
                noise_percent=float(rng.uniform(0.3, 2.0)), shot_noise_percent=0.8,
                jpeg_quality=int(rng.choice([88, 93, 97])),
            )
        )  # fmt: skip
    return Pair((grays[0], grays[1]), (coverages[0], coverages[1]), kind, slant_deg, *truth)


def _cracks(
    rng: np.random.Generator, kind: str, after: Any
) -> tuple[list[CrackPath], list[CrackPath], tuple[float, float]]:
    """Two cracks, the first with an end inside; as before, as after, and the true growth."""
    middle = WALL_PX / 2
    turn = rng.uniform(0, 2 * math.pi)
    way = np.array([math.cos(turn), math.sin(turn)])
    side = np.array([-way[1], way[0]])
    width = 2 * float(rng.uniform(2.2, 6))
    start = middle - 1.1 * WALL_PX * way + rng.uniform(-150, 150) * side
    end = middle + rng.uniform(0, 150) * way + rng.uniform(-150, 150) * side
    whole = natural_path(tuple(start), tuple(end), width, rng, depth=float(rng.uniform(0.55, 0.85)))
    second = natural_path(
        tuple(middle - 1.1 * WALL_PX * side + 0.25 * WALL_PX * way),
        tuple(middle + 1.1 * WALL_PX * side + 0.27 * WALL_PX * way),
        2 * float(rng.uniform(1.8, 4)), rng, depth=float(rng.uniform(0.55, 0.85)),
    )  # fmt: skip
    # Length beyond each point, as AFTER sees it.
    steps = np.hypot(*np.diff(path_through(whole, after).points_px, axis=0).T)
    beyond = np.append(np.cumsum(steps[::-1])[::-1], 0.0)
    cut = int(np.flatnonzero(beyond >= LONGER_PX)[-1])
    share = (beyond[cut] - LONGER_PX) / (beyond[cut] - beyond[cut + 1])
    tip = whole.points_px[cut] + share * (whole.points_px[cut + 1] - whole.points_px[cut])
    points = np.vstack([whole.points_px[: cut + 1], tip])
    short = CrackPath(points, np.append(whole.widths_px[: cut + 1], whole.widths_px[cut]),
                      whole.depth)  # fmt: skip
    tapers = [_tapered(path) for path in (short, whole)]
    longer = kind in ("length", "both")
    now = tapers[1] if longer else tapers[0]
    wider = 0.0
    if kind in ("width", "both"):
        seen = path_through(now, after)
        inside = ((seen.points_px > 0) & (seen.points_px < PHOTO_PX)).all(axis=1)
        factor = float(np.median(seen.widths_px[inside] / now.widths_px[inside]))
        wider = WIDER_PX
        now = CrackPath(now.points_px, now.widths_px + WIDER_PX / factor, now.depth)
    return [tapers[0], second], [now, second], (wider, LONGER_PX if longer else 0.0)


def _tapered(path: CrackPath) -> CrackPath:
    """Let the last 40 px of the wall narrow to half the width."""
    away = path.length_px - np.append(0, np.cumsum(path.lengths_px))
    return CrackPath(path.points_px, path.widths_px * np.clip(0.5 + away / 80, 0.5, 1), path.depth)


def _all_pairs(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Run all pairs, those of each kind in turn; what `--rows` holds already is not run again."""
    rows: list[dict[str, Any]] = []
    if options.rows and options.rows.is_file():
        rows = [row for line in options.rows.read_text().splitlines() for row in json.loads(line)]
    done = {row["seed"] for row in rows}
    tasks = []
    for place, kind in enumerate(KINDS):
        for number, slant in enumerate(SLANTS if kind == "none" else (0, 30)):
            for turn in range(options.same if kind == "none" else options.each):
                seed = FIRST_SEED + 10_000 * place + 1000 * number + turn
                if seed not in done:
                    tasks.append((turn, seed, kind, slant, tuple(options.sources), options.model))
    tasks.sort(key=lambda task: task[0])
    with ProcessPoolExecutor(options.jobs, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        running = [pool.submit(_one_pair, *task[1:]) for task in tasks]
        for future in as_completed(running):
            rows += future.result()
            if options.rows:
                with options.rows.open("a") as file:
                    file.write(json.dumps(future.result()) + "\n")
    return sorted(rows, key=lambda row: (row["seed"], row["source"]))


@cache
def _segmenter(model: str) -> Segmenter:
    return Segmenter(model, threads=1)


def _one_pair(
    seed: int, kind: str, slant_deg: float, sources: tuple[str, ...], model: str
) -> list[dict[str, Any]]:
    pair = make_pair(seed, kind, slant_deg)
    known = None
    rows = []
    for source in sources:
        began = time.process_time()
        sides = []
        for gray, coverage in zip(pair.grays, pair.coverages, strict=True):
            if source == "chain":
                found = _segmenter(model).segment(gray)
                measured = measure(found.mask, probability=found.probability, gray=gray)
            else:
                photo = gray if source == "gray" else None
                measured = measure(coverage >= 0.5, probability=coverage, gray=photo)
            sides.append(Dated(measured, gray))
        measured_s = time.process_time() - began
        row = {"source": source, "seed": seed, "kind": kind, "slant_deg": slant_deg}
        began = time.process_time()
        try:
            # Both ideal sources leave the same pixels out of the registration.
            if source == "gray" and known is not None:
                change = compare_registered(*sides, known)
            else:
                change = compare(*sides)
        except RegistrationError as error:
            rows.append({**row, "refused": error.reason})
            continue
        if source == "coverage":
            known = change.registration
        row |= {
            "measure_s": round(measured_s, 3),
            "compare_s": round(time.process_time() - began, 3),
            "residual_px": round(change.registration.residual_px, 4),
            "states": sorted(crack.state for crack in change.cracks if crack.state != "outside"),
            "changed": change.changed,
        }
        rows.append(row | _differences(pair, change))
    return rows


def _differences(pair: Pair, change: Change) -> dict[str, Any]:
    both = [c for c in change.cracks if c.length_change_px is not None]
    found: dict[str, Any] = {}
    found["unchanged_errors"] = [
        [round(c.width_change_px, 4), round(c.width_change_sigma_px or 0, 4)]
        for c in both
        if pair.kind in ("none", "length") and c.width_change_px is not None
    ]
    if pair.kind in ("width", "both"):
        wide = max(both, key=lambda c: c.width_change_px or -9, default=None)
        if wide is not None and wide.width_change_px is not None:
            found |= {"wider_px": round(wide.width_change_px, 4),
                      "wider_sigma_px": round(wide.width_change_sigma_px or 0, 4),
                      "widened": "widened" in wide.state}  # fmt: skip
    if pair.kind in ("length", "both"):
        long = max(both, key=lambda c: c.length_change_px or -9, default=None)
        if long is not None:
            found |= {"longer_px": round(long.length_change_px or 0, 3),
                      "longer_sigma_px": round(long.length_change_sigma_px or 0, 3),
                      "grown": "grown" in long.state}  # fmt: skip
    if pair.kind in ("new", "gone"):
        # A new crack that meets an old one is that one, grown by most of its length.
        far = WALL_PX / 10
        found["found"] = any(
            (c.state == "new" or c.grown_px > far)
            if pair.kind == "new"
            else c.state == "no longer visible"
            for c in change.cracks
        )
    return found


def _table(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    lines = []
    for kind in KINDS:
        for slant in SLANTS:
            own = [r for r in rows if r["kind"] == kind and r["slant_deg"] == slant]
            if own:
                lines.append({"kind": kind, "slant_deg": slant, **_summary(kind, own)})
        lines.append({"kind": kind, "slant_deg": "all",
                      **_summary(kind, [r for r in rows if r["kind"] == kind])})  # fmt: skip
    return lines


def _summary(kind: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    done = [r for r in rows if "refused" not in r]
    line: dict[str, Any] = {"pairs": len(rows), "refused": len(rows) - len(done)}
    if kind == "none":
        line["false_changes"] = sum(r["changed"] for r in done)
    if kind in ("none", "length"):
        pairs = [pair for r in done for pair in r["unchanged_errors"]]
        line |= _errors("width", pairs, 0.0)
    if kind in ("width", "both"):
        line["widened_found"] = sum(r.get("widened", False) for r in done)
        pairs = [[r["wider_px"], r["wider_sigma_px"]] for r in done if "wider_px" in r]
        line |= _errors("width", pairs, WIDER_PX)
    if kind in ("length", "both"):
        line["grown_found"] = sum(r.get("grown", False) for r in done)
        pairs = [[r["longer_px"], r["longer_sigma_px"]] for r in done if "longer_px" in r]
        line |= _errors("length", pairs, LONGER_PX)
    if kind in ("new", "gone"):
        line["found"] = sum(r["found"] for r in done)
    return line


def _errors(name: str, pairs: list[list[float]], truth: float) -> dict[str, Any]:
    """Mean error, mean absolute error, and how many lie within two stated uncertainties."""
    if not pairs:
        return {}
    values, sigmas = np.array(pairs).T
    errors = values - truth
    return {
        f"{name}_bias_px": round(float(errors.mean()), 3),
        f"{name}_mae_px": round(float(np.abs(errors).mean()), 3),
        f"{name}_sigma_px": round(float(np.median(sigmas)), 3),
        f"{name}_within_2_sigma": round(float((np.abs(errors) <= 2 * sigmas).mean()), 3),
    }


def _places(count: int) -> dict[str, Any]:
    """Pairs of different places of like surface: all must be refused."""
    reasons: dict[str, int] = {}
    for k in range(count):
        rng = np.random.default_rng(FIRST_SEED + 80_000 + k)
        surface = str(rng.choice(list(SURFACES)))
        scene = SceneOptions(surface=surface, distractors=["masonry"] if k % 4 == 3 else ["pores"])
        photos = [render(scene, FIRST_SEED + 90_000 + 2 * k + side) for side in (0, 1)]
        empty = [Dated(measure(p.mask), p.gray) for p in photos]
        try:
            compare(*empty)
            reasons["accepted"] = reasons.get("accepted", 0) + 1
        except RegistrationError as error:
            reasons[error.reason] = reasons.get(error.reason, 0) + 1
    refused = count - reasons.get("accepted", 0)
    return {"pairs": count, "refused": refused, "reasons": reasons}


def _short(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
