"""Length of cracks against rendered truth; turns, mirrors, scale, branches, speed and memory.

    OMP_NUM_THREADS=1 python benchmarks/length.py --json benchmarks/results/length.json

Masks are ``coverage >= 0.5`` of the exact coverage. A rotation turns the geometry, then renders it
anew. Seeds are above 900000. Seconds are the processor's.

Truth is the length of the rendered polyline. A natural crack has bends down to 3 px (or 1.3 widths)
apart, finer than a mask's pixels resolve, so its truth is given twice: as it is, and smoothed by
a Gaussian of sigma 1 px or a quarter of the width, whichever is more. Side cracks of the branched
ones leave at 55 to 80 degrees to the main one's direction there, do not cross, and are 1.5 px wide
or more: two cracks that run along each other in one strip are one to the mask.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from cracknet.measurement.centreline import trace_cracks
from cracknet.synthesis import (
    Crack,
    CrackPath,
    arc_path,
    crack_layers,
    natural_path,
    straight_path,
)

SEED = 900_500
WIDTHS = (1.5, 2, 3, 5, 8, 12, 20)
ROTATIONS = 36
SIDE = 600
MIDDLE = np.array([SIDE / 2, SIDE / 2])


def main() -> None:
    """Run all, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--big", choices=["cracks", "specks", "full", "empty"])
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.big:  # in a process of its own, for its peak of memory
        print(json.dumps(_big(options.big)))
        return
    lengths = [_rotations(kind, width) for kind in KINDS for width in WIDTHS]
    print(f"{'kind':14}{'width':>6}{'truth px':>10}{'mean %':>8}{'worst %':>8}{'smooth %':>9}"
          f"{'range %':>8}{'cv %':>7}{'branches':>10}")  # fmt: skip
    for row in lengths:
        print(f"{row['kind']:14}{row['width_px']:6}{row['truth_px']:10.1f}"
              f"{row['error_mean_percent']:8.2f}{row['error_worst_percent']:8.2f}"
              f"{row['error_mean_to_smoothed_truth_percent']:9.2f}{row['range_percent']:8.2f}"
              f"{row['variation_percent']:7.2f}"
              f"{row['rotations_with_true_branches']:6}/{ROTATIONS}")  # fmt: skip
    same = [_same(kind, width) for kind in KINDS for width in (2, 5, 12)]
    print(
        f"\n{'kind':14}{'width':>6}{'turned %':>9}{'mirrored %':>11}{'twice %':>9}"
        f"{'pixels x2 %':>12}"
    )
    for row in same:
        print(f"{row['kind']:14}{row['width_px']:6}{row['turned_percent']:9.3f}"
              f"{row['mirrored_percent']:11.3f}{row['rendered_twice_as_large_percent']:9.3f}"
              f"{row['pixels_doubled_percent']:12.3f}")  # fmt: skip
    big = []
    for what in ("cracks", "specks", "full", "empty"):
        line = [sys.executable, __file__, "--big", what]
        big.append(json.loads(subprocess.run(line, check=True, capture_output=True).stdout))
        print("\n" + "  ".join(f"{key} {value}" for key, value in big[-1].items()), end="")
    print()
    if options.json:
        facts = {
            "rotations": ROTATIONS,
            "seed": SEED,
            "processor": platform.processor() or platform.machine(),
            "python": platform.python_version(),
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        found = {**facts, "length": lengths, "same": same, "large_masks_4096": big}
        options.json.write_text(json.dumps(found, indent=2) + "\n")


def _straight(width: float) -> list[CrackPath]:
    return [straight_path((110.3, 300.2), (489.6, 300.2), width)]


def _arc(width: float) -> list[CrackPath]:
    return [arc_path((300, 300), 160, 15, 205, width)]


def _tight_arc(width: float) -> list[CrackPath]:
    return [arc_path((300, 300), 80, 15, 250, width)]


def _natural(width: float) -> list[CrackPath]:
    rng = np.random.default_rng(SEED)
    limits = (max(1.5, 0.5 * width), 2 * width)
    return [natural_path((80, 300), (520, 300), width, rng, width_limits_px=limits)]


def _branched(width: float) -> list[CrackPath]:
    """Add three side cracks to a natural one, at 55, 65 and 80 degrees to its own direction."""
    rng = np.random.default_rng(SEED + 1)
    limits = (max(1.5, 0.5 * width), 2 * width)
    main_path = natural_path((80, 300), (520, 300), width, rng, width_limits_px=limits)
    paths = [main_path]
    for share, angle in ((0.25, 55.0), (0.5, -65.0), (0.75, 80.0)):
        at = np.cumsum(main_path.lengths_px) / main_path.length_px
        near = [np.searchsorted(at, share + k * (5 + 2 * width) / 440) for k in (-1, 0, 1)]
        before, start, behind = main_path.points_px[near]
        heading = np.arctan2(*(behind - before)[::-1]) + np.radians(angle)
        way = np.array([np.cos(heading), np.sin(heading)])
        end = start + 150 * way
        own = max(1.5, 0.6 * width)
        side_limits = (max(1.5, 0.5 * own), 2 * own)
        paths.append(
            natural_path(
                (start[0], start[1]), (end[0], end[1]), own, rng, width_limits_px=side_limits
            )
        )
    return paths


KINDS: dict[str, Callable[[float], list[CrackPath]]] = {
    "straight": _straight,
    "arc": _arc,
    "arc radius 80": _tight_arc,
    "natural": _natural,
    "branched": _branched,
}
BRANCHES = {"branched": 7}


def _turned(path: CrackPath, degrees: float, scale: float = 1.0) -> CrackPath:
    a = np.radians(degrees)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    points = ((path.points_px - MIDDLE) @ turn.T + MIDDLE + 0.5) * scale - 0.5
    return CrackPath(points, path.widths_px * scale)


def _mask(paths: list[CrackPath], side: int = SIDE) -> Any:
    return crack_layers([Crack(tuple(paths))], side, side)[0] >= 0.5


def _measured(mask: Any) -> tuple[float, int]:
    traced = trace_cracks(mask)
    return (
        sum(crack.length_px for crack in traced.cracks),
        sum(len(crack.branches) for crack in traced.cracks),
    )


def _smoothed_length(path: CrackPath, sigma_px: float) -> float:
    """Length of the path smoothed by a Gaussian; its ends stay (point reflection)."""
    step = 0.25
    walked = np.append(0, np.cumsum(path.lengths_px))
    at = np.append(np.arange(0, walked[-1], step), walked[-1])
    points = np.column_stack([np.interp(at, walked, path.points_px[:, k]) for k in (0, 1)])
    more = min(int(6 * sigma_px / step), len(points) - 1)
    before = 2 * points[0] - points[more:0:-1]
    behind = 2 * points[-1] - points[-2 : -2 - more : -1]
    smooth = gaussian_filter1d(np.vstack([before, points, behind]), sigma_px / step, axis=0)
    return float(np.hypot(*np.diff(smooth[more : len(smooth) - more], axis=0).T).sum())


def _rotations(kind: str, width: float) -> dict[str, Any]:
    paths = KINDS[kind](width)
    truth = sum(path.length_px for path in paths)
    rough = kind in ("natural", "branched")
    sigma = max(1.0, width / 4)
    smooth = sum(_smoothed_length(path, sigma) for path in paths) if rough else truth
    found = [
        _measured(_mask([_turned(path, k * 360 / ROTATIONS) for path in paths]))
        for k in range(ROTATIONS)
    ]
    length = np.array([one for one, _ in found])
    wanted = BRANCHES.get(kind, 1)
    return {
        "kind": kind,
        "width_px": width,
        "truth_px": round(truth, 2),
        "error_mean_percent": round(100 * (length.mean() / truth - 1), 3),
        "error_worst_percent": round(100 * float(np.abs(length / truth - 1).max()), 3),
        "error_mean_to_smoothed_truth_percent": round(100 * (length.mean() / smooth - 1), 3),
        "error_worst_to_smoothed_truth_percent": round(
            100 * float(np.abs(length / smooth - 1).max()), 3
        ),
        "range_percent": round(100 * float(np.ptp(length) / length.mean()), 3),
        "variation_percent": round(100 * float(length.std() / length.mean()), 3),
        "true_branches": wanted,
        "branches_mean": round(float(np.mean([count for _, count in found])), 2),
        "rotations_with_true_branches": sum(count == wanted for _, count in found),
    }


def _same(kind: str, width: float) -> dict[str, Any]:
    """Compare one mask turned by right angles, mirrored and enlarged, at 17 degrees; worst, %."""
    paths = [_turned(path, 17) for path in KINDS[kind](width)]
    mask = _mask(paths)
    own = _measured(mask)[0]

    def off(other: Any, scale: float = 1) -> float:
        return abs(_measured(np.ascontiguousarray(other))[0] / scale / own - 1) * 100

    doubled = np.repeat(np.repeat(mask, 2, axis=0), 2, axis=1)
    large = _mask([_turned(path, 0, 2) for path in paths], 2 * SIDE)
    return {
        "kind": kind,
        "width_px": width,
        "turned_percent": round(max(off(np.rot90(mask, k)) for k in (1, 2, 3)), 4),
        "mirrored_percent": round(max(off(mask[::-1]), off(mask[:, ::-1]), off(mask.T)), 4),
        "rendered_twice_as_large_percent": round(off(large, 2), 4),
        "pixels_doubled_percent": round(off(doubled, 2), 4),
    }


def _big(what: str) -> dict[str, Any]:
    """Trace a mask of 4096x4096 px; processor time and growth of the peak of resident memory."""
    side = 4096
    truth = 0.0
    if what == "cracks":
        rng = np.random.default_rng(SEED + 2)
        mask = np.zeros((side, side), np.bool_)
        while truth < 20_000:
            start, end = rng.uniform(200, side - 200, (2, 2))
            if np.hypot(*(end - start)) < 1200:
                continue
            path = natural_path(tuple(start), tuple(end), float(rng.uniform(2, 14)), rng)
            mask |= crack_layers([Crack((path,))], side, side)[0] >= 0.5
            truth += path.length_px
    elif what == "specks":
        mask = np.zeros((side, side), np.bool_)
        mask[5::12, 5::12] = mask[6::12, 6::12] = True
    else:
        mask = np.full((side, side), what == "full")
    trace_cracks(np.ones((3, 30), np.bool_))  # imports done
    before = _peak_bytes()
    began = time.process_time()
    traced = trace_cracks(mask)
    spent = time.process_time() - began
    return {
        "what": what,
        "cpu_s": round(spent, 2),
        "memory_grown_mb": round((_peak_bytes() - before) / 1e6),
        "memory_peak_mb": round(_peak_bytes() / 1e6),
        "truth_px": round(truth),
        "length_px": round(sum(crack.length_px for crack in traced.cracks)),
        "cracks": len(traced.cracks),
        "branches": sum(len(crack.branches) for crack in traced.cracks),
        "specks": traced.specks,
    }


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
