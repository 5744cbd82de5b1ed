"""Tiles, inference engines, the Segmenter, and which models ship."""

from cracknet.segmentation.models import ModelCard, find_model, list_models
from cracknet.segmentation.segmenter import Segmentation, Segmenter, segment

__all__ = ["ModelCard", "Segmentation", "Segmenter", "find_model", "list_models", "segment"]
