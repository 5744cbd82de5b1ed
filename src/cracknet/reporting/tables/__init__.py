"""Tables: a row per crack, per branch and per photograph, as CSV, XLSX and Parquet."""

from cracknet.reporting.tables.columns import Column, columns_of
from cracknet.reporting.tables.rows import MeasuredRows, PhotoFigures, measured_rows
from cracknet.reporting.tables.schema import columns_page, row_schema

__all__ = [
    "Column",
    "MeasuredRows",
    "PhotoFigures",
    "columns_of",
    "columns_page",
    "measured_rows",
    "row_schema",
]
