"""What may be scored: one guard for all scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask, Probability
from cracknet.errors import ArgumentError


def check_truth(truth: npt.NDArray[Any], shape: tuple[int, ...], name: str = "truth") -> Mask:
    """Return a mask that is (H, W) bool and of a given shape.

    Raises
    ------
    ArgumentError
        When it is not.
    """
    truth = np.asarray(truth)
    if truth.dtype != np.bool_:
        msg = f"{name} must be bool, True = crack; got {truth.dtype}. Compare it: {name} > 0."
        raise ArgumentError(msg)
    if truth.shape != shape:
        msg = (
            f"probability and {name} must have one shape; got {shape} and {truth.shape}. Segment "
            "the very photograph that the mask was drawn on."
        )
        raise ArgumentError(msg)
    return truth


def check_probability(probability: npt.NDArray[Any]) -> Probability:
    """Return a probability as (H, W) float32 in [0, 1], without negative zeros.

    Float16 and float64 are accepted too; float64 is rounded to float32, as files of models hold
    no more.

    Raises
    ------
    ArgumentError
        When it is not two-dimensional, has no pixels, is not of a float type, or holds values
        below 0, above 1 or NaN.
    """
    values = np.asarray(probability)
    if values.ndim != 2 or not values.size:
        msg = f"probability must have the shape (H, W), at least one pixel; got {values.shape}."
        raise ArgumentError(msg)
    if not np.issubdtype(values.dtype, np.floating):
        msg = (
            f"probability must be float32 in 0..1; got {values.dtype}. A mask is scored as "
            "mask.astype(numpy.float32), a picture of 0..255 as picture / numpy.float32(255)."
        )
        raise ArgumentError(msg)
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):  # NaN fails too
        msg = (
            f"probability must lie within 0 and 1; got values from {low:g} to {high:g}. Pass the "
            "net's sigmoid output, not its logits."
        )
        raise ArgumentError(msg)
    return np.abs(values.astype(np.float32, copy=False))


def check_pair(probability: npt.NDArray[Any], truth: npt.NDArray[Any]) -> tuple[Probability, Mask]:
    """Return both as arrays that can be scored.

    Raises
    ------
    ArgumentError
        As `check_probability` and `check_truth` do.
    """
    values = check_probability(probability)
    return values, check_truth(truth, values.shape)
