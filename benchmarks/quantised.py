"""The same model in float32, in bfloat16 and in 8-bit integers: `segment` end to end, and the net.

    python benchmarks/quantised.py cracknet-lite cracknet-lite-int8.xml \
        --json benchmarks/results/quantised.json

Cases take turns, photograph by photograph, so that whatever else runs on the machine slows all
alike; each case's time is the sum of its medians over the rounds.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from cracknet.photo import find_photos, read_photo
from cracknet.reporting.run import segment_photos
from cracknet.segmentation import Segmenter
from cracknet.segmentation.engines import available_cores
from cracknet.synthesis import standard_scene, write_rendered_set


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="in floating point: a shipped name or a file")
    parser.add_argument("quantised", help="the same model, as `cracknet quantise` wrote it")
    parser.add_argument("--photos", type=Path, help="file or folder; rendered by default")
    parser.add_argument("--count", type=int, default=2, help="photographs to render")
    parser.add_argument("--size", default="2048x1536")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cases = {
        "float model, f32": (options.model, "f32"),
        "float model, bf16": (options.model, "bf16"),
        "int8 model, rest f32": (options.quantised, "f32"),
        "int8 model, rest bf16": (options.quantised, "bf16"),
        "int8 model, auto": (options.quantised, "auto"),
    }
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        found = find_photos([options.photos or _render(folder, options.count, options.size)])
        pixels = sum(read_photo(photo.path).gray.size for photo in found)
        segmenters = {
            case: stack.enter_context(Segmenter(model, precision=precision))
            for case, (model, precision) in cases.items()
        }
        rows = _measure(segmenters, found, folder, options.rounds)
    for row in rows:
        row["ms_per_megapixel"] = round(row["seconds"] / pixels * 1e9, 1)
        row["net_ms_per_megapixel"] = round(row["net_seconds"] / pixels * 1e9, 1)
        row["times_f32"] = round(rows[0]["seconds"] / row["seconds"], 2)
        row["net_times_f32"] = round(rows[0]["net_seconds"] / row["net_seconds"], 2)
        row["seconds"], row["net_seconds"] = round(row["seconds"], 3), round(row["net_seconds"], 3)
    facts = _facts(options, len(found), pixels)
    _print(rows, facts)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({**facts, "rows": rows}, indent=2) + "\n")


def _render(folder: Path, count: int, size: str) -> Path:
    width, height = map(int, size.split("x"))
    scene = dataclasses.replace(standard_scene(), width=width, height=height)
    write_rendered_set(folder / "set", count, scene, seed=7, file_format="jpg")
    return folder / "set" / "images"


def _measure(
    segmenters: dict[str, Segmenter], found: list[Any], folder: Path, rounds: int
) -> list[dict[str, Any]]:
    for segmenter in segmenters.values():  # compiled and warm for every shape of tile
        for photo in found:
            segmenter.probability(read_photo(photo.path).gray)
    seconds: dict[str, list[list[float]]] = {case: [[] for _ in found] for case in segmenters}
    net: dict[str, list[list[float]]] = {case: [[] for _ in found] for case in segmenters}
    for k in range(rounds):
        for number, photo in enumerate(found):
            for case, segmenter in segmenters.items():
                segmenter.net_seconds = 0.0
                began = time.perf_counter()
                segment_photos([photo], folder / f"{k}-{number}-{case}", segmenter)
                seconds[case][number].append(time.perf_counter() - began)
                net[case][number].append(segmenter.net_seconds)
    return [
        {
            "what": case,
            "seconds": sum(statistics.median(times) for times in seconds[case]),
            "net_seconds": sum(statistics.median(times) for times in net[case]),
        }
        for case in segmenters
    ]


def _facts(options: argparse.Namespace, photographs: int, pixels: int) -> dict[str, Any]:
    import openvino

    cpu = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    flags = ("amx_bf16", "amx_int8", "avx512_bf16", "avx512_vnni")
    model = next((line for line in cpu.splitlines() if line.startswith("model name")), "")
    return {
        "model": Path(options.model).stem,
        "photographs": photographs,
        "megapixels": round(pixels / 1e6, 2),
        "rounds": options.rounds,
        "cores": available_cores(),
        "processor": f"{model.partition(':')[2].strip() or platform.processor()} "
        f"({', '.join(flag for flag in flags if flag in cpu)})",
        "openvino": openvino.__version__,
    }


def _print(rows: list[dict[str, Any]], facts: dict[str, Any]) -> None:
    print(
        f"{facts['model']}: {facts['photographs']} photographs, {facts['megapixels']} MP, medians "
        f"of {facts['rounds']} rounds, {facts['cores']} cores, {facts['processor']}"
    )
    print(f"{'':24} {'ms/MP':>8} {'x f32':>7} {'net ms/MP':>10} {'x f32':>7}")
    for row in rows:
        print(
            f"{row['what']:24} {row['ms_per_megapixel']:8.0f} {row['times_f32']:7.2f} "
            f"{row['net_ms_per_megapixel']:10.0f} {row['net_times_f32']:7.2f}"
        )


if __name__ == "__main__":
    main()
