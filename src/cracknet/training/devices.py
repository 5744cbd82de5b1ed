"""On what a run computes: number format, and one device or several."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from cracknet.errors import TrainingError


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Build what is built inside under a Keras dtype policy; the old one comes back after."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextmanager
def data_parallel(count: int) -> Iterator[None]:
    """Share each batch between `count` devices; all hold the same weights.

    Raises
    ------
    TrainingError
        When the backend cannot, or has fewer devices.
    """
    if count == 1:
        yield
        return
    if keras.config.backend() != "jax":
        msg = (
            f"run.devices = {count} needs the JAX backend; this is {keras.config.backend()}. "
            "Add --backend jax, or train on one device."
        )
        raise TrainingError(msg)
    devices = keras.distribution.list_devices()
    if len(devices) < count:
        msg = f"run.devices = {count}, but JAX sees {len(devices)}: {', '.join(devices)}."
        raise TrainingError(msg)
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=devices[:count], auto_shard_dataset=False)
    )
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)
