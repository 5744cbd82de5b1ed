"""Time, memory and size of `cracknet report` on many photographs.

    python benchmarks/report.py --json benchmarks/results/report.json

Photographs are rendered; their measurements are the rendered truth, so that nothing is timed but
the report. There are few scenes of many copies, each a file of its own: nothing is kept from one
copy to the next. Unix only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

SEED = 52_000


def main() -> None:
    """Render, report, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--scenes", type=int, default=5)
    parser.add_argument("--size", default="4000x3000")
    parser.add_argument("--folder", type=Path, help="Render into this folder, or take what it has.")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))

    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        out = options.folder or Path(name) / "out"
        if not (out / "run.json").is_file():
            make_folder(out, options.photos, options.scenes, height, width)
        for what, words in (("html", []), ("html and pdf", ["--pdf"])):
            file = Path(name) / f"{len(rows)}.html"
            numbers = file.with_suffix(".json")
            done = run("report", out, "-o", file, "--json", numbers, *words)
            totals = json.loads(numbers.read_text())["totals"]
            pdf = file.with_suffix(".pdf")
            rows.append(
                {
                    "wrote": what,
                    "photographs": totals["photographs"],
                    "size_px": options.size,
                    "cracks": totals["cracks"],
                    "length_m": round(totals["length_mm"] / 1000),
                    **done,
                    "html_mb": round(file.stat().st_size / 1e6, 1),
                    "pdf_mb": round(pdf.stat().st_size / 1e6, 1) if words else None,
                }
            )
    for row in rows:
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    if options.json:
        content = {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "python": platform.python_version(),
            "weasyprint": __import__("weasyprint").__version__,
            "scenes": options.scenes,
            "rows": rows,
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(content, indent=2) + "\n")


def make_folder(out: Path, photos: int, scenes: int, height: int, width: int) -> None:
    """Write what `segment` would have."""
    import cv2

    from cracknet.measurement.files import SUFFIX, PhotoMeasurement, measurement_json
    from cracknet.reporting.journal import Journal, PhotoRow
    from cracknet.synthesis import render, standard_scene

    options = replace(
        standard_scene(),
        height=height,
        width=width,
        cracks=(4, 10),
        kinds=("straight", "arc", "natural", "branched"),
        width_px=(1.5, 14),
        distractors=(),
    )
    out.mkdir(parents=True, exist_ok=True)
    journal = Journal(out)
    for scene in range(scenes):
        rendered = render(options, SEED + scene)
        measurement = truth(rendered)
        _, code = cv2.imencode(".jpg", rendered.gray, [cv2.IMWRITE_JPEG_QUALITY, 92])
        for k in range(scene, photos, scenes):
            photo = f"element {scene % 4}/wall_{k}"
            file = out / "photographs" / f"wall_{k}.jpg"
            for path in (file, out / photo):
                path.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(code.tobytes())
            Path(f"{out / photo}{SUFFIX}").write_bytes(
                measurement_json(PhotoMeasurement(photo, str(file), measurement))
            )
            journal.add(PhotoRow(photo, str(file), "done", width_px=width, height_px=height))
    (out / "run.json").write_text(json.dumps({"cracknet": "benchmark", "options": {}}))


def truth(rendered: Any) -> Any:
    """Turn what is true of a rendered photograph into a measurement, the parts inside it."""
    import numpy as np

    from cracknet.measurement.results import Branch, MeasuredCrack, Measurement
    from cracknet.measurement.scale import Scale

    height, width = rendered.gray.shape
    cracks = []
    for crack in rendered.cracks:
        branches = []
        for path in crack.paths:
            x, y = path.points_px.T
            inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
            first, last = (np.flatnonzero(inside)[[0, -1]]) if inside.any() else (0, 0)
            if last > first and inside[first : last + 1].all():
                kept = slice(first, last + 1)
                methods = np.zeros(last + 1 - first, np.uint8)
                branches.append(Branch(path.points_px[kept], path.widths_px[kept], methods))
        if branches:
            area = sum(float(b.weights_px @ b.widths_px) for b in branches)
            cracks.append(MeasuredCrack(len(cracks) + 1, tuple(branches), area))
    return Measurement(height, width, tuple(cracks), Scale(0.1, "given", "benchmark", 0.01))


def run(*arguments: object) -> dict[str, float]:
    """Run the command; return its wall and processor time and its peak memory."""
    command = [sys.executable, "-m", "cracknet", *map(str, arguments)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        msg = f"{' '.join(command)} ended with {process.returncode}"
        raise RuntimeError(msg)
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(peak / 1e6),
    }


if __name__ == "__main__":
    main()
