"""Batch normalisation's means and variances, taken anew for weights that no step has trained."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError


def renew_statistics(net: keras.Model, batches: Iterable[npt.NDArray[np.generic]]) -> int:
    """Replace the moving means and variances of a net by their averages over batches.

    Averages of weights have no statistics of their own: the average of the parts' is not what
    their layers see. Of weights along a line beyond a part it may even be a negative variance.
    All batches count alike. After Izmailov et al., Averaging Weights Leads to Wider Optima (2018),
    section 3.2, and PyTorch's ``update_bn``.

    Parameters
    ----------
    net : keras.Model
        (N, H, W, 1) to (N, H, W, 1). Its weights and the layers' momentum stay as they are; so do
        frozen layers, which Keras never runs as in training.
    batches : iterable of (N, H, W, 1)
        Gray levels 0 to 255, as in training.

    Returns
    -------
    int
        How many layers were renewed; 0 where the net has no batch normalisation.

    Raises
    ------
    ArgumentError
        When there is no batch.
    """
    layers = [
        layer
        for layer in net.layers
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]
    momenta = [layer.momentum for layer in layers]
    seen = 0
    try:
        for batch in batches:
            for layer in layers:
                layer.momentum = seen / (seen + 1)
            net(np.asarray(batch, np.float32), training=True)
            seen += 1
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
    if not seen:
        msg = "statistics need at least one batch. Name a recipe with photographs."
        raise ArgumentError(msg)
    return len(layers)
