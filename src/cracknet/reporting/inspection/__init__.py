"""The inspection report: what a run found, on pages that an engineer signs."""

from cracknet.reporting.inspection.bands import WidthClasses, classes_of
from cracknet.reporting.inspection.choices import choose_classes, report_files
from cracknet.reporting.inspection.heading import Heading
from cracknet.reporting.inspection.report import Report, write_report

__all__ = [
    "Heading",
    "Report",
    "WidthClasses",
    "choose_classes",
    "classes_of",
    "report_files",
    "write_report",
]
