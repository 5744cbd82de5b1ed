"""Expansion on one core: samples a second of each operation, and of the presets.

    python benchmarks/expansion.py --json benchmarks/results/expansion.json

Each operation acts on every sample (probability 1), at 448x448; the presets act as they are, from
rendered photographs of the size of deepcrack's and of a camera's into 448x448, as a trainer asks
for them. Photographs are in memory. Seconds are the processor's, so other programs disturb little.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cracknet.datasets.crops import CropOptions, random_crop
from cracknet.datasets.expansion import (
    PRESETS,
    ExpandOptions,
    Expansion,
    expand_pair,
    expanded_crop,
)
from cracknet.synthesis import render, standard_scene

SIZE = 448
CROPS = CropOptions(size_px=SIZE)
PHOTOS = {"448x448": (448, 448), "544x384": (384, 544), "3456x2304": (2304, 3456)}


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2, help="processor time of each row")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    photos = {name: _photo(*shape) for name, shape in PHOTOS.items()}
    rows = [*_operations(photos, options.seconds), *_presets(photos, options.seconds)]
    print(f"{'what':34} {'photograph':>18} {'samples/s':>10} {'ms':>7}")
    for row in rows:
        print(
            f"{row['what']:34} {row['photograph']:>18} {row['samples_per_s']:10.0f} "
            f"{1000 / row['samples_per_s']:7.2f}"
        )
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        facts = {
            "size_px": SIZE,
            "cores": 1,
            "processor": _processor(),
            "versions": {
                "opencv": cv2.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
        }
        options.json.write_text(json.dumps({**facts, "rows": rows}, indent=2) + "\n")


def _photo(height: int, width: int) -> tuple[Any, Any]:
    """Render one; a large one is tiled of it, since its content does not matter to the time."""
    scene = replace(standard_scene(), height=384, width=448, cracks=(3, 3))
    photo = render(scene, 3)
    times = (-(-height // 384), -(-width // 448))
    return tuple(
        np.ascontiguousarray(np.tile(values, times)[:height, :width])
        for values in (photo.gray, photo.mask)
    )


def _operations(photos: dict[str, Any], seconds: float) -> list[dict[str, Any]]:
    gray, mask = photos["448x448"]
    rows = []
    for operation in fields(Expansion):
        if operation.name == "border":
            continue
        always = replace(getattr(PRESETS["modern"], operation.name), probability=1)
        expansion = replace(Expansion(), **{operation.name: always})

        def sample(seed: int, expansion: Expansion = expansion) -> None:
            expand_pair(gray, mask, expansion, np.random.default_rng(seed))

        rows.append(_row(operation.name, "448x448 gray", sample, seconds))
    return rows


def _presets(photos: dict[str, Any], seconds: float) -> list[dict[str, Any]]:
    rows = []
    for name, (gray, mask) in photos.items():
        for bands, image in (("gray", gray), ("colour", np.repeat(gray[..., None], 3, axis=2))):
            for preset in ("paper", "modern"):
                for fit in ("crop", "resize"):
                    options = ExpandOptions(PRESETS[preset], SIZE, fit)

                    def sample(seed: int, image: Any = image, mask: Any = mask,
                               options: ExpandOptions = options) -> None:  # fmt: skip
                        expanded_crop(image, mask, options, np.random.default_rng(seed))

                    rows.append(_row(f"preset {preset}, {fit}", f"{name} {bands}", sample, seconds))

        def crop(seed: int, gray: Any = gray, mask: Any = mask) -> None:
            random_crop(gray, mask, CROPS, np.random.default_rng(seed))

        rows.append(_row("random_crop, for comparison", f"{name} gray", crop, seconds))
    return rows


def _row(
    what: str, photograph: str, sample: Callable[[int], None], seconds: float
) -> dict[str, Any]:
    sample(0)
    count, began = 0, time.process_time()
    while (spent := time.process_time() - began) < seconds:
        sample(count)
        count += 1
    return {"what": what, "photograph": photograph, "samples_per_s": round(count / spent, 1)}


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    model = next((line for line in lines if line.startswith("model name")), "")
    return model.partition(":")[2].strip() or platform.processor()


if __name__ == "__main__":
    main()
