"""The arrays that pass between the rooms, named once."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Gray: TypeAlias = npt.NDArray[np.uint8]
"""One photograph in gray, shape (H, W), 0 to 255, upright."""

Mask: TypeAlias = npt.NDArray[np.bool_]
"""Shape (H, W), True = crack."""

Probability: TypeAlias = npt.NDArray[np.float32]
"""Shape (H, W), probability of crack in [0, 1]."""
