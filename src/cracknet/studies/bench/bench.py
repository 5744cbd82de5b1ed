"""All cases one after the other, and what they ran on."""

from __future__ import annotations

import importlib.util
import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

from cracknet.errors import ArgumentError, CrackNetError
from cracknet.segmentation import list_models
from cracknet.segmentation.models import find_model
from cracknet.studies.bench.case import Case, Measured, run_case
from cracknet.studies.processor import processor_facts
from cracknet.synthesis import standard_scene, write_rendered_set

LEAST_PX, MOST_PX = 256, 16384


@dataclass(frozen=True)
class BenchOptions:
    """What is timed, and how long.

    Attributes
    ----------
    models : tuple of str
        Names or files; all that ship by default.
    seconds : float
        Of the whole, about; models that take longer for a photograph a core take longer.
    height_px, width_px : int
        Of the rendered photograph, 256 to 16384.
    photo : Path, optional
        A photograph of the user's instead.
    threads : int, optional
        Cores to use; all by default.

    Raises
    ------
    ArgumentError
        When a value is outside its range.
    """

    models: tuple[str, ...] = ()
    seconds: float = 60.0
    height_px: int = 1536
    width_px: int = 2048
    photo: Path | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            msg = f"seconds must be above 0; got {self.seconds:g}."
            raise ArgumentError(msg)
        for side in (self.height_px, self.width_px):
            if not LEAST_PX <= side <= MOST_PX:
                msg = (
                    f"the photograph's sides must be {LEAST_PX} to {MOST_PX} px; got "
                    f"{self.width_px}x{self.height_px}."
                )
                raise ArgumentError(msg)
        if self.photo is not None and not self.photo.is_file():
            msg = f"there is no photograph {self.photo}."
            raise ArgumentError(msg)


@dataclass(frozen=True)
class Bench:
    """A machine's speed.

    Attributes
    ----------
    machine : dict
        Processor, cores, what it can compute fast, memory, versions.
    photo : str
        What was segmented.
    rows : tuple of Measured
    """

    machine: dict[str, str | int]
    photo: str
    rows: tuple[Measured, ...]


def bench(
    options: BenchOptions | None = None, *, progress: Callable[[Measured], None] | None = None
) -> Bench:
    """Time the shipped models on this machine, each in a process of its own.

    A model is timed on OpenVINO as the processor does it best, and in float32 where that differs;
    and on ONNX Runtime where that is installed and an ONNX file lies beside the model.

    Parameters
    ----------
    options : BenchOptions, optional
    progress : callable, optional
        Called with each row as it is done.

    Returns
    -------
    Bench
        A case that cannot run is a row with its error.

    Raises
    ------
    ArgumentError, ModelError
        When a model is not known.
    """
    options = options or BenchOptions()
    models = options.models or tuple(card.name for card in list_models())
    cases = cases_of(models, options.threads)
    each = options.seconds / len(cases)
    rows: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="cracknet-bench-") as name:
        photo = options.photo or _rendered(Path(name), options)
        for case in cases:
            # half of a case's time goes by until the net is compiled and warm
            row = _alone(case, photo, each / 2)
            if case.precision == "f32" and row.precision == _chosen(rows, case):
                continue  # this processor chooses float32 by itself
            rows.append(row)
            if progress:
                progress(row)
    what = f"{options.width_px}x{options.height_px} px, rendered"
    return Bench(processor_facts(), str(options.photo or what), tuple(rows))


def cases_of(models: Sequence[str], threads: int | None = None) -> list[Case]:
    """List the cases of some models: engine and number format.

    Raises
    ------
    ModelError
        When a model is not known.
    """
    cases: list[Case] = []
    for model in models:
        card = find_model(model)
        onnx = card.file.with_suffix(".onnx")
        if card.file.suffix != ".onnx":
            cases.append(Case(model, "openvino", "auto", threads))
            if card.precision == "float":
                cases.append(Case(model, "openvino", "f32", threads))
        if onnx.is_file() and importlib.util.find_spec("onnxruntime"):
            cases.append(Case(model, "onnxruntime", "auto", threads))
        elif onnx.is_file() and card.file.suffix == ".onnx":
            cases.append(Case(model, "openvino", "auto", threads))
    return cases


def _chosen(rows: Sequence[Measured], case: Case) -> str:
    """Return the number format that the automatic row of a case's model has."""
    automatic = replace(case, precision="auto")
    return next((row.precision for row in rows if row.case == automatic and not row.error), "")


def _alone(case: Case, photo: Path, seconds: float) -> Measured:
    """Run a case in a new process: its memory is its own, and a death is a row."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(run_case, case, photo, seconds).result()
        except CrackNetError as error:
            return Measured(case, error=str(error))
        except BrokenProcessPool:
            return Measured(case, error="the process died, as when memory runs out.")


def _rendered(folder: Path, options: BenchOptions) -> Path:
    """Render a wall with cracks; return its JPEG."""
    scene = replace(standard_scene(), height=options.height_px, width=options.width_px)
    write_rendered_set(folder / "set", 1, scene, seed=1, file_format="jpg")
    return next((folder / "set" / "images").rglob("*.jpg"))
