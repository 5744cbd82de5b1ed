"""Draw known failures of a model on rendered photographs: docs/images/failures-NAME.jpg.

    python scripts/failure_picture.py cracknet-lite

For each kind of scene that `cracknet evaluate --worst` found hard in photographs, a number of them is
rendered anew (no run trained on these seeds), and the one is drawn whose F1 within 2 px is at the
tenth part from below: bad, but not the worst there is. Scenes without a crack are ranked by their
false alarms instead. Prints recall, precision and false alarms over all scenes of each kind.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cracknet.reporting.failure_pictures import paint_kinds
from cracknet.reporting.lettering import draw_text
from cracknet.scoring.matches import Matches
from cracknet.scoring.photograph import PhotoScores, score_photograph
from cracknet.scoring.worst import kinds_of_pixels
from cracknet.segmentation import Segmenter
from cracknet.synthesis import Rendered, random_options, render, standard_scene

SEED = 990_000
SCENES = 20
SIDE = 384
TARGET = Path("docs/images")


@dataclass(frozen=True)
class Kind:
    """Scenes that are hard in one way."""

    title: str
    options: Mapping[str, Any] = field(default_factory=dict)
    distractors: tuple[str, ...] = ()


KINDS = (
    Kind("hairlines hardly darker than the wall",
         {"cracks": (2, 3), "width_px": (1, 2), "depth": (0.1, 0.2)}),
    Kind("straight cracks", {"cracks": (1, 2), "width_px": (2, 5), "kinds": ("straight",)}),
    Kind("cracks among joints and tiles", {"cracks": (1, 2), "width_px": (2, 6)},
         ("joints", "tiles")),
    Kind("wide cracks, lit or filled inside",
         {"cracks": (1, 1), "width_px": (30, 80), "depth": (0.2, 0.5), "kinds": ("natural",)}),
    Kind("no crack: openings, joints, edges", {"cracks": (0, 0)}, ("openings", "joints", "edges")),
    Kind("no crack: shadows, cables, captions", {"cracks": (0, 0)},
         ("shadows", "cables", "captions", "markings")),
    Kind("no crack: masonry, stains, moss, plants", {"cracks": (0, 0)},
         ("masonry", "stains", "moss", "plants")),
    Kind("no crack: bare concrete", {"cracks": (0, 0)}, ("pores",)),
)  # fmt: skip


def main() -> None:
    """Render, segment, rank, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    name = parser.parse_args().model
    pictures = []
    with Segmenter(name) as segmenter:
        for number, kind in enumerate(KINDS):
            scenes = [scene_of(kind, SEED + 100 * number + k) for k in range(SCENES)]
            found = [segmenter.segment(scene.gray).mask for scene in scenes]
            scores = [
                score_photograph(mask.astype(np.float32), scene.mask)
                for mask, scene in zip(found, scenes, strict=True)
            ]
            print(f"{kind.title:40}", summary(scores))
            place = sorted(range(SCENES), key=lambda k: merit(scores[k]))[SCENES // 10]
            pictures.append(drawn(kind.title, scenes[place], found[place]))
    rows = [np.hstack(pictures[k : k + 2]) for k in range(0, len(pictures), 2)]
    path = TARGET / f"failures-{name}.jpg"
    cv2.imwrite(str(path), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 85])
    print(path)


def scene_of(kind: Kind, seed: int) -> Rendered:
    """Render one scene of a kind."""
    rng = np.random.default_rng(seed)
    bare = dataclasses.replace(standard_scene(), height=SIDE, width=SIDE, distractors=())
    varied = random_options(rng, dataclasses.replace(bare, **kind.options))
    return render(dataclasses.replace(varied, distractors=frozenset(kind.distractors)), rng)


def merit(scores: PhotoScores) -> float:
    """Return what scenes are ranked by, the worst first."""
    if scores.matches.actual:
        within = scores.within[2]
        return within.f1 or 0.0
    return -float(scores.matches.predicted)


def summary(scores: list[PhotoScores]) -> str:
    """Return recall, precision and false alarms over all scenes of a kind."""
    total = sum((one.within[2] for one in scores), Matches())
    pixels = sum(one.pixels for one in scores)
    plain = sum((one.matches for one in scores), Matches())
    alarms = (plain.predicted - plain.right) / (pixels - plain.actual)
    text = f"background called crack {alarms:.3%}"
    if total.actual:
        text = f"within 2 px: recall {total.recall:.2f}, precision {total.precision:.2f}; {text}"
    return text


def drawn(title: str, scene: Rendered, mask: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a scene beside what the model made of it, with its title."""
    photo = cv2.cvtColor(scene.gray, cv2.COLOR_GRAY2BGR)
    painted = np.asarray(paint_kinds(scene.gray, kinds_of_pixels(mask, scene.mask)))
    pair = np.full((SIDE + 30, 2 * SIDE + 16, 3), 255, np.uint8)
    pair[26 : 26 + SIDE, 4 : 4 + SIDE] = photo
    pair[26 : 26 + SIDE, 8 + SIDE : 8 + 2 * SIDE] = painted
    draw_text(pair, title, 4, 3, 15, (0, 0, 0), (255, 255, 255))
    return pair


if __name__ == "__main__":
    main()
