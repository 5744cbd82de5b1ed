"""A classifier of tiles, after Dorafshan, Thomas and Maguire 2018.

"Comparison of deep convolutional neural networks and edge detectors for image-based crack detection
in concrete", Construction and Building Materials 186, 1031-1045. AlexNet says of each 256 px tile
whether it holds a crack, fully trained or transferred; a hybrid runs edge detection inside the
tiles called crack alone.

What differs: AlexNet as in `cracknet.baselines.alexnet`; no weights of ImageNet can be had here,
so a transfer begins with a user's file of weights, or with a net that learned the same task on
other photographs; tiles are taken as they are, where theirs were resized to 227 px.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Probability
from cracknet.baselines.baseline import Baseline, at_half
from cracknet.segmentation.scanning import Classify, Grid, Tiles, painted_cracks, scan


def classifier_of(net: keras.Model) -> Classify:
    """Return a function from tiles to the classes' probabilities, by a Keras net."""

    def classify(tiles: Tiles) -> npt.NDArray[np.float32]:
        found = keras.ops.convert_to_numpy(net(tiles, training=False))
        return np.asarray(found, np.float32)

    return classify


@dataclass(frozen=True)
class PatchClassifier:
    """Tiles side by side, crack or not, each painted with its probability.

    Attributes
    ----------
    classify : callable
        From tiles (N, T, T, 1) float32, 0 to 255, to (N, classes); crack is class 1.
    tile_px : int
    threshold : float
        Probability from which a tile is crack.
    name : str
    parameters : int
    """

    classify: Classify
    tile_px: int = 256
    threshold: float = 0.5
    name: str = "alexnet"
    parameters: int = 0

    def grid(self, gray: Gray) -> Grid:
        """Return the classes' probabilities of each tile, (rows, columns, classes)."""
        return scan(gray, self.tile_px, self.classify)

    def predict(self, gray: Gray) -> Probability:
        """Return (H, W) float32: a tile's probability at each of its pixels.

        Raises
        ------
        ArgumentError
            When the photograph is not (H, W) uint8.
        """
        return at_half(painted_cracks(gray, self.tile_px, self.classify), self.threshold)


@dataclass(frozen=True)
class Hybrid:
    """Edges inside the tiles called crack; elsewhere nothing.

    Attributes
    ----------
    tiles : Baseline
    edges : Baseline
    name : str
    """

    tiles: Baseline
    edges: Baseline
    name: str = "hybrid"

    @property
    def parameters(self) -> int:
        """Those of both."""
        return self.tiles.parameters + self.edges.parameters

    def predict(self, gray: Gray) -> Probability:
        """Return (H, W) float32: the edges' value in tiles called crack, 0 elsewhere."""
        called = self.tiles.predict(gray) >= 0.5
        return np.where(called, self.edges.predict(gray), np.float32(0)).astype(np.float32)
