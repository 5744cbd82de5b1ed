"""Charts as inline SVG, legible in print and in gray."""

from cracknet.reporting.inspection.charts.histogram import width_histogram
from cracknet.reporting.inspection.charts.rose import orientation_rose

__all__ = ["orientation_rose", "width_histogram"]
