"""HTML pages that hold their pictures themselves and need nothing beside them."""

from __future__ import annotations

import base64
from typing import Any

import cv2
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from cracknet import __version__
from cracknet.errors import OutputError
from cracknet.reporting.writing import Picture

WEBP_QUALITY = 72


def render_page(template: str, **values: Any) -> str:
    """Fill a template of `reporting/templates`; `version` is given to all."""
    return page_environment().get_template(template).render(version=__version__, **values)


def page_environment() -> Environment:
    """Return what all templates of `reporting/templates` are filled by."""
    return Environment(
        loader=PackageLoader("cracknet.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def webp_of(picture: Picture, quality: int = WEBP_QUALITY) -> bytes:
    """Encode a picture, (H, W) gray or (H, W, 3) BGR, as WebP; quality 101 is lossless.

    Raises
    ------
    OutputError
        When it cannot be encoded, as beyond 16383 px.
    """
    try:
        done, code = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])
    except cv2.error:
        done, code = False, np.empty(0, np.uint8)
    if not done:
        msg = f"a picture of {picture.shape[1]}x{picture.shape[0]} cannot be encoded as WebP."
        raise OutputError(msg)
    return code.tobytes()


def data_uri(webp: bytes) -> str:
    """Return a WebP picture as the address that a page holds it under."""
    return f"data:image/webp;base64,{base64.b64encode(webp).decode()}"
