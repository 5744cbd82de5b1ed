"""Reading the JSON files of annotation tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cracknet.errors import DatasetError


def read_json(path: Path, kind: str, next_step: str) -> Any:
    """Read a JSON file in UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path : Path
    kind : str
        What it should be, for the error: ``a COCO file``.
    next_step : str
        What to do where it is none.

    Raises
    ------
    DatasetError
        When it cannot be read or is not JSON.
    """
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}. Check the path and its permissions."
        raise DatasetError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"{kind} is JSON in UTF-8; {path} is not: {error}. {next_step}"
        raise DatasetError(msg) from error
