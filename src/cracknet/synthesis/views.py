"""One wall seen from two places: pinhole views, and photographs of a rendered wall through them.

A view is a homography: it maps a position (x, y) px of the wall as rendered to px of the
photograph. Both frames have pixel centres at integer coordinates.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray
from cracknet.errors import ArgumentError
from cracknet.synthesis.camera import expose, point_spread, uneven_light
from cracknet.synthesis.noise import Field, as_field
from cracknet.synthesis.paths import CrackPath, Points

FINER = 2
"""Each pixel of a photograph is averaged over this many times as many samples a side."""


def pinhole_view(
    wall: tuple[int, int],
    photo: tuple[int, int],
    *,
    slant_deg: float = 0.0,
    towards_deg: float = 0.0,
    turn_deg: float = 0.0,
    magnification: float = 1.0,
    shift_px: tuple[float, float] = (0.0, 0.0),
    distance: float = 1.6,
) -> npt.NDArray[np.float64]:
    """Homography of a pinhole camera that looks at the middle of a flat wall.

    The wall, in px with its middle at the origin, is turned about its normal by `turn_deg`, then
    tilted by `slant_deg` about the axis in the wall that is at right angles to `towards_deg`, and
    projected from `distance` times the wall's longer side.

    Parameters
    ----------
    wall, photo : (int, int)
        Height and width, px.
    slant_deg : float
        Angle between the line of sight and the wall's normal; in (-80, 80).
    towards_deg : float
        Direction, from the x axis towards the y axis, in which the wall recedes.
    turn_deg : float
        Roll of the camera.
    magnification : float
        Pixels of the photograph for one of the wall at the middle, seen straight on.
    shift_px : (float, float)
        Where the wall's middle lies against the photograph's, px.
    distance : float
        Of the camera, in the wall's longer side; below 1 a wide angle, large a tele lens.

    Returns
    -------
    (3, 3) float64

    Raises
    ------
    ArgumentError
        A slant of 80 degrees or more, or a wall that reaches behind the camera.

    Examples
    --------
    >>> np.round(pinhole_view((101, 101), (51, 51), magnification=0.5), 6).tolist()
    [[0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 1.0]]
    """
    if not abs(slant_deg) < 80:
        msg = f"slant_deg must lie within -80 and 80; got {slant_deg}"
        raise ArgumentError(msg)
    slant, towards, turn = (math.radians(v) for v in (slant_deg, towards_deg, turn_deg))
    away = distance * max(wall)
    along = np.array([math.cos(towards), math.sin(towards)])
    # Across the axis of tilt, lengths shrink by the cosine and recede by the sine.
    plane = np.eye(2) + (math.cos(slant) - 1) * np.outer(along, along)
    depth = math.sin(slant) * along
    rolled = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    project = np.eye(3)
    project[:2, :2] = magnification * plane @ rolled
    project[2, :2] = depth @ rolled / away
    middle = _shift((photo[1] - 1) / 2 + shift_px[0], (photo[0] - 1) / 2 + shift_px[1])
    matrix = middle @ project @ _shift(-(wall[1] - 1) / 2, -(wall[0] - 1) / 2)
    corners = np.array([[x, y, 1.0] for x in (-0.5, wall[1] - 0.5) for y in (-0.5, wall[0] - 0.5)])
    if not ((corners @ matrix.T)[:, 2] > 0.02).all():
        msg = f"distance must leave all of the wall before the camera; got {distance}"
        raise ArgumentError(msg)
    return np.asarray(matrix / matrix[2, 2], np.float64)


def photograph(
    wall: Gray,
    view: npt.ArrayLike,
    height: int,
    width: int,
    rng: np.random.Generator,
    *,
    exposure: float = 1.0,
    light_gradient: float = 0.1,
    psf_sigma_px: float = 0.5,
    noise_percent: float = 0.6,
    shot_noise_percent: float = 0.8,
    jpeg_quality: int | None = None,
) -> Gray:
    """Photograph a rendered wall through a view, with its own light, blur and noise.

    Parameters
    ----------
    wall : (H, W) uint8
        Rendered without noise and blur, best at twice the photograph's resolution or more.
    view : (3, 3)
        From the wall's px to the photograph's; what lies outside of the wall repeats its border.
    height, width : int
        Of the photograph.
    rng : numpy.random.Generator
        Source of chance: of the light's direction and the noise.
    exposure : float
        Factor of the gray values.
    light_gradient, psf_sigma_px, noise_percent, shot_noise_percent, jpeg_quality
        As in `SceneOptions`; the averaging over a pixel adds to the blur.

    Returns
    -------
    (height, width) uint8
    """
    light = exposure * through(as_field(wall / np.float32(255)), view, height, width)
    light *= uneven_light(height, width, light_gradient, float(rng.uniform(0, 2 * math.pi)), 0.05)
    return expose(
        point_spread(as_field(light), psf_sigma_px),
        noise_percent=noise_percent,
        shot_noise_percent=shot_noise_percent,
        noise_grain_px=0.0,
        jpeg_quality=jpeg_quality,
        rng=rng,
    )


def through(wall: Field, view: npt.ArrayLike, height: int, width: int) -> Field:
    """See a wall's values, (H, W) float32, through a view, averaged over each pixel."""
    size = (width * FINER, height * FINER)
    # Sample k of a pixel lies at (k + 1/2) / FINER - 1/2 from its centre.
    finer = np.diag([FINER, FINER, 1.0])
    finer[:2, 2] = (FINER - 1) / 2
    fine = cv2.warpPerspective(
        wall, finer @ np.asarray(view, np.float64), size, flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return as_field(cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA))


def path_through(path: CrackPath, view: npt.ArrayLike) -> CrackPath:
    """Map a crack's path through a view: its centreline, and its widths at right angles to it.

    A strip of width w along the unit vector t becomes, where J is the view's Jacobian, one of
    width ``w |det J| / |J t|``.
    """
    matrix = np.asarray(view, np.float64)
    raw = np.column_stack([path.points_px, np.ones(len(path.points_px))]) @ matrix.T
    points: Points = raw[:, :2] / raw[:, 2:]
    jacobian = matrix[None, :2, :2] - points[:, :, None] * matrix[None, 2:, :2]
    jacobian /= raw[:, 2, None, None]
    along = np.gradient(path.points_px, axis=0)
    along /= np.hypot(*along.T)[:, None]
    stretched = np.hypot(*np.einsum("nij,nj->ni", jacobian, along).T)
    factor = np.abs(np.linalg.det(jacobian)) / stretched
    return CrackPath(points, path.widths_px * factor, path.depth)


def _shift(x: float, y: float) -> npt.NDArray[np.float64]:
    matrix = np.eye(3)
    matrix[:2, 2] = x, y
    return matrix
