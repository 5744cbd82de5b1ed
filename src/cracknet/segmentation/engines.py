"""Inference engines: a model file in, probabilities of a tile out."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol

import numpy as np

from cracknet.arrays import Gray, Probability
from cracknet.errors import ArgumentError, EngineError, ModelError
from cracknet.segmentation.openvino import import_openvino

KEPT_SHAPES = 4
PRECISIONS = ("auto", "f32", "bf16")


class Engine(Protocol):
    """What runs a net. `infer` is called from `workers` threads at once.

    `precision` is what was asked for, and what the engine chose once a tile has been inferred.
    """

    workers: int
    name: str
    precision: str

    def infer(self, tile: Gray) -> Probability:
        """Return the probability of crack of a tile (T, U), multiples of 32."""
        ...


_BINDING = threading.Lock()


def wake_binding() -> None:
    """Pass one array through OpenVINO's Python binding, from one thread alone.

    Its first use of NumPy sets up a static table without letting go of the interpreter's lock:
    two threads that meet there wait for each other for ever (seen in 1 run of 7 on 2 cores,
    openvino 2026.4.1, in pybind11's npy_api under ov::Tensor).
    """
    ov = import_openvino()

    with _BINDING:
        ov.Tensor(np.zeros((1, 1), np.uint8)).data.sum()


def available_cores() -> int:
    """Count the processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class OpenVINOEngine:
    """OpenVINO on the CPU: one stream a core, each compiled for the tile's shape.

    Parameters
    ----------
    file : Path
        OpenVINO IR (.xml, with .bin beside it) or ONNX.
    precision : str
        ``auto`` (bfloat16 where the processor has it), ``f32`` or ``bf16``.
    threads : int, optional
        Cores to use; all by default.

    Raises
    ------
    ModelError
        When the file is missing, damaged, or takes or gives other shapes than a model's.
    """

    def __init__(self, file: Path, *, precision: str = "auto", threads: int | None = None) -> None:
        ov = import_openvino()

        wake_binding()
        _check_options(precision, threads)
        if not file.is_file():
            msg = f"no model file at {file}. `cracknet models` lists the models that ship."
            raise ModelError(msg)
        self._core = ov.Core()
        try:
            self._model = self._core.read_model(file)
        except RuntimeError as error:
            msg = (
                f"the model file {file} is damaged or incomplete (OpenVINO IR is a .xml with its "
                f".bin beside it): {last_line(error)} Install or export it again."
            )
            raise ModelError(msg) from error
        shapes = [
            list(port.partial_shape) if port.partial_shape.rank.is_static else []
            for port in (*self._model.inputs, *self._model.outputs)
        ]
        check_shapes(file, len(self._model.inputs), len(self._model.outputs), shapes)
        self.workers = threads or available_cores()
        self._options: dict[str, Any] = {
            "NUM_STREAMS": self.workers,
            "INFERENCE_NUM_THREADS": self.workers,
        }
        if precision != "auto":
            self._options["INFERENCE_PRECISION_HINT"] = precision
        self.name = "openvino"
        self.precision = precision
        self._compiled: OrderedDict[tuple[int, ...], SimpleQueue[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def infer(self, tile: Gray) -> Probability:
        """Return the probability of crack of a tile (T, U) uint8, as (T, U) float32.

        Raises
        ------
        EngineError
            When the engine fails, as for want of memory.
        """
        try:
            requests = self._requests(tile.shape)
            request = requests.get()
            try:
                request.infer({0: tile[None, :, :, None]}, share_inputs=True)
                return np.array(request.get_output_tensor(0).data[0, :, :, 0])
            finally:
                requests.put(request)
        except RuntimeError as error:
            msg = f"OpenVINO failed on a tile of {tile.shape}: {last_line(error)}"
            raise EngineError(msg) from error

    def free_memory(self) -> None:
        """Let go of the compiled nets, hundreds of MB; the next tile compiles one anew."""
        with self._lock:
            self._compiled.clear()

    def _requests(self, shape: tuple[int, ...]) -> SimpleQueue[Any]:
        """Return the free requests of the net compiled for this shape; a few shapes are kept."""
        ov = import_openvino()
        from openvino.preprocess import PrePostProcessor

        with self._lock:
            if shape not in self._compiled:
                model = self._model.clone()
                model.reshape([1, *shape, 1])
                steps = PrePostProcessor(model)
                steps.input().tensor().set_element_type(ov.Type.u8)
                compiled = self._core.compile_model(steps.build(), "CPU", self._options)
                kind = compiled.get_property("INFERENCE_PRECISION_HINT")
                self.precision = str(kind.to_string())
                requests: SimpleQueue[Any] = SimpleQueue()
                for _ in range(self.workers):
                    requests.put(compiled.create_infer_request())
                self._compiled[shape] = requests
                while len(self._compiled) > KEPT_SHAPES:
                    self._compiled.popitem(last=False)
            self._compiled.move_to_end(shape)
            return self._compiled[shape]


class OnnxRuntimeEngine:
    """ONNX Runtime, on a CUDA device where its package finds one, else on the CPU.

    Parameters
    ----------
    file : Path
        ONNX, as `cracknet export` writes it.
    precision : str
        ``auto`` or ``f32``.
    threads : int, optional
        Cores to use; all by default.

    Raises
    ------
    EngineError
        When the package onnxruntime is not installed.
    ModelError
        When the file is missing, damaged, or takes or gives other shapes than a model's.
    """

    def __init__(self, file: Path, *, precision: str = "auto", threads: int | None = None) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            msg = (
                "the engine onnxruntime is not installed. Install it with "
                "`pip install 'cracknet[onnx]'` (or onnxruntime-gpu for CUDA)."
            )
            raise EngineError(msg) from error

        _check_options(precision, threads)
        if precision == "bf16":
            msg = "onnxruntime runs models in f32; got precision 'bf16'. Use --engine openvino."
            raise ArgumentError(msg)
        if not file.is_file():
            msg = (
                f"no ONNX file at {file}. Write one with `cracknet export MODEL --format onnx` "
                "and give its path as the model."
            )
            raise ModelError(msg)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or available_cores()
        options.log_severity_level = 3
        wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
        providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
        try:
            self._session = onnxruntime.InferenceSession(file, options, providers=providers)
        except Exception as error:
            msg = f"the model file {file} is damaged or not ONNX: {last_line(error)}"
            raise ModelError(msg) from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        shapes = [port.shape for port in (*inputs, *outputs)]
        check_shapes(file, len(inputs), len(outputs), shapes)
        self._input = inputs[0].name
        self.workers = 1
        self.precision = "f32"
        self.name = f"onnxruntime ({self._session.get_providers()[0]})"

    def infer(self, tile: Gray) -> Probability:
        """Return the probability of crack of a tile (T, U) uint8, as (T, U) float32."""
        values = tile[None, :, :, None].astype(np.float32)
        try:
            result = self._session.run(None, {self._input: values})[0]
        except Exception as error:
            msg = f"ONNX Runtime failed on a tile of {tile.shape}: {last_line(error)}"
            raise EngineError(msg) from error
        return np.asarray(result[0, :, :, 0], np.float32)


ENGINES: dict[str, Callable[..., Engine]] = {
    "openvino": OpenVINOEngine,
    "onnxruntime": OnnxRuntimeEngine,
}


def check_shapes(file: Path, inputs: int, outputs: int, shapes: list[Any]) -> None:
    """Refuse a net that is not one gray image in, one probability of the same size out.

    Raises
    ------
    ModelError
        The message says which rule is broken.
    """

    def is_free(dimension: Any) -> bool:
        return not isinstance(dimension, int) and not getattr(dimension, "is_static", False)

    fits = (
        inputs == outputs == 1
        and all(len(shape) == 4 for shape in shapes)
        and all(str(shape[3]) == "1" for shape in shapes)
        and all(is_free(size) for shape in shapes for size in shape[1:3])
    )
    if not fits:
        found = " -> ".join(str([str(size) for size in shape]) for shape in shapes)
        msg = (
            f"a model takes one gray image (N, height, width, 1) of any size and gives one "
            f"probability of that shape; {file} has {found}. Export it with `cracknet export`."
        )
        raise ModelError(msg)


def _check_options(precision: str, threads: int | None) -> None:
    if precision not in PRECISIONS:
        msg = f"precision must be one of {', '.join(PRECISIONS)}; got {precision!r}."
        raise ArgumentError(msg)
    if threads is not None and threads < 1:
        msg = f"the number of cores must be at least 1; got {threads}."
        raise ArgumentError(msg)


def last_line(error: Exception) -> str:
    """Return what an engine's error says: its last line, at most 200 letters of it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__
