from __future__ import annotations

import pytest


@pytest.fixture
def _keras_environment(monkeypatch):
    """Undo what commands that train set for Keras."""
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
