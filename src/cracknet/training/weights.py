"""Loading Keras weights, all of them or none."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import keras
import numpy as np

from cracknet.errors import TrainingError


def load_weights(net: keras.Model, path: Path) -> None:
    """Load all weights of a net: from .weights.h5, a .keras model, or .npz as in `models/`.

    Keras 3.15.1 only warns where a file lacks a layer's weights, and leaves them random; here
    that is an error.

    Raises
    ------
    TrainingError
        When the file cannot be read, or is of another net.
    """
    if path.suffix == ".npz":
        load_arrays(net, path, whole=True)
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            net.load_weights(path)
    except (OSError, ValueError, KeyError, UserWarning, zipfile.BadZipFile) as error:
        msg = f"{path} cannot be read as weights of {net.name}: {error} Name its net with --net."
        raise TrainingError(msg) from error


def load_arrays(net: keras.Model, path: Path, whole: bool = False) -> None:
    """Copy arrays named ``<layer>/<variable>`` from a .npz file into a net's layers.

    Parameters
    ----------
    net : keras.Model
    path : Path
    whole : bool
        The file must hold every variable of the net; otherwise some (as an encoder's) will do.

    Raises
    ------
    TrainingError
        When the file cannot be read, a layer is missing or a shape differs.
    """
    short = {"moving_mean": "mean", "moving_variance": "variance"}
    targets = {
        f"{layer.name}/{short.get(variable.name, variable.name)}": variable
        for layer in net.layers
        for variable in layer.variables
        if "seed_generator" not in variable.path  # dropout's: a state, not a weight
    }
    try:
        with path.open("rb") as stream, np.load(stream) as file:
            arrays = dict(file)
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        msg = f"the weights {path} cannot be read: {error}. They are a .npz file."
        raise TrainingError(msg) from error
    for name, array in arrays.items():
        target = targets.get(name)
        if target is None or tuple(target.shape) != array.shape:
            msg = f"{path} does not fit the net {net.name}: {name} {array.shape}."
            raise TrainingError(msg)
        target.assign(array.astype(np.float32))
    if whole and (missing := sorted(targets.keys() - arrays.keys())):
        msg = f"{path} lacks weights of the net {net.name}: {missing[0]} ({len(missing)} in all)."
        raise TrainingError(msg)
