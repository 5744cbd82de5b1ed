"""What the API takes and gives, as its OpenAPI document says it.

Lengths and areas carry their unit in their name, as in cracks.csv. Positions are (x, y) in px of
the upright photograph, pixel centres at whole numbers. Unknown is null.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from cracknet.reporting.edits import FARTHEST_PX, LARGEST_RADIUS_PX, MOST_REJECTED

ID = r"^[A-Za-z0-9_-]{22}$"
"""Of a job: 128 random bits, so that it cannot be guessed."""

_Finite = Field(allow_inf_nan=False)
_Coordinate = Annotated[float, Field(ge=-FARTHEST_PX, le=FARTHEST_PX, allow_inf_nan=False)]
_Point = tuple[_Coordinate, _Coordinate]
_Scale = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
_Word = Annotated[str, StringConstraints(max_length=200)]
Number = Annotated[float, _Finite]


class _Taken(BaseModel):
    """What a caller sends: a key that is not known is an error, not ignored."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """What went wrong: a plain sentence, with the rule, the value and the next step."""

    detail: str


class Options(_Taken):
    """How the photographs of a job are segmented and measured."""

    model: _Word | None = Field(None, description="Name of a shipped model, see /models.")
    sensitivity: Literal["low", "normal", "high"] = "normal"
    mm_per_px: _Scale | None = Field(None, description="Scale as stated. At most one scale.")
    marker: _Word | None = Field(None, description="Scale by a marker: SIDE_MM[:ID[@X,Y][:DICT]].")
    distance_m: _Scale | Literal["exif"] | None = Field(
        None, description="Scale by the camera's distance and EXIF."
    )
    standard: _Word | None = Field(None, description="Name of a standard, see /standards.")
    exposure: _Word | None = None
    judge: _Word | None = Field(None, description="Width judged: p95, max, median or mean.")


class StrokeShape(_Taken):
    """A stroke of a round brush."""

    kind: Literal["add", "erase"]
    radius_px: Annotated[float, Field(gt=0, le=LARGEST_RADIUS_PX, allow_inf_nan=False)]
    points: Annotated[list[_Point], Field(min_length=1, max_length=100_000)]


class EditsShape(_Taken):
    """All corrections of one photograph, in the order in which they are applied."""

    threshold: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    strokes: Annotated[list[StrokeShape], Field(max_length=100_000)] = []
    rejected: Annotated[list[_Point], Field(max_length=MOST_REJECTED)] = []
    mm_per_px: _Scale | None = None
    scale_line: tuple[_Coordinate, _Coordinate, _Coordinate, _Coordinate, _Scale] | None = Field(
        None, description="x1, y1, x2, y2 in px, and the length between them in mm."
    )


class PhotoOf(_Taken):
    """A photograph of a job."""

    job: Annotated[str, StringConstraints(pattern=ID)]
    photo: Annotated[int, Field(ge=1, le=1_000_000)]


class ChangeOrder(_Taken):
    """Two dates of one place."""

    before: PhotoOf
    after: PhotoOf


class EditsGiven(BaseModel):
    """The corrections that a photograph has."""

    threshold: Number | None
    strokes: list[StrokeShape]
    rejected: list[_Point]
    mm_per_px: Number | None
    scale_line: tuple[Number, Number, Number, Number, Number] | None


class PhotoShape(BaseModel):
    """A photograph of a job, and what was found on it."""

    number: int = Field(description="From 1 on, in the order of the upload.")
    file_name: str
    name: str = Field(description="Of its results.")
    bytes: int
    status: Literal["waiting", "running", "done", "failed"]
    error: str
    width_px: int | None
    height_px: int | None
    crack_share: Number | None = Field(description="Share of pixels that are crack.")
    cracks: int | None
    length_px: Number | None
    length_mm: Number | None
    width_max_px: Number | None
    width_max_mm: Number | None
    mm_per_px: Number | None
    edits: EditsGiven
    revision: int = Field(description="Rises with every change of the photograph's record.")
    links: dict[str, str] = Field(description="Where its results are; paths of this server.")


class JobShape(BaseModel):
    """A job: photographs sent in together, with the options they are measured with."""

    id: str
    kind: Literal["segment", "change"]
    title: str
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    error: str
    created: str = Field(description="ISO 8601, UTC.")
    finished: str | None
    options: dict[str, JsonValue]
    photos: list[PhotoShape]
    revision: int = Field(description="Rises with every change of the job.")
    about: dict[str, JsonValue]


class BranchShape(BaseModel):
    """A piece of a crack's centreline, with the width at each of its points."""

    crack: int
    points: list[tuple[float, float]]
    widths_px: list[float]


class MeasurementShape(BaseModel):
    """What was measured on a photograph."""

    revision: int
    photo: str
    scale: dict[str, JsonValue] | None = Field(
        description="mm_per_px, method, source, uncertainty; homography: whether mm per px differs."
    )
    threshold: float | None = Field(description="Probability from which a pixel is crack.")
    cracks: list[dict[str, JsonValue]] = Field(
        description="Rows of cracks.csv, and `at`: a point on the crack."
    )
    branches: list[BranchShape]
    notes: list[str]


class PyramidShape(BaseModel):
    """How a photograph is cut into tiles; level 0 is full size, each next one half of it."""

    width_px: int
    height_px: int
    tile_px: int
    levels: int
    revision: int


class ChangeShape(JobShape):
    """A comparison of two dates."""

    rows: list[dict[str, Any]] = Field(description="Rows of change.csv; empty until it is done.")
    statuses: dict[str, int] = Field(description="How many cracks are in which state.")
    notes: list[str]
    pictures: dict[str, str] = Field(description="Paths: before, after and change.")


class ModelShape(BaseModel):
    """A model that ships with CrackNet."""

    name: str
    net: str
    precision: str
    parameters: int
    size_mb: float
    licence: str
    thresholds: dict[str, float]
    default: bool


class ExposureShape(BaseModel):
    """A row of a standard: a limit, or bands of severity."""

    name: str
    words: str
    clause: str
    limit_mm: float | None
    bands: list[dict[str, JsonValue]]


class StandardShape(BaseModel):
    """A table of width classes."""

    name: str
    title: str
    source: str
    kind: Literal["limit", "severity"]
    judged: Literal["max", "p95", "median", "mean"]
    exposures: list[ExposureShape]


class FormatShape(BaseModel):
    """A file that can be fetched of a job or a photograph."""

    name: str
    of: Literal["job", "photo"]
    media_type: str
    words: str
    available: bool
    needs: str = Field(description="What to install, where it is not available.")


class Health(BaseModel):
    """How the server is."""

    status: Literal["ok"]
    version: str
    jobs_waiting: int
    queue_limit: int
    max_upload_bytes: int
    max_request_bytes: int
    max_pixels: int
    max_photos: int
