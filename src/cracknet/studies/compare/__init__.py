"""The systems that came before, and CrackNet's own, on one scoreboard."""

from cracknet.studies.compare.options import SYSTEMS, CompareOptions

__all__ = ["SYSTEMS", "CompareOptions"]
