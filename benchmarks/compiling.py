"""Compiling the net for a tile, afresh and from OpenVINO's cache on disk.

    python benchmarks/compiling.py --json benchmarks/results/compiling.json

Each in a process of its own; processor seconds, since machines are shared.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cracknet import list_models
from cracknet.studies.processor import processor_facts

SCRIPT = """
import sys, time
import numpy as np
import openvino as ov
file, cache, side = sys.argv[1], sys.argv[2], int(sys.argv[3])
core = ov.Core()
if cache:
    core.set_property({"CACHE_DIR": cache})
model = core.read_model(file)
model.reshape([1, side, side, 1])
began = time.process_time()
request = core.compile_model(model, "CPU").create_infer_request()
compiled = time.process_time() - began
tile = np.zeros((1, side, side, 1), np.float32)
spent = []
for _ in range(2):
    began = time.process_time()
    request.infer({0: tile})
    spent.append(time.process_time() - began)
print(compiled, *spent)
"""


def main() -> None:
    """Time all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=1280)
    parser.add_argument("--runs", type=int, default=3, help="the least time of so many counts")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for card in list_models():
        with tempfile.TemporaryDirectory() as cache:
            _time(card.file, cache, options.side)  # fills the cache
            size = sum(path.stat().st_size for path in Path(cache).iterdir())
            for kind, where in (("afresh", ""), ("from the cache", cache)):
                runs = [_time(card.file, where, options.side) for _ in range(options.runs)]
                compiling, first, second = (min(times) for times in zip(*runs, strict=True))
                rows.append(
                    {
                        "model": card.name,
                        "compiled": kind,
                        "compile_cpu_s": round(compiling, 3),
                        "first_tile_cpu_s": round(first, 3),
                        "next_tile_cpu_s": round(second, 3),
                        "cache_mb": round(size / 1e6, 1) if where else 0,
                    }
                )
                print("  ".join(f"{key} {value}" for key, value in rows[-1].items()))
    if options.json:
        facts = {"machine": processor_facts(), "side_px": options.side, "rows": rows}
        options.json.write_text(json.dumps(facts, indent=1) + "\n")


def _time(file: Path, cache: str, side: int) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(file), cache, str(side)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return [float(word) for word in done.stdout.split()]


if __name__ == "__main__":
    main()
