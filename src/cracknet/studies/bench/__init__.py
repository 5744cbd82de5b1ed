"""How fast this machine segments and measures, and what limits it. Needs no training framework."""

from cracknet.studies.bench.bench import Bench, BenchOptions, bench
from cracknet.studies.bench.case import Case, Measured
from cracknet.studies.bench.table import NOTE, as_json, as_table

__all__ = ["NOTE", "Bench", "BenchOptions", "Case", "Measured", "as_json", "as_table", "bench"]
