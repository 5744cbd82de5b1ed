"""What the widths are given must fit together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask, Probability
from cracknet.errors import ArgumentError
from cracknet.measurement.widths.rows import Floats, Indices


def check_points(points: npt.NDArray[np.generic], starts: Indices, half: Floats) -> None:
    """Check shapes and values of the points, their branches and half widths."""
    if points.ndim != 2 or points.shape[1] != 2 or not np.issubdtype(points.dtype, np.floating):
        msg = f"points_px must be floats of shape (N, 2); got {points.dtype} {points.shape}."
        raise ArgumentError(msg)
    if half.shape != (len(points),):
        msg = f"half_widths_px must have shape ({len(points)},), one a point; got {half.shape}."
        raise ArgumentError(msg)
    finite = np.isfinite(points.astype(np.float64)).all() and np.isfinite(half).all()
    if not finite or (half < 0).any():
        msg = "points_px and half_widths_px must be finite, and half widths at least 0."
        raise ArgumentError(msg)
    whole = starts.ndim == 1 and np.issubdtype(starts.dtype, np.integer) and len(starts) >= 1
    if not whole or starts[0] != 0 or starts[-1] != len(points) or (np.diff(starts) < 1).any():
        msg = (
            f"starts must be whole numbers rising from 0 to {len(points)}, one a branch and the "
            f"number of points; got {starts.tolist()[:5]}."
        )
        raise ArgumentError(msg)


def check_maps(mask: Mask, probability: Probability | None, gray: Gray | None) -> None:
    """Check types and shapes of mask, probability and photograph."""
    for name, image, kind in (
        ("mask", mask, np.bool_), ("probability", probability, np.float32),
        ("gray", gray, np.uint8),
    ):  # fmt: skip
        if image is None and name != "mask":
            continue
        found = getattr(image, "dtype", type(image).__name__), getattr(image, "shape", ())
        if found[0] != kind or len(found[1]) != 2 or found[1] != mask.shape or not mask.size:
            msg = (
                f"{name} must be {np.dtype(kind).name} of the mask's shape (H, W), not empty; got "
                f"{found[0]} {found[1]} beside a mask of {getattr(mask, 'shape', ())}."
            )
            raise ArgumentError(msg)
    if probability is not None:
        low, high = float(probability.min()), float(probability.max())
        if not (low >= 0 and high <= 1):
            msg = f"probability must be in [0, 1]; got values from {low:g} to {high:g}."
            raise ArgumentError(msg)
