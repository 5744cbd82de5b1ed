"""The parts of a net by resolution, found in its graph, and what each costs when it is rounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cracknet.arrays import Gray, Probability
from cracknet.segmentation.openvino import import_openvino

CONVOLUTIONS = (
    "Convolution",
    "GroupConvolution",
    "ConvolutionBackpropData",
    "GroupConvolutionBackpropData",
)
_MOVES_VALUES = ("Concat", "Interpolate", "Transpose", "MaxPool", "Pad")
"""Operations that hand on what was rounded before them."""
_TRIED_PX = 256


def net_parts(model: Any) -> dict[str, list[str]]:
    """Sort the convolutions of a net into parts that may stay in floating point.

    ``stem`` is the first convolution, ``logits`` the last. Those between are ``encoder 1/k`` up to
    and with the lowest resolution, ``decoder 1/k`` after it, 1/k being the height that they give
    over the photograph's.

    Parameters
    ----------
    model : openvino.Model
        (N, H, W, 1) to (N, H, W, 1), of free height and width.

    Returns
    -------
    dict of str to list of str
        Names of operations by part, in the net's order. Empty for a net without convolutions.
    """
    sized = model.clone()
    sized.reshape([1, _TRIED_PX, _TRIED_PX, 1])
    found = [
        (operation.get_friendly_name(), _TRIED_PX // operation.output(0).shape[2])
        for operation in sized.get_ordered_ops()
        if operation.get_type_name() in CONVOLUTIONS
    ]
    if not found:
        return {}
    lowest = max(scale for _, scale in found)
    turn = max(k for k, (_, scale) in enumerate(found) if scale == lowest)
    parts: dict[str, list[str]] = {}
    for k, (name, scale) in enumerate(found):
        if k == len(found) - 1:
            part = "logits"
        elif k == 0:
            part = "stem"
        else:
            part = f"{'encoder' if k <= turn else 'decoder'} 1/{scale}"
        parts.setdefault(part, []).append(name)
    return parts


def rank_parts(
    net: Any, quantised: Any, parts: Mapping[str, Sequence[str]], tiles: Sequence[Gray]
) -> list[str]:
    """Order parts by how near the result comes to the float net's once they are not rounded.

    Measured as the mean absolute difference of probability over tiles, with one part at a time
    in floating point within the quantised net. F1 of some dozen photographs moves by chance as
    much as by one part's rounding; this does not. Corrected biases stay: it is an order, not a
    net to use.

    Parameters
    ----------
    net, quantised : openvino.Model
        Before and after.
    parts : mapping of str to sequences of str
        Names of convolutions by part.
    tiles : sequence of (H, W) uint8
        Heights and widths are multiples of 32.

    Returns
    -------
    list of str
        Parts, those that matter most first.
    """
    expected = _probabilities(net, tiles)

    def difference(part: str) -> float:
        found = _probabilities(_freed(quantised, net, parts[part]), tiles)
        return float(np.mean([np.abs(a - b).mean() for a, b in zip(expected, found, strict=True)]))

    return sorted(parts, key=difference)


def _freed(quantised: Any, net: Any, names: Sequence[str]) -> Any:
    """Return the quantised net with some convolutions given float input and float weights."""
    ops = import_openvino().opset13

    freed = quantised.clone()
    before = {operation.get_friendly_name(): operation for operation in net.get_ops()}
    for operation in freed.get_ops():
        name = operation.get_friendly_name()
        if name in names:
            _free(operation.input(0))
            weights = before[name].input_value(1).get_node()
            while weights.get_type_name() != "Constant":  # float16 kept, converted when used
                weights = weights.input_value(0).get_node()
            whole = ops.constant(weights.data.astype(np.float32))
            operation.input(1).replace_source_output(whole.output(0))
    freed.validate_nodes_and_infer_types()
    return freed


def _free(port: Any) -> None:
    """Take what comes into an operation before it was rounded."""
    source = port.get_source_output().get_node()
    if source.get_type_name() == "FakeQuantize":
        port.replace_source_output(source.input_value(0))
    elif source.get_type_name() in _MOVES_VALUES:
        for above in source.inputs():
            _free(above)


def _probabilities(net: Any, tiles: Sequence[Gray]) -> list[Probability]:
    ov = import_openvino()

    compiled = ov.compile_model(net, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return [compiled(tile[None, ..., None].astype(np.float32))[0][0, ..., 0] for tile in tiles]
