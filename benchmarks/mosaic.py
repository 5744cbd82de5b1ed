"""Cost and memory of rasters of different sizes, segmented and measured, each in its own process.

    python benchmarks/mosaic.py --json benchmarks/results/mosaic.json
    python benchmarks/mosaic.py --gigapixels 0.1 1 4 --json benchmarks/results/mosaic.json
    python benchmarks/mosaic.py --measure-only --gigapixels 1 --json /tmp/measured.json

The rasters are rendered on the fly: RGB, blocks of 512x512 px by JPEG, as orthomosaics come. Unix
only. CPU seconds are of all threads, with reading and writing; what rendering costs is not in
them. A gigapixel takes about 20 CPU minutes and 2 GB on the disk. With --measure-only mask and
probability are the scenes' own coverage, rendered, too, and the net is not run; --network draws
a crack on top that runs all over the raster and is one. Rows are added to the file as they come.
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
    parser.add_argument("--measure-only", action="store_true")
    parser.add_argument("--network", type=int, default=0, help="px between its lines")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_measure_only(options) if options.measure_only else _whole(options)))
        return
    if options.network and not options.measure_only:
        parser.error("--network is drawn on masks: it needs --measure-only")
    for gigapixels in options.gigapixels:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            raster = Path(name) / "ortho.tif"
            _make(raster, round(math.sqrt(gigapixels * 1e9)), options)
            again = [sys.executable, __file__, "--one", str(raster), "--model", options.model]
            for flag in ("jobs", "window"):
                if getattr(options, flag):
                    again += [f"--{flag}", str(getattr(options, flag))]
            again += ["--measure-only"] * options.measure_only + ["--network", str(options.network)]
            done = subprocess.run(again, check=True, stdout=subprocess.PIPE, text=True)
            row = json.loads(done.stdout)
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        if options.json:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            rows = json.loads(options.json.read_text()) if options.json.is_file() else []
            options.json.write_text(json.dumps([*rows, row], indent=2) + "\n")


def _make(path: Path, side: int, options: argparse.Namespace) -> None:
    """Write a raster of side x side px out of a few scenes, turned at random.

    For measuring alone also its mask and its probability.
    """
    from contextlib import ExitStack

    import numpy as np
    import rasterio
    from rasterio.transform import from_origin
    from rasterio.windows import Window

    from cracknet.synthesis import SceneOptions, render

    scene_options = SceneOptions(height=SCENE_PX, width=SCENE_PX, cracks=(3, 6), width_px=(1.5, 8))
    scenes = [render(scene_options, seed) for seed in range(SCENES)]
    rng = np.random.default_rng(0)
    place = {
        "driver": "GTiff", "width": side, "height": side, "dtype": "uint8", "crs": "EPSG:25832",
        "transform": from_origin(565_000, 5_934_000, 0.001, 0.001), "tiled": True,
        "bigtiff": "if_safer",
    }  # fmt: skip
    colour = {"count": 3, "compress": "jpeg", "photometric": "ycbcr"}
    deflated = {"count": 1, "compress": "deflate", "blockxsize": 256, "blockysize": 256}
    with rasterio.Env(GDAL_CACHEMAX=256), ExitStack() as stack:
        surface, *maps = (
            stack.enter_context(rasterio.open(name, "w", **place, **how))
            for name, how in (
                (path, {**colour, "blockxsize": 512, "blockysize": 512}),
                (path.with_name("ortho.mask.tif"), deflated),
                (path.with_name("ortho.probability.tif"), deflated),
            )[: 3 if options.measure_only else 1]
        )
        for top in range(0, side, SCENE_PX):
            for left in range(0, side, SCENE_PX):
                scene = scenes[rng.integers(SCENES)]
                turns, flip = rng.integers(4), rng.choice([-1, 1])
                gray, coverage = (
                    np.rot90(values, turns)[::flip][: side - top, : side - left]
                    for values in (scene.gray, scene.coverage)
                )
                if options.network:
                    coverage = np.maximum(coverage, _network(gray.shape, options.network))
                window = Window(left, top, gray.shape[1], gray.shape[0])
                surface.write(np.stack([gray] * 3), window=window)
                for file, values in zip(maps, (coverage >= 0.5, coverage), strict=False):
                    file.write(np.rint(values * 255.0).astype(np.uint8), 1, window=window)


def _network(shape: tuple[int, int], step: int) -> Any:
    """Wavy lines of 3 px across a scene, which meet those of the next scenes."""
    import numpy as np

    rows, columns = np.ogrid[: shape[0], : shape[1]]
    wave = 2 * np.pi / SCENE_PX
    down = (rows + 20 * np.sin(8 * wave * columns)) % step < 3
    across = (columns + 20 * np.sin(8 * wave * rows)) % step < 3
    return (down | across).astype(np.float32)


def _whole(options: argparse.Namespace) -> dict[str, Any]:
    """Segment a raster and measure it, as `cracknet segment` does."""
    from cracknet.cli.allocation import return_freed_memory
    from cracknet.mosaic import segment_raster
    from cracknet.mosaic.windows import WINDOW_PX
    from cracknet.segmentation import Segmenter

    return_freed_memory()
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
        row = {
            "gigapixels": round(pixels / 1e9, 4),
            "model": options.model,
            "precision": precision,
            "workers": workers,
            "windows": result.windows,
            "cpu_seconds_per_megapixel": round(cpu / pixels * 1e6, 4),
            "peak_mb": _peak_mb(),
            "seconds": round(result.seconds, 1),
            "net_share_of_wall": round(result.net_seconds / result.seconds, 3),
            "result_bytes_per_pixel": round(_bytes(out) / pixels, 4),
            "parts_bytes_per_pixel": round(most / pixels, 4),
            "crack_share": round(result.crack_share, 5),
        }
        segmenter.free_memory()
        row |= _measured(options.one, out, pixels)
    return {**row, **_about()}


def _measure_only(options: argparse.Namespace) -> dict[str, Any]:
    """Measure a raster whose mask and probability were rendered."""
    import rasterio

    with rasterio.open(options.one) as file:
        pixels = file.width * file.height
    row = {"gigapixels": round(pixels / 1e9, 4), "network_px": options.network}
    return {**row, **_measured(options.one, options.one.parent, pixels), **_about()}


def _measured(path: Path, out: Path, pixels: int) -> dict[str, Any]:
    from cracknet.mosaic import measure_raster

    before, written = _cpu_seconds(), _bytes(out)
    result = measure_raster(path, out, path.stem)
    return {
        "measuring_cpu_seconds_per_megapixel": round((_cpu_seconds() - before) / pixels * 1e6, 4),
        "measuring_seconds": round(result.seconds, 1),
        "measuring_bytes_per_pixel": round((_bytes(out) - written) / pixels, 4),
        "whole_run_peak_mb": _peak_mb(),
        "cracks": result.cracks,
        "crack_px_per_megapixel": round(result.length_px / pixels * 1e6, 1),
    }


def _about() -> dict[str, Any]:
    return {
        "written": time.strftime("%Y-%m-%d"),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
    }


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _peak_mb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
