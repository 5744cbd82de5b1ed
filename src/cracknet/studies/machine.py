"""What a study ran on and with, for its report."""

from __future__ import annotations

import hashlib
import platform
import re
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import keras

from cracknet import __version__
from cracknet.errors import TrainingError
from cracknet.scoring.about import processor
from cracknet.segmentation.engines import available_cores
from cracknet.studies.processor import memory_gib, read_text

_PACKAGES = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "jax": ("jax",),
    "torch": ("torch",),
}


def versions() -> dict[str, str]:
    """Return the versions of CrackNet, Python, Keras, its backend and NumPy."""
    backend = keras.config.backend()
    found = {"cracknet": __version__, "python": platform.python_version()}
    for package in ("keras", *_PACKAGES.get(backend, ()), "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue  # TensorFlow has one of two names
    return found


def hardware() -> dict[str, str | int]:
    """Return processor, its cores that may be used, memory in GiB, and accelerators."""
    found: dict[str, str | int] = {"processor": processor(), "cores": available_cores()}
    if memory := memory_gib():
        found["memory_gib"] = memory
    cards = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    names = [match[1] for card in cards if (match := re.search(r"Model:\s*(.+)", read_text(card)))]
    if names:
        found["accelerators"] = ", ".join(names)
    with suppress(AttributeError, ImportError, NotImplementedError):  # not every backend can tell
        found["devices"] = ", ".join(keras.distribution.list_devices())
    return found


def sha256_of(path: Path) -> str:
    """Return a file's checksum.

    Raises
    ------
    TrainingError
        When it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        msg = f"the weights {path} cannot be read: {error.strerror}. Train this net again."
        raise TrainingError(msg) from error
