"""Text and panels on pictures, in any size, with Pillow's own typeface."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from cracknet.errors import EngineError

Picture = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)


def text_size(text: str, height_px: int) -> tuple[int, int]:
    """Width and height in px of the box that a line of text takes, its outline included."""
    font, edge = _font(height_px), _edge(height_px)
    ascent, descent = font.getmetrics()
    return round(font.getlength(text)) + 2 * edge, ascent + descent + 2 * edge


def draw_text(
    picture: Picture,
    text: str,
    left: int,
    top: int,
    height_px: int,
    colour: Colour = WHITE,
    outline: Colour = BLACK,
) -> None:
    """Draw a line of text with an outline into a picture, in place; what lies outside is cut.

    Parameters
    ----------
    picture : (H, W, 3) uint8, BGR
    text : str
    left, top : int
        Of its box; see `text_size`.
    height_px : int
        Of the letters.
    colour, outline : (blue, green, red)
    """
    font, edge = _font(height_px), _edge(height_px)
    size = text_size(text, height_px)
    inner = Image.new("L", size)
    ImageDraw.Draw(inner).text((edge, edge), text, 255, font)
    outer = Image.new("L", size)
    ImageDraw.Draw(outer).text((edge, edge), text, 255, font, stroke_width=edge)
    blend(picture, np.asarray(outer), left, top, outline)
    blend(picture, np.asarray(inner), left, top, colour)


def blend(picture: Picture, cover: Picture, left: int, top: int, colour: Colour) -> None:
    """Lay a colour over a picture, in place, as thick as `cover` says: (h, w), 0 to 255."""
    height, width = picture.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + cover.shape[1], width), min(top + cover.shape[0], height)
    if x0 >= x1 or y0 >= y1:
        return
    share = cover[y0 - top : y1 - top, x0 - left : x1 - left, None].astype(np.float32) / 255
    part = picture[y0:y1, x0:x1]
    part[:] = np.rint(part * (1 - share) + np.array(colour, np.float32) * share).astype(np.uint8)


def darken(picture: Picture, left: int, top: int, width: int, height: int) -> None:
    """Lay a dark panel under text, in place."""
    blend(picture, np.full((height, width), 165, np.uint8), left, top, BLACK)


def _edge(height_px: int) -> int:
    return max(1, round(height_px / 9))


@cache
def _font(height_px: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(float(height_px))
    if not isinstance(font, ImageFont.FreeTypeFont):  # Pillow built without FreeType
        msg = "Pillow must be built with FreeType to draw text; install it from its wheels."
        raise EngineError(msg)
    return font
