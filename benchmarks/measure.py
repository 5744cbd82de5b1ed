"""Time and memory of a whole measurement of masks of 4096x4096 px: tracing and widths.

    OMP_NUM_THREADS=1 python benchmarks/measure.py --json benchmarks/results/measure.json

Seconds are the processor's, on one core; each mask in a process of its own, for its peak of
memory. ``grown_mb`` is what measuring adds to the peak that stood before it began.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cracknet.measurement.measure import measure
from cracknet.synthesis import Crack, crack_layers, natural_path

SIDE = 4096
SEED = 950_000
KINDS = (
    "mask",
    "mask and photograph",
    "mask, probability and photograph",
    "specks",
    "full",
    "empty",
)


def main() -> None:
    """Measure each kind and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", choices=KINDS)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.one:
        print(json.dumps(one(options.one)))
        return
    rows = []
    for kind in KINDS:
        line = [sys.executable, __file__, "--one", kind]
        rows.append(json.loads(subprocess.run(line, check=True, capture_output=True).stdout))
        print("  ".join(f"{key} {value}" for key, value in rows[-1].items()))
    if options.json:
        facts = {"side_px": SIDE, "seed": SEED, "python": platform.python_version()}
        options.json.write_text(json.dumps({**facts, "masks": rows}, indent=2) + "\n")


def one(kind: str) -> dict[str, Any]:
    """Measure one mask."""
    values = scene(kind)
    measure(values["mask"][:64, :64])  # what is imported and made ready once
    before = peak_mb()
    began = time.process_time()
    found = measure(**values)
    seconds = time.process_time() - began
    return {
        "kind": kind,
        "centreline_px": round(sum(crack.length_px for crack in found.cracks)),
        "cracks": len(found.cracks),
        "specks": found.specks,
        "cpu_seconds": round(seconds, 2),
        "peak_mb": round(peak_mb()),
        "grown_mb": round(peak_mb() - before),
    }


def scene(kind: str) -> dict[str, Any]:
    """Make the arrays that `measure` takes, by little memory."""
    rng = np.random.default_rng(SEED)
    if kind == "full":
        return {"mask": np.ones((SIDE, SIDE), bool)}
    if kind in ("specks", "empty"):
        mask = np.zeros((SIDE, SIDE), bool)
        if kind == "specks":
            mask[4::12, 4::12] = mask[4::12, 5::12] = True
        return {"mask": mask}
    width = 6.0
    paths = [
        Crack((natural_path((200, y), (SIDE - 200, y + rng.uniform(-200, 200)), width, rng),))
        for y in np.linspace(300, SIDE - 300, 5)
    ]
    coverage, left = crack_layers(paths, SIDE, SIDE)
    values: dict[str, Any] = {"mask": coverage >= 0.5}
    if "probability" in kind:
        values["probability"] = coverage
    if "photograph" in kind:
        light = 150 * cv2.GaussianBlur(left.astype(np.float32), (0, 0), 0.8)
        for row in light:  # noise, a row at a time
            row += rng.normal(0, 2.5, SIDE)
        values["gray"] = np.clip(light, 0, 255).astype(np.uint8)
    return values


def peak_mb() -> float:
    """Return the peak of resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
