"""The systems that came before the paper's, each as its authors built it, in small."""

from cracknet.baselines.baseline import Baseline
from cracknet.baselines.edges import DETECTORS, EdgeDetector, EdgeOptions, choose_k

__all__ = ["DETECTORS", "Baseline", "EdgeDetector", "EdgeOptions", "choose_k"]
