"""Centrelines: from a mask to a graph of smoothed branches."""

from cracknet.measurement.centreline.options import TraceOptions
from cracknet.measurement.centreline.traced import Traced, TracedBranch, TracedCrack
from cracknet.measurement.centreline.tracing import trace_cracks

__all__ = ["TraceOptions", "Traced", "TracedBranch", "TracedCrack", "trace_cracks"]
