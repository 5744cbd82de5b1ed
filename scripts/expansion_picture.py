"""Draw the picture of docs/expand.md: each operation on one rendered photograph, its mask outlined.

Run from the project's folder: python scripts/expansion_picture.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cracknet.datasets.expansion import PRESETS, Expansion, expand_pair
from cracknet.datasets.operations.geometric import (
    FlipHorizontal,
    Rotate,
    Shear,
    Stretch,
    ZoomIn,
    ZoomOut,
)
from cracknet.datasets.operations.photometric import Photometric
from cracknet.synthesis import render, standard_scene

SIDE, COLUMNS, GAP, TITLE = 160, 4, 6, 18
ALWAYS = Photometric(probability=1, strength=1.3)
PANELS: dict[str, tuple[Expansion, int]] = {
    "photograph": (Expansion(), 0),
    "rotate": (Expansion(rotate=Rotate(probability=1, max_deg=40)), 0),
    "rotate, border crop": (Expansion(rotate=Rotate(probability=1, max_deg=40), border="crop"), 0),
    "stretch": (Expansion(stretch=Stretch(probability=1, max_ratio=1.8)), 3),
    "shear": (Expansion(shear=Shear(probability=1, max_deg=25)), 0),
    "zoom in": (Expansion(zoom_in=ZoomIn(probability=1, max_factor=2.2)), 0),
    "zoom out": (Expansion(zoom_out=ZoomOut(probability=1, max_factor=2.2)), 0),
    "flip horizontal": (Expansion(flip_horizontal=FlipHorizontal(probability=1)), 0),
    "preset paper": (PRESETS["paper"], 4),
    "tone": (Expansion(tone=ALWAYS), 5),
    "uneven light": (Expansion(uneven_light=ALWAYS), 2),
    "shadow": (Expansion(shadow=ALWAYS), 3),
    "motion blur": (Expansion(motion_blur=ALWAYS), 0),
    "noise": (Expansion(noise=ALWAYS), 5),
    "jpeg": (Expansion(jpeg=replace(ALWAYS, strength=1.6)), 3),
    "preset modern": (PRESETS["modern"], 6),
}


def main() -> None:
    """Render, expand, put side by side, write."""
    scene = replace(
        standard_scene(), height=SIDE, width=SIDE, cracks=(2, 2), width_px=(2, 6),
        distractors=frozenset(),
    )  # fmt: skip
    photo = render(scene, 12)
    rows = -(-len(PANELS) // COLUMNS)
    sheet = np.full(
        (rows * (SIDE + TITLE + GAP) + GAP, COLUMNS * (SIDE + GAP) + GAP, 3), 255, np.uint8
    )
    for index, (title, (expansion, seed)) in enumerate(PANELS.items()):
        row, column = divmod(index, COLUMNS)
        top, left = GAP + row * (SIDE + TITLE + GAP), GAP + column * (SIDE + GAP)
        gray, mask = expand_pair(photo.gray, photo.mask, expansion, np.random.default_rng(seed))
        panel = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
        wide = cv2.dilate(mask.view(np.uint8), np.ones((3, 3), np.uint8)).view(bool)
        panel[wide & ~mask] = (225, 40, 30)
        sheet[top + TITLE : top + TITLE + SIDE, left : left + SIDE] = panel
        cv2.putText(sheet, title, (left, top + 12), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (20, 20, 20), 1,
                    cv2.LINE_AA)  # fmt: skip
    target = Path("docs/images/expansion.png")
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).quantize(80).save(target, optimize=True)
    print(f"{target}: {sheet.shape[1]}x{sheet.shape[0]}, {target.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
