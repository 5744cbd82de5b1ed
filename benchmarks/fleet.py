"""A batch by two Ray nodes against the same batch in one process, on the same cores.

    python benchmarks/fleet.py --photos 500 --json benchmarks/results/fleet.json

The photographs are rendered, 2 megapixels each, JPEG. Both runs measure and write the same tables
and masks; they are compared. Each runs twice, with a few photographs and with all: what a run
costs before it works is the intercept, what a megapixel costs is the slope. CPU seconds are of all
processes of a run: of the driver, and of Ray's servers, nodes and workers. Linux only.
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

SCENES = 6
MM_PER_PX = 0.25
SIDES = (4, 3)


def main() -> None:
    """Make the photographs, run them both ways, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--megapixels", type=float, default=2.0, help="of each photograph")
    parser.add_argument("--batch-megapixels", type=float, default=8.0)
    parser.add_argument("--model", default="cracknet-lite")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where photographs and results are made")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", choices=["process", "ray"], help=argparse.SUPPRESS)
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_run(options)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        few = options.workers * max(1, int(options.batch_megapixels // options.megapixels))
        _make(folder / "few", few, options.megapixels)  # a batch for each worker
        _make(folder / "all", options.photos, options.megapixels)
        rows = [
            {"how": how, "source": source, **_measured(options, folder, how, source)}
            for source in ("few", "all")
            for how in ("process", "ray")
        ]
        for row in rows:
            print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        alike = _alike(folder / "process-all", folder / "ray-all")
    content = {"options": _told(options), "rows": rows, **_compared(rows), **alike}
    print(json.dumps({key: content[key] for key in content if key != "rows"}, indent=2))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(content, indent=2) + "\n")


def _told(options: argparse.Namespace) -> dict[str, Any]:
    from cracknet.studies.processor import processor_facts

    return {
        "machine": processor_facts(),
        "photos": options.photos,
        "megapixels_each": options.megapixels,
        "batch_megapixels": options.batch_megapixels,
        "model": options.model,
        "workers": options.workers,
        "cores": len(os.sched_getaffinity(0)),
        "load_at_end": os.getloadavg()[0],
        "written": time.strftime("%Y-%m-%d"),
    }


def _make(folder: Path, count: int, megapixels: float) -> None:
    """Write photographs: a few scenes, each rolled and turned another way."""
    import cv2
    import numpy as np

    from cracknet.synthesis import SceneOptions, render

    unit = (megapixels * 1e6 / (SIDES[0] * SIDES[1])) ** 0.5
    width, height = (round(side * unit) for side in SIDES)
    options = SceneOptions(height=height, width=width, cracks=(2, 4), width_px=(1.5, 8))
    scenes = [render(options, seed).gray for seed in range(SCENES)]
    rng = np.random.default_rng(0)
    folder.mkdir()
    for k in range(count):
        gray = np.roll(scenes[k % SCENES], rng.integers(0, width), axis=1)[:: rng.choice([-1, 1])]
        cv2.imwrite(str(folder / f"photo_{k:05}.jpg"), gray, [cv2.IMWRITE_JPEG_QUALITY, 92])


def _measured(options: argparse.Namespace, folder: Path, how: str, source: str) -> dict[str, Any]:
    line = [
        sys.executable, __file__, "--one", how, "--source", folder / source,
        "--out", folder / f"{how}-{source}", "--model", options.model,
        "--workers", options.workers, "--batch-megapixels", options.batch_megapixels,
    ]  # fmt: skip
    done = subprocess.run(list(map(str, line)), check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _run(options: argparse.Namespace) -> dict[str, Any]:
    from cracknet.fleet import FleetWork, plan_fleet, run_fleet
    from cracknet.measurement.scale import ScaleOptions
    from cracknet.reporting.measuring import Measuring

    measuring = Measuring(ScaleOptions(mm_per_px=MM_PER_PX))
    work = FleetWork(str(options.out), {"model": options.model}, measuring)
    cpu = _Processes()
    cluster, how = None, {"threads": options.workers}
    if options.one == "ray":
        cluster = _cluster(options.workers)
        how = {"address": cluster.address, "workers": options.workers, "threads": 1}
    plan = plan_fleet(options.source, work, batch_megapixels=options.batch_megapixels)
    result = run_fleet(plan, **how, progress=lambda _row, _skipped: cpu.look())
    cpu.look()
    if cluster:
        cluster.shutdown()
    return {
        "photos": result.done,
        "megapixels": round(result.megapixels, 2),
        "batches": result.batches,
        "workers": result.workers if cluster else 1,
        "cores": options.workers,
        "seconds": round(result.seconds, 2),
        "cpu_seconds": round(cpu.seconds, 2),
        "net_seconds": round(result.net_seconds, 2),
        "cracks": result.cracks,
    }


def _cluster(nodes: int) -> Any:
    """Start nodes of one core each, on the loopback alone."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    from ray.cluster_utils import Cluster

    small = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "node_ip_address": "127.0.0.1"}
    quiet = {"include_dashboard": False, "include_log_monitor": False}
    cluster = Cluster(initialize_head=True, head_node_args={**small, **quiet})
    for _ in range(nodes - 1):
        cluster.add_node(**small)
    return cluster


class _Processes:
    """CPU seconds of this process and all below it, those that have ended by the last look."""

    def __init__(self) -> None:
        self._ticks: dict[int, int] = {}
        self._last = 0.0

    @property
    def seconds(self) -> float:
        return sum(self._ticks.values()) / os.sysconf("SC_CLK_TCK")

    def look(self) -> None:
        parents: dict[int, int] = {}
        ticks: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            ticks[int(entry.name)] = int(fields[11]) + int(fields[12])
        below = {os.getpid()}
        while more := {pid for pid, parent in parents.items() if parent in below} - below:
            below |= more
        for pid in below & ticks.keys():
            self._ticks[pid] = max(ticks[pid], self._ticks.get(pid, 0))


def _compared(rows: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for how in ("process", "ray"):
        few, whole = (
            next(row for row in rows if (row["how"], row["source"]) == (how, source))
            for source in ("few", "all")
        )
        slope = (whole["cpu_seconds"] - few["cpu_seconds"]) / (
            whole["megapixels"] - few["megapixels"]
        )
        found[how] = {
            "cpu_seconds_per_megapixel": round(slope, 4),
            "cpu_seconds_before_work": round(few["cpu_seconds"] - slope * few["megapixels"], 2),
            "megapixels_per_second": round(whole["megapixels"] / whole["seconds"], 3),
            "cpu_seconds": whole["cpu_seconds"],
            "seconds": whole["seconds"],
        }
    one, ray = found["process"], found["ray"]
    key = "cpu_seconds_per_megapixel"
    return {
        **found,
        "overhead_per_core": round(ray[key] / one[key] - 1, 4),
        "overhead_per_core_with_start": round(ray["cpu_seconds"] / one["cpu_seconds"] - 1, 4),
        "overhead_of_wall_with_start": round(ray["seconds"] / one["seconds"] - 1, 4),
    }


def _alike(one: Path, other: Path) -> dict[str, Any]:
    """Compare the result files of two destinations."""
    import numpy as np
    from pyarrow import parquet

    masks = [
        {path.name: path.read_bytes() for path in (out / "results").iterdir()}
        for out in (one, other)
    ]
    tables, worst = {}, 0.0
    for table in ("photos", "cracks", "branches"):
        keys = [("photo", "ascending")]
        keys += [
            (name, "ascending")
            for name in {"cracks": ["crack"], "branches": ["crack", "branch"]}.get(table, [])
        ]
        read = [parquet.read_table(out / table).sort_by(keys) for out in (one, other)]
        tables[table] = read[0].num_rows
        if read[0].num_rows != read[1].num_rows:
            return {"same_masks": masks[0] == masks[1], "same_rows": False}
        for name in read[0].column_names:
            a, b = (t[name].to_numpy() for t in read)
            if a.dtype.kind == "f":
                gap = np.abs(a - b) / np.maximum(np.abs(a), 1)
                worst = max(worst, float(np.nanmax(gap, initial=0)))
            elif not (a == b).all() and name not in ("error",):
                return {"same_masks": masks[0] == masks[1], "same_rows": False, "column": name}
    return {
        "same_masks": masks[0] == masks[1],
        "same_rows": True,
        "rows_compared": tables,
        "largest_relative_difference": worst,
    }


if __name__ == "__main__":
    main()
