"""Draw the picture of the README: examples/wall.jpg beside its overlay.

Run from the project's folder: python scripts/readme_picture.py
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from cracknet import Segmenter
from cracknet.reporting.overlay import draw_overlay


def main() -> None:
    """Segment, put side by side, write."""
    result = Segmenter("cracknet-lite").segment("examples/wall.jpg")
    overlay = draw_overlay(result.photo.gray, result.mask)
    photo = cv2.cvtColor(result.photo.gray, cv2.COLOR_GRAY2BGR)
    gap = np.full((photo.shape[0], 24, 3), 255, np.uint8)
    pair = cv2.resize(
        np.hstack([photo, gap, overlay]), None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA
    )
    target = Path("examples/wall_with_cracks.jpg")
    cv2.imwrite(str(target), pair, [cv2.IMWRITE_JPEG_QUALITY, 85])
    print(f"{target}: {pair.shape[1]}x{pair.shape[0]}, crack share {result.crack_share:.2%}")


if __name__ == "__main__":
    main()
