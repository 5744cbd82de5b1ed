"""What a net costs to run: the multiply-adds of its graph."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

from cracknet.errors import ArgumentError, ModelError
from cracknet.segmentation.openvino import import_openvino

COST_TILE_PX = 448
"""Side of the tile that costs are stated for, the paper's input."""

Shape = list[int]


def _convolution(inputs: list[Shape], output: Shape) -> int:
    window = inputs[1][1:]  # (out, in, kh, kw)
    return prod(output) * prod(window)


def _group_convolution(inputs: list[Shape], output: Shape) -> int:
    window = inputs[1][2:]  # (groups, out, in, kh, kw), channels of one group
    return prod(output) * prod(window)


def _backprop(inputs: list[Shape], _: Shape) -> int:
    window = inputs[1][1:]  # (in, out, kh, kw): each input value is spread over the window
    return prod(inputs[0]) * prod(window)


def _group_backprop(inputs: list[Shape], _: Shape) -> int:
    window = inputs[1][2:]  # (groups, in, out, kh, kw), channels of one group
    return prod(inputs[0]) * prod(window)


_COSTS: dict[str, Callable[[list[Shape], Shape], int]] = {
    "Convolution": _convolution,
    "GroupConvolution": _group_convolution,
    "ConvolutionBackpropData": _backprop,
    "GroupConvolutionBackpropData": _group_backprop,
}


def count_multiply_adds(file: Path, height: int = COST_TILE_PX, width: int = COST_TILE_PX) -> int:
    """Count the multiply-adds of a model's net for one tile.

    Counted are convolutions, their transposes, and matrix products: for a convolution
    ``H W C_out * C_in k_h k_w`` with the output's H and W, products with the border's zeros
    included, as papers count. Left out are biases, activations, normalisation, pooling and
    resizing. FLOPs, where a multiply-add counts as two, are twice the result.

    Parameters
    ----------
    file : Path
        OpenVINO IR (.xml) or ONNX, one gray image (N, height, width, 1) in.
    height, width : int
        Of the tile, px.

    Returns
    -------
    int

    Raises
    ------
    ModelError
        When the file cannot be read, or the net does not take a tile of this size.
    ArgumentError
        When a side is not positive.
    """
    ov = import_openvino()

    if height < 1 or width < 1:
        msg = f"a tile must be at least 1x1 px; got {width}x{height}."
        raise ArgumentError(msg)
    try:
        model = ov.Core().read_model(file)
        model.reshape([1, height, width, 1])
    except RuntimeError as error:
        last = str(error).strip().splitlines()[-1][:200]
        msg = (
            f"the cost of a model is counted on one gray tile of {width}x{height} px; {file} does "
            f"not allow it: {last} Export it with `cracknet export`."
        )
        raise ModelError(msg) from error
    return multiply_adds_of(model)


def multiply_adds_of(model: Any) -> int:
    """Count the multiply-adds of an `openvino.Model` whose shapes are all known.

    See `count_multiply_adds`.

    Raises
    ------
    ModelError
        When the shape of a counted operation is not fixed.
    """
    total = 0
    for operation in model.get_ops():
        kind = operation.get_type_name()
        if kind not in _COSTS and kind != "MatMul":
            continue
        shapes = [port.get_partial_shape() for port in operation.inputs()]
        shapes.append(operation.output(0).get_partial_shape())
        if any(shape.is_dynamic for shape in shapes):
            msg = (
                f"costs are counted at one size of tile; the shape of {kind} "
                f"{operation.get_friendly_name()!r} is not fixed by it. Reshape the model first."
            )
            raise ModelError(msg)
        *inputs, output = [[int(size) for size in shape.to_shape()] for shape in shapes]
        if kind == "MatMul":
            turned = operation.get_attributes().get("transpose_a", False)
            inner = inputs[0][-2 if turned and len(inputs[0]) > 1 else -1]
            total += prod(output) * inner
        else:
            total += _COSTS[kind](inputs, output)
    return total
