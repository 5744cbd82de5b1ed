"""Seconds a training step, memory, and waiting for data, per backend and number format.

    python benchmarks/training.py --json benchmarks/results/training.json

Runs `cracknet train` itself: CrackNet at 448x448, batch 4, with the paper's recipe and its
expansion on the fly, each case in a process of its own. The first steps, which trace and compile,
are left out. Backends that are not installed are left out and said so. Unix only.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

RECIPE = """
[net]
name = "{net}"
[[data]]
root = "{root}"
[[validation]]
root = "{root}"
[crops]
size_px = {size}
[expansion]
preset = "paper"
[loss]
cross_entropy = 1
dice = 0
[optimizer]
name = "sgd"
learning_rate = 0.001
schedule = "constant"
warmup_steps = 0
clip_norm = 0
average = 0
[run]
steps = 1000000
batch_size = {batch}
dtype = "{dtype}"
checkpoint_every = 1000000
"""
PROGRAM = """
import sys
from pathlib import Path
from cracknet.training import loop
from cracknet.training.recipe_file import read_recipe
loop.LOG_EVERY = 1
loop.train(read_recipe(Path(sys.argv[1])), Path(sys.argv[2]), print, until=int(sys.argv[3]))
"""


def main() -> None:
    """Run each case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--net", default="cracknet")
    parser.add_argument("--backends", nargs="+", default=["tensorflow", "jax", "torch"])
    parser.add_argument("--dtypes", nargs="+", default=["float32", "mixed_bfloat16"])
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=5, help="timed, after --first")
    parser.add_argument("--first", type=int, default=2, help="not timed")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cases: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        render = [sys.executable, "-m", "cracknet", "render", "-o", str(folder / "set")]
        subprocess.run([*render, "--count", "12", "--size", "544x384"], check=True)
        for backend in options.backends:
            if importlib.util.find_spec(backend) is None:
                print(f"{backend} is not installed")
                continue
            for dtype in options.dtypes:
                cases.append(_measure(folder, backend, dtype, options))
                print("  ".join(f"{key} {value}" for key, value in cases[-1].items()), flush=True)
    content = {
        "net": options.net,
        "size_px": options.size,
        "batch": options.batch,
        "timed_steps": options.steps,
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "cases": cases,
    }
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(content, indent=2) + "\n")


def _measure(folder: Path, backend: str, dtype: str, options: argparse.Namespace) -> dict[str, Any]:
    recipe, out = folder / f"{backend}-{dtype}.toml", folder / f"{backend}-{dtype}"
    recipe.write_text(
        RECIPE.format(
            net=options.net,
            root=folder / "set",
            size=options.size,
            batch=options.batch,
            dtype=dtype,
        )
    )
    steps = options.first + options.steps
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(recipe), str(out), str(steps)],
        env=os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    errors = process.stderr.read() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    case: dict[str, Any] = {"backend": backend, "dtype": dtype}
    if process.returncode:
        return case | {"failed": errors.strip().splitlines()[-1:] or process.returncode}
    with (out / "training.csv").open(newline="") as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    first, last = rows[options.first - 1], rows[-1]
    seconds = last["seconds"] - first["seconds"]
    return case | {
        "seconds_per_step": round(seconds / options.steps, 2),
        "steps_per_second": round(options.steps / seconds, 4),
        "waiting_share": round((last["waited"] - first["waited"]) / seconds, 5),
        "peak_mb": round(usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6),
    }


if __name__ == "__main__":
    main()
