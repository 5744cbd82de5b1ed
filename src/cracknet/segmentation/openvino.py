"""OpenVINO, imported in one place so that it reports to nobody."""

from __future__ import annotations

import sys
from typing import Any

_TELEMETRY = "openvino_telemetry"


def import_openvino() -> Any:
    """Return the package openvino.

    Its own import starts ``openvino_telemetry``, which forks the process and reports to Google
    Analytics; without a network the forks hang. OpenVINO does without that package where it is
    not installed, and so it seems to be while OpenVINO is imported. A program that has imported
    either before keeps what it has.
    """
    hidden = "openvino" not in sys.modules and _TELEMETRY not in sys.modules
    if hidden:
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # as Python's docs have it
    try:
        import openvino
    finally:
        if hidden:
            del sys.modules[_TELEMETRY]
    return openvino
