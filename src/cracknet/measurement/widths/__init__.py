"""Widths along the branches of cracks, to a part of a pixel."""

from cracknet.measurement.widths.distance import border_distance
from cracknet.measurement.widths.options import WidthOptions, WidthProfile
from cracknet.measurement.widths.profiles import width_profile, width_profiles

__all__ = ["WidthOptions", "WidthProfile", "border_distance", "width_profile", "width_profiles"]
