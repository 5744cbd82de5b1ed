"""Cost and memory of segmenting rasters of different sizes, each in a process of its own.

    python benchmarks/mosaic.py --json benchmarks/results/mosaic.json

The rasters are rendered on the fly: RGB, blocks of 512x512 px by JPEG, as orthomosaics come. Unix
only. CPU seconds are of all threads, with reading and writing; what rendering costs is not in
them. A gigapixel takes 8 to 10 CPU minutes and 2 GB on the disk.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SCENE_PX = 2048
SCENES = 4


def main() -> None:
    """Make and segment a raster of each size, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigapixels", type=float, nargs="+", default=[0.02, 0.1])
    parser.add_argument("--model", default="cracknet-lite")
    parser.add_argument("--jobs", type=int, help="cores for the net")
    parser.add_argument("--window", type=int, help="least side of a window, px")
    parser.add_argument("--folder", type=Path, help="where the rasters are made and deleted")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_segment(options)))
        return
    rows = []
    for gigapixels in options.gigapixels:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            raster = Path(name) / "ortho.tif"
            _make(raster, round(math.sqrt(gigapixels * 1e9)))
            again = [sys.executable, __file__, "--one", str(raster), "--model", options.model]
            for flag in ("jobs", "window"):
                if getattr(options, flag):
                    again += [f"--{flag}", str(getattr(options, flag))]
            done = subprocess.run(again, check=True, stdout=subprocess.PIPE, text=True)
            rows.append(json.loads(done.stdout))
        print("  ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


def _make(path: Path, side: int) -> None:
    """Write a raster of side x side px out of a few scenes, turned at random."""
    import numpy as np
    import rasterio
    from rasterio.transform import from_origin
    from rasterio.windows import Window

    from cracknet.synthesis import SceneOptions, render

    options = SceneOptions(height=SCENE_PX, width=SCENE_PX, cracks=(3, 6), width_px=(1.5, 8))
    scenes = [render(options, seed).gray for seed in range(SCENES)]
    rng = np.random.default_rng(0)
    with (
        rasterio.Env(GDAL_CACHEMAX=256),
        rasterio.open(
            path, "w", driver="GTiff", width=side, height=side, count=3, dtype="uint8",
            crs="EPSG:25832", transform=from_origin(565_000, 5_934_000, 0.001, 0.001), tiled=True,
            blockxsize=512, blockysize=512, compress="jpeg", photometric="ycbcr",
            bigtiff="if_safer",
        ) as file,
    ):  # fmt: skip
        for top in range(0, side, SCENE_PX):
            for left in range(0, side, SCENE_PX):
                scene = scenes[rng.integers(SCENES)]
                turned = np.rot90(scene, rng.integers(4))[:: rng.choice([-1, 1])]
                piece = turned[: side - top, : side - left]
                window = Window(left, top, piece.shape[1], piece.shape[0])
                file.write(np.stack([piece] * 3), window=window)


def _segment(options: argparse.Namespace) -> dict[str, Any]:
    from cracknet.mosaic import segment_raster
    from cracknet.mosaic.windows import WINDOW_PX
    from cracknet.segmentation import Segmenter

    out = options.one.parent / "out"
    most = 0

    def watch(_done: int, _all: int) -> None:
        nonlocal most
        most = max(most, sum(file.stat().st_size for file in out.rglob("*") if file.is_file()))

    before = _cpu_seconds()
    with Segmenter(options.model, threads=options.jobs) as segmenter:
        result = segment_raster(
            options.one, out, segmenter, progress=watch, window_px=options.window or WINDOW_PX
        )
        workers, precision = segmenter.engine.workers, segmenter.engine.precision
    cpu = _cpu_seconds() - before
    pixels = result.width * result.height
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    written = sum(file.stat().st_size for file in out.iterdir())
    return {
        "gigapixels": round(pixels / 1e9, 4),
        "model": options.model,
        "precision": precision,
        "workers": workers,
        "windows": result.windows,
        "cpu_seconds_per_megapixel": round(cpu / pixels * 1e6, 4),
        "peak_mb": round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6),
        "seconds": round(result.seconds, 1),
        "net_share_of_wall": round(result.net_seconds / result.seconds, 3),
        "result_bytes_per_pixel": round(written / pixels, 4),
        "parts_bytes_per_pixel": round(most / pixels, 4),
        "crack_share": round(result.crack_share, 5),
        "written": time.strftime("%Y-%m-%d"),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
    }


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
