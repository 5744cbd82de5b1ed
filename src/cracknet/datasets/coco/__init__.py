"""COCO's annotations, read and written."""

from cracknet.datasets.coco.drawing import CATEGORY, CocoShapes, annotations_of
from cracknet.datasets.coco.files import CocoFile, read_coco
from cracknet.datasets.coco.painting import area_mask, find_coco
from cracknet.datasets.coco.polygons import fill_polygon, polygons_of
from cracknet.datasets.coco.rle import mask_of, runs_of, runs_of_text, text_of

__all__ = [
    "CATEGORY",
    "CocoFile",
    "CocoShapes",
    "annotations_of",
    "area_mask",
    "fill_polygon",
    "find_coco",
    "mask_of",
    "polygons_of",
    "read_coco",
    "runs_of",
    "runs_of_text",
    "text_of",
]
