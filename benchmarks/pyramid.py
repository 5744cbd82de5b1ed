"""Tiles of large photographs, and a correction by hand: processor time and memory.

    python benchmarks/pyramid.py --json benchmarks/results/pyramid.json

Each size in a process of its own. A rendered photograph of 2048x1536 px is laid side by side,
mirrored, up to the size; its true coverage stands for the probability. Unix only.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SIZES = ("4096x3072", "6144x4096", "8192x6144")


def main() -> None:
    """Run each size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        width, height = (int(side) for side in options.one.split("x"))
        print(json.dumps(measure_size(width, height)))
        return
    rows: list[dict[str, Any]] = []
    for size in options.sizes:
        line = [sys.executable, __file__, "--one", size]
        done = subprocess.run(line, capture_output=True, text=True, check=True)
        rows.append({"size": size, **json.loads(done.stdout)})
        print("  ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    if options.json:
        found = {"machine": f"{platform.processor() or platform.machine()}", "rows": rows}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=2) + "\n")


def measure_size(width: int, height: int) -> dict[str, Any]:
    """Write the tiles of one size, then correct its mask."""
    import dataclasses

    import cv2
    import numpy as np

    from cracknet.files import write_whole
    from cracknet.photo import PhotoMetadata, read_photo
    from cracknet.reporting.edited_run import measure_edits
    from cracknet.reporting.edits import Edits, Stroke
    from cracknet.reporting.journal import Journal, photo_row
    from cracknet.reporting.measuring import Measuring
    from cracknet.reporting.photo_run import stamp, write_run
    from cracknet.reporting.pyramid import colour_of, write_layer
    from cracknet.reporting.writing import png_of_probability
    from cracknet.synthesis import render, standard_scene

    cv2.setNumThreads(1)
    scene = render(dataclasses.replace(standard_scene(), height=1536, width=2048), 0)

    def laid(values: Any) -> Any:
        wide = np.hstack([values, values[:, ::-1]] * (width // 4096 + 1))[:, :width]
        return np.vstack([wide, wide[::-1]] * (height // 3072 + 1))[:height]

    gray = np.ascontiguousarray(laid(scene.gray))
    probability = np.ascontiguousarray(laid(scene.mask.astype(np.float32)))
    row: dict[str, Any] = {"megapixels": round(gray.size / 1e6, 1)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "photo.jpg"
        cv2.imwrite(str(file), np.dstack([gray] * 3), (cv2.IMWRITE_JPEG_QUALITY, 92))

        def timed(what: str, call: Any) -> Any:
            began = time.process_time()
            result = call()
            row[f"{what}_cpu_s"] = round(time.process_time() - began, 2)
            return result

        shown = read_photo(file).gray
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        colour = timed("decode_colour", lambda gray=shown: colour_of(file, gray))
        mask = probability >= np.float32(0.5)
        layers = (("photo", colour), ("probability", probability), ("mask", mask))
        for layer, picture in layers:
            timed(layer, lambda layer=layer, picture=picture: write_layer(folder, layer, picture))
        row["tiles"] = sum(1 for path in folder.rglob("*_*.*") if path.is_file())
        row["tiles_mb"] = round(
            sum(path.stat().st_size for path in folder.rglob("*_*.*") if path.is_file()) / 1e6, 1
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        row["tiles_peak_rise_mb"] = round((peak - before) / 1024)
        del colour, mask

        write_whole(folder / "wall.probability.png", png_of_probability(probability))
        write_run(folder, {"model": "truth", "threshold": 0.5}, {"status": "finished"})
        size, modified = stamp(file)
        known = photo_row("wall", file, PhotoMetadata(), gray.shape, 0.0)
        Journal(folder).add(dataclasses.replace(known, bytes=size, modified_ns=modified))
        del gray, probability, shown
        path = tuple((100.0 + 3 * k, 200.0 + k % 40) for k in range(400))
        edits = Edits(strokes=(Stroke("add", 12, path), Stroke("erase", 40, path[:50])))
        corrected = timed("correct", lambda: measure_edits(folder, "wall", edits, Measuring()))
        timed("correct_tiles", lambda: write_layer(folder, "mask", corrected.mask))
        row["cracks"] = corrected.row.cracks
        row["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return row


if __name__ == "__main__":
    main()
