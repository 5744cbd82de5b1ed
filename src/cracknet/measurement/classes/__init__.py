"""Width classes of the codes, and of a user's own table."""

from cracknet.measurement.classes.choice import ClassChoice, choice_of
from cracknet.measurement.classes.classifying import (
    WidthBand,
    WidthClass,
    band_of,
    classify,
    legend,
)
from cracknet.measurement.classes.tables import (
    STANDARDS,
    JudgedWidth,
    WidthTable,
    find_table,
    read_table,
)

__all__ = [
    "STANDARDS",
    "ClassChoice",
    "JudgedWidth",
    "WidthBand",
    "WidthClass",
    "WidthTable",
    "band_of",
    "choice_of",
    "classify",
    "find_table",
    "legend",
    "read_table",
]
