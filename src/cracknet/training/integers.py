"""What turns a net's graph into one of 8-bit integers: NNCF, called in one place."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cracknet.arrays import Gray
from cracknet.errors import ModelError, TrainingError
from cracknet.segmentation.openvino import import_openvino
from cracknet.training.net_parts import net_parts


def import_nncf() -> Any:
    """Return the package.

    Raises
    ------
    TrainingError
        When it is not installed.
    """
    # NNCF reports each call to Google Analytics unless it believes itself under test.
    os.environ.setdefault("NNCF_CI", "1")
    import_openvino()  # before NNCF imports it
    try:
        import nncf
    except ImportError as error:
        msg = "quantising needs the package nncf: pip install 'cracknet[train]'."
        raise TrainingError(msg) from error
    nncf.set_log_level(logging.ERROR)
    return nncf


def read_float_net(file: Path) -> Any:
    """Read a model's graph.

    Returns
    -------
    openvino.Model

    Raises
    ------
    ModelError
        When it is damaged, holds integers already, or has no convolution.
    """
    ov = import_openvino()

    try:
        net = ov.Core().read_model(file)
    except RuntimeError as error:
        msg = f"the model file {file} is damaged or incomplete. Install or export it again."
        raise ModelError(msg) from error
    for operation in net.get_ops():
        kind = operation.get_type_name()
        weights = kind == "Constant" and operation.get_element_type() in (ov.Type.i8, ov.Type.u8)
        if kind == "FakeQuantize" or weights:
            msg = (
                f"only a model in floating point can be quantised; {file} holds integers already "
                f"({operation.get_friendly_name()}). Name the model that it was made of."
            )
            raise ModelError(msg)
    if not net_parts(net):
        msg = f"{file} has no convolution; there is nothing to quantise."
        raise ModelError(msg)
    return net


def quantise_net(
    net: Any,
    tiles: Sequence[Gray],
    *,
    in_float: Sequence[str] = (),
    preset: str = "performance",
    fast_bias: bool = True,
) -> Any:
    """Let NNCF quantise a net, all but the named convolutions.

    SmoothQuant is switched off: it moves ranges between matrix products of transformers.

    Parameters
    ----------
    net : openvino.Model
        Stays as it is.
    tiles : sequence of (H, W) uint8
        What to take the ranges of values from. Heights and widths are multiples of 32.
    in_float : sequence of str
        Names of convolutions that stay in floating point.
    preset : str
        ``performance`` or ``mixed``.
    fast_bias : bool
        Correct biases by NNCF's fast rule, rather than by its slow one.

    Returns
    -------
    openvino.Model

    Raises
    ------
    TrainingError
        When NNCF is not installed or fails.
    """
    nncf = import_nncf()
    dataset = nncf.Dataset(tiles, lambda tile: tile[None, ..., None].astype(np.float32))
    # Weights use half their range: processors without VNNI add pairs of products in 16 bits, which
    # overflow otherwise, and score up to 2.7 points worse than processors that have it.
    advanced = nncf.AdvancedQuantizationParameters(
        overflow_fix=nncf.OverflowFix.ENABLE,
        smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(convolution=-1, matmul=-1),
    )
    try:
        # NNCF draws its progress on stdout, which is the caller's.
        with contextlib.redirect_stdout(sys.stderr):
            return nncf.quantize(
                net.clone(),
                dataset,
                preset=nncf.QuantizationPreset(preset),
                target_device=nncf.TargetDevice.CPU,
                subset_size=len(tiles),
                fast_bias_correction=fast_bias,
                ignored_scope=nncf.IgnoredScope(names=list(in_float)) if in_float else None,
                advanced_parameters=advanced,
            )
    except (RuntimeError, nncf.InternalError, nncf.ValidationError) as error:
        msg = f"NNCF failed: {error} Calibrate on other photographs, or export the model again."
        raise TrainingError(msg) from error
