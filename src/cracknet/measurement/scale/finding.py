"""The scale of a photograph, by the one way that was chosen."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from cracknet.errors import ArgumentError
from cracknet.measurement.scale.camera import scale_from_camera
from cracknet.measurement.scale.given import scale_given
from cracknet.measurement.scale.markers import MarkerOptions, scale_from_marker
from cracknet.measurement.scale.points import PointPair, scale_from_points
from cracknet.measurement.scale.scale import Scale
from cracknet.photo import Photo


@dataclass(frozen=True)
class ScaleOptions:
    """How to find a scale: at most one of these.

    Parameters
    ----------
    mm_per_px : float, optional
        As stated.
    marker : MarkerOptions, optional
        By a marker of known size.
    points : PointPair, optional
        By two points and the distance between them.
    distance_m : float or "exif", optional
        By the camera's distance from the concrete in metres; "exif" for SubjectDistance.

    Raises
    ------
    ArgumentError
        When more than one is given.

    Examples
    --------
    >>> ScaleOptions(mm_per_px=0.25).chosen
    'mm_per_px'
    """

    mm_per_px: float | None = None
    marker: MarkerOptions | None = None
    points: PointPair | None = None
    distance_m: float | Literal["exif"] | None = None

    def __post_init__(self) -> None:
        given = self._given()
        if len(given) > 1:
            msg = (
                f"a scale must come from one source; got {' and '.join(given)}. Leave out all but "
                "the one that is most certain."
            )
            raise ArgumentError(msg)

    @property
    def chosen(self) -> str | None:
        """Name of the one that is given, or None."""
        return next(iter(self._given()), None)

    def _given(self) -> list[str]:
        return [field.name for field in fields(self) if getattr(self, field.name) is not None]


def find_scale(photo: Photo, options: ScaleOptions) -> Scale | None:
    """Find a photograph's scale; None where no way was chosen: it is never guessed.

    Raises
    ------
    ArgumentError
        When a value is impossible.
    MeasurementError
        When the photograph does not hold what the chosen way needs; the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> from cracknet.photo import photo_from_array
    >>> photo = photo_from_array(np.zeros((600, 800), np.uint8))
    >>> find_scale(photo, ScaleOptions(points=PointPair((0, 0), (400, 0), 100))).mm_per_px
    0.25
    >>> find_scale(photo, ScaleOptions()) is None
    True
    """
    if options.mm_per_px is not None:
        return scale_given(options.mm_per_px)
    if options.marker is not None:
        return scale_from_marker(photo, options.marker)
    if options.points is not None:
        return scale_from_points(photo, options.points)
    if options.distance_m is not None:
        return scale_from_camera(photo, options.distance_m)
    return None
