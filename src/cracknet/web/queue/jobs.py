"""What a job is: photographs sent in together, with the options they are measured with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from cracknet.errors import ArgumentError
from cracknet.reporting.edits import Edits, Stroke

if TYPE_CHECKING:
    from cracknet.measurement.classes import ClassChoice
    from cracknet.measurement.scale import ScaleOptions
    from cracknet.reporting.measuring import Measuring

__all__ = [
    "Edits",
    "Job",
    "JobKind",
    "JobOptions",
    "JobStatus",
    "PhotoRecord",
    "PhotoStatus",
    "Sensitivity",
    "Stroke",
]

JobKind = Literal["segment", "change"]
JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]
PhotoStatus = Literal["waiting", "running", "done", "failed"]
Sensitivity = Literal["low", "normal", "high"]

UNFINISHED: tuple[JobStatus, ...] = ("queued", "running")


@dataclass(frozen=True)
class JobOptions:
    """How the photographs of a job are segmented and measured.

    Parameters
    ----------
    model : str, optional
        Name of a shipped model; `cracknet.segmentation.models.DEFAULT_MODEL` by default.
    sensitivity : {"low", "normal", "high"}
    mm_per_px : float, optional
        Scale as stated. At most one of the scales is given.
    marker : str, optional
        Scale by a marker, ``SIDE_MM[:ID[@X,Y][:DICTIONARY]]``.
    distance_m : float or "exif", optional
        Scale by the camera's distance.
    standard : str, optional
        Name of a shipped standard. A file is not taken: those who send jobs do not read files of
        the computer that the server runs on.
    exposure, judge : str, optional
        Row of the standard, and the width it judges.

    Raises
    ------
    ArgumentError
        When a value is not of its type. `checked` looks at the rest.
    """

    model: str | None = None
    sensitivity: Sensitivity = "normal"
    mm_per_px: float | None = None
    marker: str | None = None
    distance_m: float | Literal["exif"] | None = None
    standard: str | None = None
    exposure: str | None = None
    judge: str | None = None

    def __post_init__(self) -> None:
        for name in ("model", "marker", "standard", "exposure", "judge"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                msg = f"{name} must be text; got {value!r}."
                raise ArgumentError(msg)
        for name in ("mm_per_px", "distance_m"):
            value = getattr(self, name)
            if value is None or (name == "distance_m" and value == "exif"):
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                msg = f"{name} must be a number; got {value!r}."
                raise ArgumentError(msg)
        if self.sensitivity not in get_args(Sensitivity):
            known = ", ".join(get_args(Sensitivity))
            msg = f"the sensitivity is one of {known}; got {self.sensitivity!r}."
            raise ArgumentError(msg)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> JobOptions:
        """Make options of what `as_dict` gave, or of the same written by hand.

        Raises
        ------
        ArgumentError
            When a key is unknown or a value is not of its type.
        """
        unknown = set(values) - {item.name for item in fields(cls)}
        if unknown:
            known = ", ".join(item.name for item in fields(cls))
            got = ", ".join(sorted(map(repr, unknown)))
            msg = f"the options of a job are {known}; got {got}."
            raise ArgumentError(msg)
        return cls(**values)

    def checked(self) -> JobOptions:
        """Return the options, seen to be possible, before any photograph is read.

        Raises
        ------
        ArgumentError
            When a model, marker, standard, exposure or width is unknown or impossible.
        """
        from cracknet.segmentation import list_models

        names = [card.name for card in list_models()]
        if self.model is not None and self.model not in names:
            msg = f"the model is one of {', '.join(names)}; got {self.model!r}."
            raise ArgumentError(msg)
        self.measuring()
        return self

    def measuring(self, edits: Edits | None = None) -> Measuring:
        """How a photograph is measured, with a scale of its own where its edits have one.

        Raises
        ------
        ArgumentError
            As `checked`.
        """
        from cracknet.reporting.measuring import Measuring

        return Measuring(scale=self._scale(edits or Edits()), classes=self._classes())

    def _scale(self, edits: Edits) -> ScaleOptions:
        from cracknet.measurement.scale import PointPair, ScaleOptions, parse_marker, scale_given

        for value in (self.mm_per_px, edits.mm_per_px):
            if value is not None:
                scale_given(value)
        # Both are looked at, so that wrong options are not hidden by a photograph's own scale.
        whole = ScaleOptions(
            mm_per_px=self.mm_per_px,
            marker=None if self.marker is None else parse_marker(self.marker),
            distance_m=self.distance_m,
        )
        if edits.scale_line is not None:
            x1, y1, x2, y2, length_mm = edits.scale_line
            return ScaleOptions(points=PointPair((x1, y1), (x2, y2), length_mm))
        return whole if edits.mm_per_px is None else ScaleOptions(mm_per_px=edits.mm_per_px)

    def _classes(self) -> ClassChoice | None:
        from cracknet.measurement.classes import STANDARDS, ClassChoice, JudgedWidth, find_table

        if self.standard is None:
            if self.exposure is not None or self.judge is not None:
                msg = "an exposure and a judged width go with a standard; none was given."
                raise ArgumentError(msg)
            return None
        if self.standard.strip().lower() not in STANDARDS:
            msg = f"the standard is one of {', '.join(STANDARDS)}; got {self.standard!r}."
            raise ArgumentError(msg)
        table = find_table(self.standard)
        if self.judge is not None and self.judge not in get_args(JudgedWidth):
            known = ", ".join(get_args(JudgedWidth))
            msg = f"the judged width is one of {known}; got {self.judge!r}."
            raise ArgumentError(msg)
        judged = table.judged if self.judge is None else cast("JudgedWidth", self.judge)
        return ClassChoice(table, table.named(self.exposure), judged)


@dataclass(frozen=True)
class PhotoRecord:
    """A photograph of a job, and what was found on it. Unknown is None.

    Attributes
    ----------
    number : int
        From 1 on, in the order they were sent in.
    file_name : str
        As its sender calls it; never a path of the server.
    name : str
        Of its results in the job's folder, without suffix.
    bytes : int
        Of the file.
    status : {"waiting", "running", "done", "failed"}
        ``waiting`` and ``running`` also where it is measured anew; its earlier results stay until
        then.
    error : str
        Why it failed.
    width_px, height_px : int or None
        Of the upright photograph. None until it is segmented.
    crack_share : float or None
        Share of pixels that are crack.
    cracks : int or None
    length_px, length_mm : float or None
        Of all cracks together.
    width_max_px, width_max_mm : float or None
        The greatest of any crack.
    mm_per_px : float or None
    edits : Edits
    revision : int
        Rises with every change of this record.
    """

    number: int
    file_name: str
    name: str
    bytes: int
    status: PhotoStatus = "waiting"
    error: str = ""
    width_px: int | None = None
    height_px: int | None = None
    crack_share: float | None = None
    cracks: int | None = None
    length_px: float | None = None
    length_mm: float | None = None
    width_max_px: float | None = None
    width_max_mm: float | None = None
    mm_per_px: float | None = None
    edits: Edits = field(default_factory=Edits)
    revision: int = 1

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {**values, "edits": self.edits.as_dict()}


@dataclass(frozen=True)
class Job:
    """A job.

    Attributes
    ----------
    id : str
        Cannot be guessed: who knows it may see the job.
    kind : {"segment", "change"}
    title : str
    status : {"queued", "running", "done", "failed", "cancelled"}
        ``done`` also where some of its photographs failed, ``failed`` where all did.
    error : str
    created, finished : datetime
        Aware, UTC; `finished` is None until it is.
    options : JobOptions
    photos : tuple of PhotoRecord
    revision : int
        Rises with every change of the job or of one of its photographs.
    about : dict
        Of a change, ``before`` and ``after``, each of ``job`` and ``photo``.
    """

    id: str
    kind: JobKind
    title: str
    status: JobStatus
    error: str
    created: datetime
    finished: datetime | None
    options: JobOptions
    photos: tuple[PhotoRecord, ...]
    revision: int
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def unfinished(self) -> bool:
        """Whether it waits or is being worked on."""
        return self.status in UNFINISHED

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; times as ISO 8601."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            **values,
            "created": self.created.isoformat(),
            "finished": None if self.finished is None else self.finished.isoformat(),
            "options": self.options.as_dict(),
            "photos": [photo.as_dict() for photo in self.photos],
        }
