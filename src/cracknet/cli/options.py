"""Options that several commands share."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer


def _print_version(asked: bool) -> None:
    if asked:
        from cracknet import __version__

        typer.echo(f"cracknet {__version__}")
        raise typer.Exit


version_option = Annotated[
    bool,
    typer.Option(
        "--version", callback=_print_version, is_eager=True, help="Print the version and stop."
    ),
]
model_option = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="A shipped model's name, or a .xml or .onnx file; cracknet-lite-int8 by default.",
    ),
]
threshold_option = Annotated[
    float | None,
    typer.Option(
        "--threshold", "-t", help="Probability from which a pixel is crack; 0.5 by default."
    ),
]
sensitivity_option = Annotated[
    str | None,
    typer.Option(help="low, normal or high, in place of a threshold: the model's own."),
]
gate_option = Annotated[
    Path | None,
    typer.Option(
        help="A gate's .xml file of `cracknet export`: where it sees no damage, nothing is crack."
    ),
]
measure_option = Annotated[
    bool, typer.Option("--measure/--no-measure", help="Measure the cracks, too.")
]
max_megapixels_option = Annotated[
    float, typer.Option(help="Larger photographs fail before they are decoded.")
]
engine_option = Annotated[str, typer.Option(help="openvino, or onnxruntime with an ONNX file.")]
precision_option = Annotated[str, typer.Option(help="auto, f32 or bf16.")]
jobs_option = Annotated[
    int | None, typer.Option("--jobs", "-j", help="Processor cores to use; all by default.")
]
overwrite_option = Annotated[bool, typer.Option("--overwrite", help="Do all again.")]
json_option = Annotated[
    Path | None, typer.Option("--json", help="Write the numbers to this file as JSON.")
]


def write_json(path: Path | None, content: Any) -> None:
    """Write numbers as JSON where a file was asked for."""
    if path:
        from cracknet.files import write_whole

        write_whole(path, (json.dumps(content, indent=2) + "\n").encode())


def numbers(text: str, separator: str, option: str) -> tuple[float, float]:
    """Read ``A<separator>B``, or ``A`` for twice the same."""
    number = r"(\d+(?:\.\d+)?)"
    match = re.fullmatch(rf"{number}(?:{separator}{number})?", text.strip())
    whole = option not in {"--width-px", "--depth"}
    if match is None or (whole and "." in text):
        message = f"{option} must be A{separator}B, like 1{separator}3; got {text!r}"
        raise typer.BadParameter(message)
    first = float(match[1])
    return first, float(match[2]) if match[2] else first


def max_pixels(max_megapixels: float) -> int:
    """Turn the option into pixels.

    Raises
    ------
    ArgumentError
        When it is no positive number.
    """
    from math import inf

    from cracknet.errors import ArgumentError

    if not 1e-6 <= max_megapixels < inf:
        msg = f"--max-megapixels must be a positive number; got {max_megapixels}."
        raise ArgumentError(msg)
    return int(max_megapixels * 1e6)
