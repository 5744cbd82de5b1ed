"""Comparisons of two dates."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from cracknet.web.http.api.common import (
    NO_JOB,
    NOT_READY,
    PREFIX,
    PROBLEMS,
    JobId,
    cached,
    file_answer,
    file_content,
    find_job,
    find_photo,
    job_shape,
    settings_of,
    store_of,
)
from cracknet.web.http.api.shapes import ChangeOrder, ChangeShape, JobShape, PhotoOf, Problem
from cracknet.web.queue.jobs import Job, JobOptions

router = APIRouter(prefix="/changes", tags=["changes"])

PICTURES = ("before", "after", "change")
_FULL: dict[int | str, dict[str, Any]] = {
    429: {"model": Problem, "description": "The queue is full; see Retry-After"}
}


@router.post("", status_code=201, response_model=JobShape, responses={**PROBLEMS, **_FULL})
def create_change(request: Request, order: ChangeOrder) -> dict[str, Any]:
    """Compare two photographs that are done: which cracks are new, grown, widened or gone."""
    names = [_checked(request, side) for side in (order.before, order.after)]
    job = store_of(request).create(
        secrets.token_urlsafe(16),
        "change",
        f"{names[0]} to {names[1]}",
        JobOptions(),
        [],
        about=order.model_dump(),
        limit=settings_of(request).queue_limit,
    )
    return job_shape(job)


def _checked(request: Request, side: PhotoOf) -> str:
    photo = find_photo(find_job(request, side.job), side.photo)
    if photo.cracks is None:
        raise HTTPException(409, f"{photo.file_name}: {photo.error or NOT_READY}")
    return photo.file_name


@router.get("/{job}", response_model=ChangeShape, responses=PROBLEMS)
def get_change(request: Request, job: JobId) -> dict[str, Any]:
    """Tell how a comparison stands, and when it is done what became of each crack."""
    found = _change(request, job)
    folder = store_of(request).folder(job) / "results"
    content = _content(folder / "change.json") if found.status == "done" else {}
    return {
        **job_shape(found),
        "rows": content.get("cracks", []),
        "statuses": content.get("counts", {}),
        "notes": content.get("notes", []),
        "pictures": {
            name: f"{PREFIX}/changes/{job}/pictures/{name}"
            for name in PICTURES
            if found.status == "done" and (folder / f"{name}.jpg").is_file()
        },
    }


def _change(request: Request, job: str) -> Job:
    found = find_job(request, job)
    if found.kind != "change":
        raise HTTPException(404, NO_JOB)
    return found


def _content(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError):
        return {}


@router.get(
    "/{job}/pictures/{picture}",
    response_class=FileResponse,
    responses={
        **PROBLEMS,
        200: {
            "description": "The picture; before is laid onto after, both of one size",
            "content": file_content(["image/jpeg"]),
        },
    },
)
def get_picture(
    request: Request, job: JobId, picture: Literal["before", "after", "change"]
) -> Response:
    """Send a picture of a comparison."""
    found = _change(request, job)
    same, headers = cached(request, f"{job}-{found.revision}-{picture}")
    path = store_of(request).folder(job) / "results" / f"{picture}.jpg"
    return same or file_answer(path, "image/jpeg", headers)
