"""Peak memory of `cracknet segment` on one photograph, each model in a process of its own.

    python benchmarks/memory.py --json benchmarks/results/memory.json [MODEL ...]

MODEL is a shipped name or a model file; all shipped models by default. Unix only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Run each model and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--size", default="3456x2304")
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    from cracknet import list_models

    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _cracknet("render", "-o", folder / "set", "--count", max(options.copies), "--size",
                  options.size, "--format", "jpg")  # fmt: skip
        photos = sorted((folder / "set" / "images" / "train").iterdir())
        for model in options.models or [card.name for card in list_models()]:
            for copies in options.copies:
                out = folder / f"out-{len(rows)}"
                began = time.perf_counter()
                peak = _cracknet("segment", *photos[:copies], "-o", out, "--model", model)
                rows.append(
                    {
                        "model": Path(model).name,
                        "photographs": copies,
                        "size": options.size,
                        "peak_mb": round(peak / 1e6),
                        "seconds": round(time.perf_counter() - began, 2),
                    }
                )
    for row in rows:
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(rows, indent=2))


def _cracknet(*arguments: object) -> int:
    """Run the command; return the peak resident memory of its process in bytes."""
    command = [sys.executable, "-m", "cracknet", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        msg = f"{' '.join(command)} ended with {process.returncode}"
        raise RuntimeError(msg)
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
