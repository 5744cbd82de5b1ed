"""What the routes share: where the store is, how a job is found and shown, and what is cached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import Path as InPath
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from cracknet.web.http.api.shapes import ID, Problem
from cracknet.web.queue.jobs import Job, PhotoRecord
from cracknet.web.work.formats import PHOTO_FILES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cracknet.web.http.results import Results
    from cracknet.web.http.settings import Settings
    from cracknet.web.queue.store import Store

PREFIX = "/api/v1"

JobId = Annotated[str, InPath(pattern=ID, description="Of the job.")]
PhotoNumber = Annotated[int, InPath(ge=1, le=1_000_000, description="Of the photograph.")]

NO_JOB = "There is no such job, or none any more."
NO_PHOTO = "This job has no such photograph."
NOT_READY = "This photograph has no results yet. Wait until it is done."

PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "Not well formed"},
    401: {"model": Problem, "description": "A token is needed"},
    403: {"model": Problem, "description": "Sent by a page of another site"},
    404: {"model": Problem, "description": "No such thing"},
    408: {"model": Problem, "description": "Sent too slowly"},
    409: {"model": Problem, "description": "Not ready"},
    413: {"model": Problem, "description": "Too large"},
    421: {"model": Problem, "description": "The Host header names another server"},
    422: {"model": Problem, "description": "A value is not allowed"},
}
"""Answers that every route may give."""


def file_content(kinds: Iterable[str]) -> dict[str, Any]:
    """Describe an answer that is a file of one of some media types."""
    return {
        kind: {
            "schema": {"type": "object"}
            if kind.endswith("json")
            else {"type": "string", "contentMediaType": kind}
        }
        for kind in sorted(set(kinds))
    }


def store_of(request: Request) -> Store:
    """Give the list of jobs."""
    return cast("Store", request.app.state.store)


def settings_of(request: Request) -> Settings:
    """Give the server's settings."""
    return cast("Settings", request.app.state.settings)


def results_of(request: Request) -> Results:
    """Give the maker of result files."""
    return cast("Results", request.app.state.results)


def find_job(request: Request, job_id: str) -> Job:
    """Give a job, or answer 404."""
    job = store_of(request).job(job_id)
    if job is None:
        raise HTTPException(404, NO_JOB)
    return job


def find_photo(job: Job, number: int) -> PhotoRecord:
    """Give a photograph of a job, or answer 404."""
    for photo in job.photos:
        if photo.number == number:
            return photo
    raise HTTPException(404, NO_PHOTO)


def job_shape(job: Job) -> dict[str, Any]:
    """Put a job into the API's shape."""
    photos = [photo_shape(job.id, photo) for photo in job.photos]
    return {**job.as_dict(), "photos": photos}


def photo_shape(job_id: str, photo: PhotoRecord) -> dict[str, Any]:
    """Put a photograph into the API's shape."""
    base = f"{PREFIX}/jobs/{job_id}/photos/{photo.number}"
    links = {
        "measurement": f"{base}/measurement",
        "pyramid": f"{base}/pyramid",
        "tiles": f"{base}/tiles",
        "edits": f"{base}/edits",
        **{name: f"{base}/results/{name}" for name in PHOTO_FILES},
    }
    return {**photo.as_dict(), "links": links}


def cached(
    request: Request, tag: str, *, lasting: bool = False
) -> tuple[Response | None, dict[str, str]]:
    """Answer 304 where the caller has this state; else give headers for the answer.

    An answer is `lasting` whose address names its revision: it may be kept for good.
    """
    etag = f'"{tag}"'
    control = "private, max-age=31536000, immutable" if lasting else "private, no-cache"
    headers = {"ETag": etag, "Cache-Control": control}
    known = [part.strip().removeprefix("W/") for part in _given(request).split(",")]
    if etag in known or known == ["*"]:
        return Response(status_code=304, headers=headers), headers
    return None, headers


def _given(request: Request) -> str:
    return request.headers.get("if-none-match", "")


def file_answer(
    path: Path, media_type: str, headers: dict[str, str], file_name: str | None = None
) -> Response:
    """Send a file; one with a name is for keeping, not for showing."""
    if not path.is_file():
        raise HTTPException(404, NOT_READY)
    return FileResponse(path, media_type=media_type, headers=headers, filename=file_name)
