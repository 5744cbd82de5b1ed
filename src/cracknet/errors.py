"""Every error that a caller can catch. Their common root is `CrackNetError`.

A message states the rule, then the value met, then the next step.
"""

from __future__ import annotations


class CrackNetError(Exception):
    """Root of all errors that CrackNet raises on purpose."""


class ArgumentError(CrackNetError, ValueError):
    """A value given by the caller is outside what the function accepts."""


class PhotoError(CrackNetError, ValueError):
    """A photograph cannot be read, or holds what cannot be used."""


class ModelError(CrackNetError, ValueError):
    """A model is missing, damaged, or not of the shape that the engine needs."""


class EngineError(CrackNetError, RuntimeError):
    """The inference engine is not installed, or failed."""


class MeasurementError(CrackNetError, ValueError):
    """A crack cannot be measured, or no scale be found, from what is given."""


class OutputError(CrackNetError, OSError):
    """A result cannot be written."""


class DatasetError(CrackNetError, ValueError):
    """A data set's files are missing, do not match, or hold forbidden values."""


class RecipeError(CrackNetError, ValueError):
    """A training recipe is not valid."""


class TrainingError(CrackNetError, RuntimeError):
    """A training run cannot go on."""
