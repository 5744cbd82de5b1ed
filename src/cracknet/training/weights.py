"""Loading Keras weights, all of them or none."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import keras

from cracknet.errors import TrainingError


def load_weights(net: keras.Model, path: Path) -> None:
    """Load ``.weights.h5`` into a net.

    Keras 3.15.1 only warns where a file lacks a layer's weights, and leaves them random; here
    that is an error.

    Raises
    ------
    TrainingError
        When the file cannot be read, or is of another net.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            net.load_weights(path)
    except (OSError, ValueError, KeyError, UserWarning, zipfile.BadZipFile) as error:
        msg = f"{path} cannot be read as weights of {net.name}: {error} Name its net with --net."
        raise TrainingError(msg) from error
