"""Rendered truth: photographs of concrete with cracks of exactly known centreline and width.

Convention: positions are (x, y) in pixels, pixel centres at integer coordinates.
"""

from cracknet.synthesis.backgrounds import cut_surface, grain_contrast
from cracknet.synthesis.coverage import (
    centreline_pixels,
    crack_layers,
    crack_mask,
    path_coverage,
    polygon_coverage,
)
from cracknet.synthesis.distractors import DISTRACTORS
from cracknet.synthesis.generators import (
    arc_path,
    branched_crack,
    map_crack,
    natural_path,
    straight_path,
)
from cracknet.synthesis.options import CRACK_KINDS, SceneOptions, random_options
from cracknet.synthesis.paths import Crack, CrackPath
from cracknet.synthesis.scene import Rendered, random_cracks, render
from cracknet.synthesis.surface import SURFACES
from cracknet.synthesis.writing import (
    WrittenCounts,
    standard_scene,
    truth_json,
    truth_of,
    write_rendered_set,
)

__all__ = [
    "CRACK_KINDS",
    "DISTRACTORS",
    "SURFACES",
    "Crack",
    "CrackPath",
    "Rendered",
    "SceneOptions",
    "WrittenCounts",
    "arc_path",
    "branched_crack",
    "centreline_pixels",
    "crack_layers",
    "crack_mask",
    "cut_surface",
    "grain_contrast",
    "map_crack",
    "natural_path",
    "path_coverage",
    "polygon_coverage",
    "random_cracks",
    "random_options",
    "render",
    "standard_scene",
    "straight_path",
    "truth_json",
    "truth_of",
    "write_rendered_set",
]
