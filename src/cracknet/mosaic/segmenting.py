"""A raster of any size segmented into GeoTIFFs, in bounded memory, resumable."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cracknet.errors import ArgumentError, PhotoError
from cracknet.files import write_whole
from cracknet.mosaic.assembly import (
    Content,
    overlay_factor,
    overlay_of,
    read_about,
    write_geotiff,
)
from cracknet.mosaic.finishing import MASK, PROBABILITY, Finisher
from cracknet.mosaic.parts import Parts
from cracknet.mosaic.plan import plan_windows
from cracknet.mosaic.rolling import IN_ROWS, RollingGray
from cracknet.mosaic.space import check_space
from cracknet.mosaic.sweep import Sweep
from cracknet.mosaic.windows import WINDOW_PX
from cracknet.raster import Raster, open_raster
from cracknet.raster.levels import SAMPLE_WINDOWS, sample_boxes
from cracknet.reporting.photo_run import make_folder
from cracknet.reporting.run import segmenter_options
from cracknet.reporting.writing import jpeg_of
from cracknet.segmentation import Segmenter
from cracknet.segmentation.brightness import gain_of, histogram_of

SUFFIXES = (".mask.tif", ".probability.tif", ".overlay.jpg")


@dataclass(frozen=True)
class RasterResult:
    """What became of one raster.

    Attributes
    ----------
    path : Path
        The raster.
    mask, probability, overlay : Path
        The files written.
    width, height : int
        Px.
    valid_px, crack_px : int
        Pixels that hold data, and those that are crack.
    georeferenced : bool
        Whether the raster, and so its results, has a coordinate reference system.
    skipped : bool
        Whether an earlier run had finished it.
    windows, resumed : int
        Windows in all, and how many of them an earlier run had done.
    seconds, net_seconds : float
        Wall time of this run, and that within the net.
    """

    path: Path
    mask: Path
    probability: Path
    overlay: Path
    width: int
    height: int
    valid_px: int
    crack_px: int
    georeferenced: bool
    skipped: bool
    windows: int
    resumed: int
    seconds: float
    net_seconds: float

    @property
    def crack_share(self) -> float:
        """Share of the pixels that hold data that are crack; 0 where none does."""
        return self.crack_px / self.valid_px if self.valid_px else 0.0


def segment_raster(
    path: str | Path,
    out: str | Path,
    segmenter: Segmenter,
    *,
    name: str | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
    window_px: int = WINDOW_PX,
    measured: bool = False,
) -> RasterResult:
    """Segment a raster window by window into a mask and a probability, as GeoTIFF.

    The result is that of `Segmenter.probability` on the whole raster, without a seam. Where the
    raster holds no data the net is not run. Finished windows are kept in ``OUT/.NAME.parts`` until
    the results are complete: a run that was stopped or killed goes on at the next window.

    Parameters
    ----------
    path : str or Path
        What `cracknet.raster.open_raster` reads.
    out : str or Path
        The output folder, made if need be: ``NAME.mask.tif`` (0 and 255), ``NAME.probability.tif``
        (probability times 255) and ``NAME.overlay.jpg`` (at most 2048 px).
    segmenter : Segmenter
    name : str, optional
        Of the results; the raster's without its suffix by default.
    overwrite : bool
        Do all again.
    progress : callable, optional
        Called with the windows done and the windows in all.
    window_px : int
        Least side of a window, px; memory grows with its square.
    measured : bool
        Whether `measure_raster` follows, whose results must fit on the disk, too.

    Returns
    -------
    RasterResult

    Raises
    ------
    PhotoError
        When the raster cannot be read.
    ArgumentError
        When the folder holds results, or windows, of other options or of another raster of this
        name, and `overwrite` is False; or the segmenter has a gate.
    OutputError
        When the results do not fit on the disk, said before starting, or cannot be written.
    EngineError, ModelError
        As of `Segmenter`.
    """
    began, net_began = time.monotonic(), segmenter.net_seconds
    if window_px < 1:
        msg = f"window_px must be positive; got {window_px}."
        raise ArgumentError(msg)
    refuse_gate(Path(path), segmenter)
    out = Path(out)
    with open_raster(path) as raster:
        make_folder(out)
        files = _files(out, raster.path.stem if name is None else name)
        header = _header(raster, segmenter, window_px)
        folder = files[0].with_name(f".{files[0].name.removesuffix(SUFFIXES[0])}.parts")
        about = None if overwrite or folder.is_dir() else _finished(files, header)
        plan = plan_windows(segmenter, raster.height, raster.width, window_px)
        jobs = list(plan.jobs())
        resumed, skipped = 0, about is not None
        if about is None:
            parts = Parts(folder, header, overwrite=overwrite)
            in_rows = raster.block[1] > IN_ROWS * window_px
            check_space(raster.path, out, plan, parts.bytes(), in_rows=in_rows, measured=measured)
            source = RollingGray(raster, parts) if in_rows else raster
            todo = [job for job in jobs if job.key not in parts.windows]
            resumed = len(jobs) - len(todo)
            finish = Finisher(parts, plan, segmenter.threshold, segmenter.card.coarse_weight)
            factor = overlay_factor(raster.height, raster.width)
            gain = raster_gain(raster) if segmenter.brighten else 1.0
            sweep = Sweep(source, segmenter, plan, finish, factor, gain)
            with closing(sweep.run(todo)) as finished:
                for count, _ in enumerate(finished, resumed + 1):
                    if progress:
                        progress(count, len(jobs))
            about = _assemble(files, Content(parts, plan, raster.georeference), header)
            parts.remove()
        return RasterResult(
            raster.path, *files, raster.width, raster.height, about["valid"], about["crack"],
            georeferenced=raster.georeference.crs_wkt is not None,
            skipped=skipped, windows=len(jobs), resumed=resumed,
            seconds=time.monotonic() - began, net_seconds=segmenter.net_seconds - net_began,
        )  # fmt: skip


def _assemble(
    files: tuple[Path, Path, Path], content: Content, header: dict[str, Any]
) -> dict[str, Any]:
    counts = [line for line in content.parts.windows.values() if "valid" in line]
    about = {**header, **{key: sum(line[key] for line in counts) for key in ("valid", "crack")}}
    write_whole(files[2], jpeg_of(overlay_of(content)))
    for file, kind in ((files[1], PROBABILITY), (files[0], MASK)):
        write_geotiff(file, content, kind, about)
    return about


def _files(out: Path, name: str) -> tuple[Path, Path, Path]:
    mask, probability, overlay = (out / f"{name}{suffix}" for suffix in SUFFIXES)
    return mask, probability, overlay


def _finished(files: tuple[Path, Path, Path], header: dict[str, Any]) -> dict[str, Any] | None:
    """Return what is known of finished results; None where there are none.

    Raises
    ------
    ArgumentError
        When a file of these names is not a result of this run.
    """
    abouts = [read_about(file) if file.exists() else {} for file in files[:2]]
    for file, about in zip(files, abouts, strict=False):
        if about is None or (about and {key: about.get(key) for key in header} != header):
            msg = (
                f"{file} is not the result of this raster, as it is now, with these options. Name "
                "another output folder, or do it all again with --overwrite."
            )
            raise ArgumentError(msg)
    return abouts[0] if all(abouts) and files[2].is_file() else None


def raster_gain(raster: Raster) -> float:
    """By how much a raster is brightened for the net, as `Segmenter.gain` says of a photograph.

    The median is that of 64 windows of 512x512 px that hold valid pixels, spread over the raster
    by chance, the same ones each time; of a raster of up to so many, it is that of the whole.
    What cannot be read is passed over here: the window that needs it will say so, and those before
    it are kept.
    """
    counts, seen = np.zeros(256, np.int64), 0
    for box in sample_boxes(raster.height, raster.width):
        try:
            gray, valid = raster.read_gray(box)
        except PhotoError:
            continue
        if valid.any():
            counts += histogram_of(gray, valid)
            seen += 1
        if seen == SAMPLE_WINDOWS:
            break
    return gain_of(counts)


def refuse_gate(path: Path, segmenter: Segmenter) -> None:
    """Raise ArgumentError where a segmenter has a gate, which judges whole photographs."""
    if segmenter.gate_card:
        msg = f"a gate judges photographs, not rasters; {path} is a raster. Leave the gate out."
        raise ArgumentError(msg)


def _header(raster: Raster, segmenter: Segmenter, window_px: int) -> dict[str, Any]:
    return {
        "format": 1,
        "input": raster.stamp(),
        **segmenter_options(segmenter),
        "margin_px": segmenter.card.margin_px,
        "window_px": window_px,
    }
