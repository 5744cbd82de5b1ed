"""Jobs: sent in, listed, followed, cancelled, deleted, and measured by other options."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from cracknet.web.http.api.common import (
    NO_JOB,
    PROBLEMS,
    JobId,
    find_job,
    job_shape,
    settings_of,
    store_of,
)
from cracknet.web.http.api.shapes import ID, JobShape, Options, Problem
from cracknet.web.http.events import job_events
from cracknet.web.http.faults import said
from cracknet.web.http.uploads import Received, receive_photos
from cracknet.web.queue.errors import QueueFullError
from cracknet.web.queue.jobs import Job, JobOptions

router = APIRouter(prefix="/jobs", tags=["jobs"])

MOST_TITLE = 200
_OPTIONS = TypeAdapter(Options)
_KEY = r"^[\x21-\x7e]{1,200}$"
_FULL: dict[int | str, dict[str, Any]] = {
    429: {
        "model": Problem,
        "description": "The queue is full; Retry-After says in how many seconds to try again",
    }
}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["photos"],
                    "properties": {
                        "photos": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "contentMediaType": "image/*"},
                        },
                        "options": {"type": "string", "description": "Options as JSON text."},
                        "title": {"type": "string", "maxLength": MOST_TITLE},
                    },
                }
            }
        },
    }
}


@router.post(
    "",
    status_code=201,
    response_model=JobShape,
    responses={
        **PROBLEMS,
        **_FULL,
        415: {"model": Problem, "description": "Not a photograph"},
        507: {"model": Problem, "description": "The disk is full"},
    },
    openapi_extra=_FORM,
)
async def create_job(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(pattern=_KEY, description="Sent again with the same key, a job is made once."),
    ] = None,
) -> dict[str, Any]:
    """Send photographs in. They are segmented and measured one after the other.

    The form has the fields `photos` (one or more files), `options` and `title`.
    """
    store, settings = store_of(request), settings_of(request)
    if idempotency_key is None and (
        await to_thread.run_sync(store.waiting) >= settings.queue_limit
    ):
        msg = f"{settings.queue_limit} jobs wait already, and no more are taken. Try again later."
        raise QueueFullError(msg)
    job_id = secrets.token_urlsafe(16)
    kept = False
    try:
        uploads = store.folder(job_id) / "uploads"
        await to_thread.run_sync(partial(uploads.mkdir, parents=True))
        received = await receive_photos(request, uploads, settings)
        job = await to_thread.run_sync(partial(_create, request, job_id, received, idempotency_key))
        kept = job.id == job_id
    finally:
        if not kept:
            # in the thread of the loop: it must be done even while the task is cancelled
            store.remove_files(job_id)
    return job_shape(job)


def _create(request: Request, job_id: str, received: Received, key: str | None) -> Job:
    title = received.fields.get("title", "").strip()
    if len(title) > MOST_TITLE or not title.isprintable():
        msg = f"A title has at most {MOST_TITLE} letters that can be seen. Shorten it."
        raise HTTPException(422, msg)
    return store_of(request).create(
        job_id,
        "segment",
        title,
        _options(received.fields.get("options", "")),
        [(photo.file_name, f"uploads/{photo.path.name}", photo.bytes) for photo in received.photos],
        idempotency_key=key,
        limit=settings_of(request).queue_limit,
    )


def _options(text: str) -> JobOptions:
    try:
        options = _OPTIONS.validate_json(text.strip() or "{}")
    except ValidationError as error:
        raise HTTPException(422, said(error.errors(include_url=False), "options")) from None
    return JobOptions.from_dict(options.model_dump())


@router.get("", response_model=list[JobShape], responses=PROBLEMS)
def list_jobs(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[str | None, Query(pattern=ID, description="Only older than this.")] = None,
) -> list[dict[str, Any]]:
    """List jobs, newest first."""
    return [job_shape(job) for job in store_of(request).jobs(limit, before)]


@router.get("/{job}", response_model=JobShape, responses=PROBLEMS)
def get_job(request: Request, job: JobId) -> dict[str, Any]:
    """Tell how a job stands."""
    return job_shape(find_job(request, job))


@router.get(
    "/{job}/events",
    response_class=StreamingResponse,
    responses={
        **PROBLEMS,
        200: {
            "description": "Events `job`, each with the job as JSON, on every change",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
    },
)
async def follow_job(
    request: Request,
    job: JobId,
    last_event_id: Annotated[str | None, Header(description="Revision seen last.")] = None,
) -> Response:
    """Follow a job by server-sent events."""
    await to_thread.run_sync(find_job, request, job)
    seen = last_event_id or ""
    events = job_events(
        store_of(request),
        job,
        int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else None,
        job_shape,
        lambda: bool(request.app.state.stopping),
    )
    return StreamingResponse(
        events,
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.post("/{job}/cancel", response_model=JobShape, responses=PROBLEMS)
def cancel_job(request: Request, job: JobId) -> dict[str, Any]:
    """Give up what of a job is not segmented; what is done stays."""
    cancelled = store_of(request).cancel(job)
    if cancelled is None:
        raise HTTPException(404, NO_JOB)
    return job_shape(cancelled)


@router.delete("/{job}", status_code=204, responses=PROBLEMS)
def delete_job(request: Request, job: JobId) -> None:
    """Delete a job with its photographs and results."""
    store = store_of(request)
    if not store.delete(job):
        raise HTTPException(404, NO_JOB)
    store.remove_files(job)


@router.put("/{job}/options", status_code=202, response_model=JobShape, responses=PROBLEMS)
def set_options(request: Request, job: JobId, options: Options) -> dict[str, Any]:
    """Measure a job by other options; all its photographs are queued to be measured anew."""
    changed = store_of(request).set_options(job, JobOptions.from_dict(options.model_dump()))
    return job_shape(changed)
