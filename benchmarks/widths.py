"""Widths of rendered cracks against their exact truth, and the speed of measuring them.

    python benchmarks/widths.py --json benchmarks/results/widths.json

Each scene holds four cracks, one of each range of widths, straight, along a circle or as concrete
breaks, at any angle; camera, surface and depth vary. The centreline is the truth's, moved aside by
up to 0.7 px, so that no row profits from knowing it. An error is the found width less the true
width at the nearest point of the true centreline, a crack's width away from its ends.

Rows: `coverage` is the exact share of each pixel inside a crack; `gray` the photograph with the
true mask; `traced` the same along the centreline that `trace_cracks` finds in that mask; `model`
the shipped model's own probability of the photograph, where it sees the crack; `segment` that
probability and the photograph, as `cracknet segment` measures; `mask` the true mask alone;
`distance` twice the distance transform of the true mask, less half a pixel (its least bias).
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from cracknet.measurement.centreline import trace_cracks
from cracknet.measurement.results import WIDTH_METHODS
from cracknet.measurement.widths import border_distance, width_profiles
from cracknet.segmentation import Segmenter
from cracknet.synthesis import (
    CrackPath,
    Rendered,
    SceneOptions,
    arc_path,
    natural_path,
    render,
    straight_path,
)

BINS = ((1.5, 3.0), (3.0, 6.0), (6.0, 12.0), (12.0, 40.0))
BARS = (0.20, 0.10, 0.10, 0.10)
BIAS_BAR = 0.05
ROWS = ("coverage", "gray", "traced", "model", "segment", "mask", "distance")
KINDS = ("straight", "arc", "natural")
SIZE = 512
FIRST_SEED = 810_000
Maps = tuple[Any, Any, Any]


def main() -> None:
    """Run all and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scenes", type=int, default=45)
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--variation", type=float, default=0.1, help="of natural widths")
    parser.add_argument("--no-model", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    segment = None if options.no_model else _segmenter()
    seeds = range(options.seed, options.seed + options.scenes)
    found = [error for seed in seeds for error in _scene(seed, options.variation, segment)]
    alone = [error for seed in seeds for error in _thin_alone(seed, options.variation)]
    rough = [e for seed in seeds if seed % 3 == 2 for e in _scene(seed, 0.2, None)]
    tables = {
        "all": _table(found),
        **{kind: _table([e for e in found if e["kind"] == kind]) for kind in KINDS},
        "natural, widths varying twice as much": _table(rough),
        "thin cracks alone in the photograph": _table(alone),
    }
    for name, table in tables.items():
        _print(name, table)
    speed = _speed()
    print(f"\nspeed: {speed['points']} points, {speed['cpu_seconds']} s of CPU time")
    met = _met(tables["all"])
    print("bars (coverage and gray):", "met" if all(met.values()) else met)
    if options.json:
        facts = {
            "scenes": options.scenes,
            "first_seed": options.seed,
            "width_variation_of_natural_cracks": options.variation,
            "centreline": "truth, moved aside by up to 0.7 px",
            "bars": {"mean_absolute_px": BARS, "bias_px": BIAS_BAR, "met": met},
            "tables": tables,
            "speed": speed,
            "python": platform.python_version(),
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(facts, indent=2) + "\n")


def _camera(rng: np.random.Generator) -> SceneOptions:
    return SceneOptions(
        height=SIZE, width=SIZE,
        surface=str(rng.choice(["smooth", "formwork", "weathered", "rough", "trowelled"])),
        brightness=float(rng.uniform(0.45, 0.7)),
        contrast=float(rng.choice([0.02, 0.05, 0.1])),
        psf_sigma_px=float(rng.uniform(0.5, 1.2)),
        noise_percent=float(rng.uniform(0, 3)), shot_noise_percent=0.5,
    )  # fmt: skip


def _paths(
    rng: np.random.Generator, kind: str, bins: list[int], variation: float
) -> list[CrackPath]:
    """Cracks side by side, 50 px and more between them, the whole turned to any angle."""
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([SIZE / 2, SIZE / 2]) + rng.uniform(-1, 1, 2)
    places = [-160.0, -85.0, -5.0, 110.0]
    paths = []
    for place, index in zip(places, bins, strict=True):
        low, high = BINS[index]
        width = float(np.exp(rng.uniform(np.log(1.05 * low), np.log(0.95 * high))))
        depth = float(rng.uniform(0.3, 0.9))
        side = place + rng.uniform(-5, 5)
        start, end = (tuple(turn @ [x, side] + middle) for x in (-190, 190))
        if kind == "straight":
            slope = width * rng.uniform(-0.05, 0.05)
            paths.append(straight_path(start, end, (width - slope, width + slope), depth))
        elif kind == "arc":
            radius = float(rng.uniform(400, 900))
            half = float(np.degrees(190 / radius))
            centre = turn @ [0, side + radius] + middle
            up = float(np.degrees(np.arctan2(*(turn @ [0, -1])[::-1])))
            paths.append(arc_path(tuple(centre), radius, up - half, 2 * half, width, depth))
        else:
            paths.append(
                natural_path(
                    start, end, width, rng, depth=depth, roughness=0.06,
                    width_variation=variation, width_limits_px=(low, high),
                )
            )  # fmt: skip
    return paths


def _scene(
    seed: int, variation: float, segment: Callable[[Any], Any] | None
) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    photo = render(_camera(rng), rng, cracks=_paths(rng, kind, [0, 1, 2, 3], variation))
    maps: dict[str, Maps] = {
        "coverage": (photo.mask, photo.coverage, None),
        "gray": (photo.mask, None, photo.gray),
        "mask": (photo.mask, None, None),
    }
    if segment is not None:
        probability = segment(photo.gray)
        maps["model"] = (probability >= 0.5, probability, None)
        maps["segment"] = (probability >= 0.5, probability, photo.gray)
    return _errors(photo, maps, kind, rng)


def _thin_alone(seed: int, variation: float) -> list[dict[str, Any]]:
    """Thin cracks only: nothing in the photograph shows its blur."""
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    photo = render(_camera(rng), rng, cracks=_paths(rng, kind, [0, 0, 0, 0], variation))
    return _errors(photo, {"gray": (photo.mask, None, photo.gray)}, kind, rng, distance=False)


def _errors(
    photo: Rendered,
    maps: dict[str, Maps],
    kind: str,
    rng: np.random.Generator,
    *,
    distance: bool = True,
) -> list[dict[str, Any]]:
    """Errors of every row and crack at its points."""
    lines, truths, keep = [], [], []
    for crack in photo.cracks:
        line, truth, inner = _centreline(crack.paths[0], rng)
        lines.append(line)
        truths.append(truth)
        keep.append(inner)
    starts = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    points = np.concatenate(lines)
    out = []
    for row, (mask, probability, gray) in maps.items():
        half = border_distance(points, mask) if mask.any() else np.zeros(len(points))
        profile = width_profiles(
            points, starts, mask=mask, half_widths_px=half, probability=probability, gray=gray
        )
        there = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        x, y = np.rint(points).astype(int).clip(0, SIZE - 1).T
        out += [
            _crack(
                row, kind, profile.widths_px[cut], truth, inner & there[y, x][cut],
                profile.resolved[cut], profile.methods[cut], inner,
            )
            for cut, truth, inner in zip(_cuts(starts), truths, keep, strict=True)
        ]  # fmt: skip
    if distance:
        out += _traced(photo, kind, lines, truths, keep)
        far = cv2.distanceTransform(photo.mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        near = np.concatenate([_nearest(far, line) for line in lines])
        out += [
            _crack("distance", kind, 2 * near[cut] - 0.5, truth, inner, inner, None, inner)
            for cut, truth, inner in zip(_cuts(starts), truths, keep, strict=True)
        ]
    return out


def _traced(
    photo: Rendered, kind: str, lines: list[Any], truths: list[Any], keep: list[Any]
) -> list[dict[str, Any]]:
    """Errors along the centrelines that tracing finds in the true mask."""
    branches = [b for crack in trace_cracks(photo.mask).cracks for b in crack.branches]
    starts = np.concatenate([[0], np.cumsum([len(b.points_px) for b in branches])])
    points = np.concatenate([b.points_px for b in branches])
    profile = width_profiles(
        points, starts, mask=photo.mask, gray=photo.gray,
        half_widths_px=np.concatenate([b.half_widths_px for b in branches]),
    )  # fmt: skip
    far, nearest = cKDTree(np.concatenate(lines)).query(points)
    crack = np.repeat(np.arange(len(lines)), [len(line) for line in lines])[nearest]
    truth, inner = np.concatenate(truths)[nearest], np.concatenate(keep)[nearest]
    out = []
    for k in range(len(lines)):
        mine = (crack == k) & (far < 3)
        if mine.any():
            parts = (profile.widths_px, truth, inner, profile.resolved, profile.methods)
            widths, true, use, resolved, methods = (part[mine] for part in parts)
            out.append(_crack("traced", kind, widths, true, use, resolved, methods, use))
    return out


def _cuts(starts: Any) -> list[slice]:
    return [slice(a, b) for a, b in pairwise(starts)]


def _nearest(far: Any, line: Any) -> Any:
    """Largest distance within a pixel of each point: what a skeleton's pixel there would hold."""
    ridge = cv2.dilate(far, np.ones((3, 3), np.uint8))
    x, y = np.rint(line).astype(int).clip(0, SIZE - 1).T
    return ridge[y, x].astype(np.float64)


def _centreline(path: CrackPath, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Centreline a pixel apart, smoothed and moved aside; true widths; points off the ends."""
    walked = np.append(0, np.cumsum(path.lengths_px))
    at = np.arange(0, walked[-1], 0.5)
    true = np.column_stack([np.interp(at, walked, path.points_px[:, k]) for k in (0, 1)])
    widths = np.interp(at, walked, path.widths_px)
    line, ends = true[::2], 2 * float(path.width_max_px) + 4
    line = gaussian_filter1d(line, 2.5, axis=0, mode="nearest")
    noise = gaussian_filter1d(rng.standard_normal(line.shape), 4.0, axis=0, mode="nearest")
    line = line + np.clip(0.35 * noise / noise.std(), -0.5, 0.5)  # at most 0.7 px in all
    nearest = cKDTree(true).query(line)[1]
    along = np.arange(len(line))
    inner = np.minimum(along, along[::-1]) > ends
    margin = widths[nearest] + 4
    inner &= ((line > margin[:, None]) & (line < SIZE - 1 - margin[:, None])).all(axis=1)
    return line, widths[nearest], inner


def _crack(
    row: str, kind: str, widths: Any, truth: Any, use: Any, resolved: Any, methods: Any, inner: Any
) -> dict[str, Any]:
    shares = {} if methods is None else {
        name: float((methods[use] == k).mean()) if use.any() else 0.0
        for k, name in enumerate(WIDTH_METHODS)
    }  # fmt: skip
    return {
        "row": row,
        "kind": kind,
        "bin": int(np.searchsorted([high for _, high in BINS[:-1]], np.median(truth))),
        "error": (widths - truth)[use],
        "resolved": resolved[use],
        "seen": float(use.sum() / max(inner.sum(), 1)),
        "methods": shares,
    }


def _table(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for row in ROWS:
        for index, (low, high) in enumerate(BINS):
            mine = [e for e in found if e["row"] == row and e["bin"] == index]
            if not mine or not any(len(e["error"]) for e in mine):
                continue
            error = np.concatenate([e["error"] for e in mine])
            resolved = np.concatenate([e["resolved"] for e in mine])
            branch = np.array([e["error"].mean() for e in mine if len(e["error"])])
            rows.append(
                {
                    "row": row,
                    "width_px": [low, high],
                    "cracks": len(mine),
                    "points": len(error),
                    "mean_absolute_px": round(float(np.abs(error).mean()), 4),
                    "bias_px": round(float(error.mean()), 4),
                    "p95_absolute_px": round(float(np.quantile(np.abs(error), 0.95)), 4),
                    "branch_mean_absolute_px": round(float(np.abs(branch).mean()), 4),
                    "unresolved_share": round(float(1 - resolved.mean()), 4),
                    "resolved_mean_absolute_px": round(float(np.abs(error[resolved]).mean()), 4)
                    if resolved.any()
                    else None,
                    "seen_share": round(float(np.mean([e["seen"] for e in mine])), 4),
                    "methods": {
                        name: round(float(np.mean([e["methods"][name] for e in mine])), 4)
                        for name in mine[0]["methods"]
                    },
                }
            )
    return rows


def _print(name: str, table: list[dict[str, Any]]) -> None:
    print(f"\n{name}")
    print(f"{'row':<10}{'width px':>10}{'points':>9}{'MAE':>8}{'bias':>8}{'p95':>8}{'branch':>8}"
          f"{'unres.':>8}{'seen':>7}")  # fmt: skip
    for row in table:
        low, high = row["width_px"]
        print(
            f"{row['row']:<10}{f'{low:g}-{high:g}':>10}{row['points']:>9}"
            f"{row['mean_absolute_px']:>8.3f}{row['bias_px']:>+8.3f}{row['p95_absolute_px']:>8.3f}"
            f"{row['branch_mean_absolute_px']:>8.3f}{row['unresolved_share']:>8.1%}"
            f"{row['seen_share']:>7.1%}"
        )


def _met(table: list[dict[str, Any]]) -> dict[str, bool]:
    met = {}
    for row in table:
        if row["row"] in ("coverage", "gray"):
            low, high = row["width_px"]
            bar = BARS[BINS.index((low, high))]
            good = row["mean_absolute_px"] <= bar and abs(row["bias_px"]) < BIAS_BAR
            met[f"{row['row']} {low:g}-{high:g}"] = good
    return met


def _segmenter() -> Callable[[Any], Any]:
    segmenter = Segmenter("cracknet-lite")
    return lambda gray: segmenter.segment(gray).probability


def _speed() -> dict[str, Any]:
    """CPU time of 20 000 points about 6 px wide, gray and coverage given."""
    rng = np.random.default_rng(FIRST_SEED - 1)
    size = 2048
    paths = [
        natural_path((30, y), (size - 30, y + 30), 6.0, rng, roughness=0.06)
        for y in np.linspace(100, size - 150, 10)
    ]
    photo = render(SceneOptions(height=size, width=size), rng, cracks=paths)
    lines = [_centreline(path, rng)[0] for path in paths]
    points = np.concatenate(lines)[:20_000]
    starts = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    starts = np.append(starts[starts < len(points)], len(points))
    half = border_distance(points, photo.mask)
    spent = []
    for _ in range(3):
        began = time.process_time()
        width_profiles(
            points, starts, mask=photo.mask, half_widths_px=half, probability=photo.coverage,
            gray=photo.gray,
        )  # fmt: skip
        spent.append(time.process_time() - began)
    return {"points": len(points), "cpu_seconds": round(min(spent), 3)}


if __name__ == "__main__":
    main()
