"""What is told of the machine and the software."""

from __future__ import annotations

import hashlib

import pytest

from cracknet import __version__
from cracknet.errors import TrainingError
from cracknet.studies.machine import hardware, sha256_of, versions


def test_versions_name_the_backend():
    import keras

    found = versions()
    assert found["cracknet"] == __version__
    assert found["keras"] == keras.__version__
    assert any(name.startswith(keras.config.backend()) for name in found)


def test_hardware():
    found = hardware()
    assert found["processor"]
    assert found["cores"] >= 1


def test_sha256(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"abc")
    assert sha256_of(path) == hashlib.sha256(b"abc").hexdigest()
    with pytest.raises(TrainingError, match=r"gone cannot be read: .* Train this net again"):
        sha256_of(tmp_path / "gone")
