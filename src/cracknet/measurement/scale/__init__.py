"""Scale: millimetres per pixel, from a number, a marker, two points, the camera, or a raster."""

from cracknet.measurement.scale.camera import scale_from_camera
from cracknet.measurement.scale.finding import ScaleOptions, find_scale
from cracknet.measurement.scale.given import scale_given
from cracknet.measurement.scale.markers import MarkerOptions, parse_marker, scale_from_marker
from cracknet.measurement.scale.points import PointPair, parse_points, scale_from_points
from cracknet.measurement.scale.raster import scale_of_transform
from cracknet.measurement.scale.scale import Scale, ScaleMethod, width_factor

__all__ = [
    "MarkerOptions",
    "PointPair",
    "Scale",
    "ScaleMethod",
    "ScaleOptions",
    "find_scale",
    "parse_marker",
    "parse_points",
    "scale_from_camera",
    "scale_from_marker",
    "scale_from_points",
    "scale_given",
    "scale_of_transform",
    "width_factor",
]
