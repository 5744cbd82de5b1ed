"""One model on one engine, timed in a process of its own."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cracknet.arrays import Gray, Probability
from cracknet.measurement.measure import measure
from cracknet.photo import find_photos, read_photo
from cracknet.reporting.measuring import Measuring
from cracknet.reporting.overlay import draw_overlay
from cracknet.reporting.run import segment_photos
from cracknet.reporting.width_overlay import draw_width_overlay
from cracknet.reporting.writing import jpeg_of, png_of_mask, png_of_probability
from cracknet.segmentation import Segmenter
from cracknet.segmentation.engines import Engine

STAGES = ("net", "read", "cut and blend", "write", "measure")
"""What is done to a photograph. Measuring holds the drawing of its picture."""

BUSY = 0.6
"""Below this share of the cores' time it is not the computing that limits."""


@dataclass(frozen=True)
class Case:
    """What is timed.

    Attributes
    ----------
    model : str
        A shipped model's name, or a model file.
    engine : {"openvino", "onnxruntime"}
    precision : {"auto", "f32", "bf16"}
        As asked for.
    threads : int, optional
        Cores to use; all by default.
    """

    model: str
    engine: str = "openvino"
    precision: str = "auto"
    threads: int | None = None


@dataclass(frozen=True)
class Measured:
    """What came of it. Times are of the second photograph on: the first one compiles the net.

    Attributes
    ----------
    case : Case
    precision : str
        Of numbers, as the engine chose.
    weights : str
        ``float`` or ``int8``, with which most of the net is computed in integers.
    threads : int
    photos : int
    megapixels : float
        Of all photographs together.
    start_seconds : float
        Reading the model, compiling it for its tiles, and the first photograph.
    ms_per_mp : float
        Wall time a megapixel of `cracknet segment`, measuring and all files included.
    busy_share : float
        Share of its threads' wall time that this run computed, 0 to 1. Other programs, a slow
        disk, and the last photograph, which some threads have nothing to do beside, take the rest.
    stages_ms_per_mp : dict of str to float
        Processor time a megapixel, all threads together, by `STAGES`.
    peak_mb : float
        Greatest memory of the process; nan where the system does not tell.
    error : str
        Why it did not run; empty where it did, and then all else holds.
    """

    case: Case
    precision: str = ""
    weights: str = "float"
    threads: int = 0
    photos: int = 0
    megapixels: float = 0.0
    start_seconds: float = 0.0
    ms_per_mp: float = 0.0
    busy_share: float = 0.0
    stages_ms_per_mp: dict[str, float] = field(default_factory=dict)
    peak_mb: float = float("nan")
    error: str = ""

    @property
    def net_share(self) -> float:
        """Share of the processor time that goes to the net, 0 to 1."""
        whole = sum(self.stages_ms_per_mp.values())
        return self.stages_ms_per_mp["net"] / whole if whole else 0.0

    @property
    def limit(self) -> str:
        """What limits the speed, in words."""
        if self.error:
            return ""
        if self.busy_share < BUSY:
            return "other programs or the disk"
        return max(self.stages_ms_per_mp, key=lambda stage: self.stages_ms_per_mp[stage])


def run_case(case: Case, photo: Path, seconds: float) -> Measured:
    """Segment and measure copies of a photograph for about so many seconds.

    Parameters
    ----------
    case : Case
    photo : Path
    seconds : float
        Of the timed part. At least two photographs for each thread are timed, however slow.

    Returns
    -------
    Measured

    Raises
    ------
    CrackNetError
        When the model or the engine cannot be had, or the photograph cannot be read.
    """
    began = time.perf_counter()
    segmenter = Segmenter(
        case.model, engine=case.engine, precision=case.precision, threads=case.threads
    )
    workers = segmenter.engine.workers
    stages = dict.fromkeys(STAGES, 0.0)
    read = read_photo(photo)
    segmenter.segment(read)
    start_seconds = time.perf_counter() - began
    with _timed(stages, "read"):
        read = read_photo(photo)
    with _timed(stages, "net"):
        result = segmenter.segment(read)
    engine, segmenter.engine = segmenter.engine, _Still(segmenter.engine)
    with _timed(stages, "cut and blend"):
        segmenter.segment(read)
    segmenter.engine = engine
    stages["net"] = max(0.0, stages["net"] - stages["cut and blend"])
    with _timed(stages, "write"):
        png_of_mask(result.mask)
        png_of_probability(result.probability)
        jpeg_of(draw_overlay(read.gray, result.mask))
    with _timed(stages, "measure"):
        measured = measure(result.mask, probability=result.probability, gray=read.gray)
        jpeg_of(draw_width_overlay(read.gray, measured))

    each = sum(stages.values()) / workers
    count = max(2 * workers, round(seconds / max(each, 1e-3)))
    with tempfile.TemporaryDirectory(prefix="cracknet-bench-") as name:
        folder = Path(name)
        (folder / "photos").mkdir()
        for number in range(count):
            shutil.copyfile(photo, folder / "photos" / f"{number:04d}{photo.suffix}")
        found = find_photos([folder / "photos"])
        computed = time.process_time()
        run = segment_photos(found, folder / "out", segmenter, measuring=Measuring())
        computed = time.process_time() - computed
    one = read.gray.size / 1e6
    return Measured(
        case,
        precision=segmenter.engine.precision,
        weights=segmenter.card.precision,
        threads=workers,
        photos=count,
        megapixels=run.megapixels,
        start_seconds=start_seconds,
        ms_per_mp=run.seconds / run.megapixels * 1e3,
        busy_share=min(1.0, computed / (workers * run.seconds)),
        stages_ms_per_mp={stage: spent / one * 1e3 for stage, spent in stages.items()},
        peak_mb=_peak_mb(),
    )


class _Still:
    """An engine that answers at once: what is left is the work around the net."""

    def __init__(self, engine: Engine) -> None:
        self.workers, self.name, self.precision = engine.workers, engine.name, engine.precision

    def infer(self, tile: Gray) -> Probability:
        return np.zeros(tile.shape, np.float32)


@contextmanager
def _timed(stages: dict[str, float], stage: str) -> Iterator[None]:
    began = time.process_time()
    yield
    stages[stage] += time.process_time() - began


def _peak_mb() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)  # bytes there, kB elsewhere
