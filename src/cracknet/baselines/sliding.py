"""Two sliding scans, after Kim and Cho 2018.

"Automated vision-based detection of cracks on concrete surfaces using a deep learning technique",
Sensors 18(10), 3452. A classifier of tiles that also knows what looks like a crack and is none
scans the photograph twice, the second time shifted by half a window, so that a crack on the edge
of a window of one scan lies in the middle of one of the other. The scans' softmax values are
averaged to a map of probability, whose threshold can be moved.

What differs: their five classes came from photographs of the web; here they are crack, joint
(formwork planking of uav75) and intact, or crack and intact where no joints are marked. AlexNet as
in `cracknet.baselines.alexnet`, from random or a user's first weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cracknet.arrays import Gray, Probability
from cracknet.baselines.baseline import at_half
from cracknet.segmentation.scanning import Classify, painted_cracks


@dataclass(frozen=True)
class TwoScans:
    """The mean of two scans of tiles, the second shifted by half a tile down and right.

    Attributes
    ----------
    classify : callable
        From tiles (N, T, T, 1) float32, 0 to 255, to (N, classes); crack is class 1.
    tile_px : int
    threshold : float
        Mean probability from which a pixel is crack.
    name : str
    parameters : int
    """

    classify: Classify
    tile_px: int = 256
    threshold: float = 0.5
    name: str = "two-scans"
    parameters: int = 0

    def predict(self, gray: Gray) -> Probability:
        """Return (H, W) float32: the mean of both scans' probability of crack.

        Raises
        ------
        ArgumentError
            When the photograph is not (H, W) uint8.
        """
        painted = [
            painted_cracks(gray, self.tile_px, self.classify, offset)
            for offset in (0, self.tile_px // 2)
        ]
        return at_half(np.mean(painted, axis=0, dtype=np.float32), self.threshold)
