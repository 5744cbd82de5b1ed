"""A segmentation net of the house with the weights of a run, as a baseline.

So stand here FCN-8s, after Ye et al. 2019, who found that a fully convolutional net stands the
noise that drowns edge detectors, and both forms of DeepLab v2, after Du et al. Each learns by the
ordinary recipe and loop; the sweeps of `cracknet.studies.compare` try their claims.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras

from cracknet.arrays import Gray, Probability
from cracknet.baselines.baseline import at_half
from cracknet.errors import TrainingError
from cracknet.nets import NETS
from cracknet.segmentation.scanning import check_gray
from cracknet.training.devices import dtype_policy
from cracknet.training.recipe import Recipe
from cracknet.training.validation import predict
from cracknet.training.weights import load_weights


@dataclass(frozen=True)
class NetBaseline:
    """A Keras net from gray values to the probability of crack.

    Attributes
    ----------
    net : keras.Model
        (N, H, W, 1), 0 to 255, to (N, H, W, 1), for H and W multiples of 32.
    name : str
    threshold : float
        Probability from which a pixel is crack.
    tile_px : int, optional
        Photographs are cut into tiles of at most this size, side by side; whole by default. A net
        that depends on the size of its input wants that of its training.
    """

    net: keras.Model
    name: str
    threshold: float = 0.5
    tile_px: int | None = None

    @property
    def parameters(self) -> int:
        """All of the net's numbers."""
        return int(self.net.count_params())

    def predict(self, gray: Gray) -> Probability:
        """Return (H, W) float32.

        Raises
        ------
        ArgumentError
            When the photograph is not (H, W) uint8.
        """
        check_gray(gray)
        return at_half(predict(self.net, gray, self.tile_px), self.threshold)


def net_of_run(folder: Path, weights: str = "best.weights.h5") -> keras.Model:
    """Build the net of a run of `cracknet train` with its weights, in float32.

    Parameters
    ----------
    folder : Path
    weights : str
        ``best.weights.h5``, the best on validation, or ``average.weights.h5``, the last.

    Raises
    ------
    TrainingError
        When the folder holds no run, or its weights cannot be read.
    """
    path = folder / "recipe.json"
    try:
        recipe = Recipe.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        msg = (
            f"{path} cannot be read as a run's recipe: {error}. Name a folder of `cracknet train`."
        )
        raise TrainingError(msg) from error
    with dtype_policy("float32"):
        net = NETS[recipe.net.name]()
    load_weights(net, folder / weights)
    return net
