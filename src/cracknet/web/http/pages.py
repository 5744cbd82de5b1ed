"""The pages: what is in the store, written as HTML. Everything that changes goes by the API.

The app mounts the folder `STATIC` at ``/static`` and gives the store and the settings as
``app.state.store`` and ``app.state.settings``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from cracknet import __version__
from cracknet.measurement.classes import STANDARDS, find_table
from cracknet.segmentation import list_models
from cracknet.segmentation.models import DEFAULT_MODEL
from cracknet.web.queue.jobs import Job

STATIC = Path(__file__).resolve().parents[1] / "static"
"""Scripts, styles and pictures of the pages."""

JOBS_SHOWN = 100
"""Newest first, on the first page."""

STATES = {
    "queued": "Waiting",
    "running": "Working",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
}

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@pages.get("/")
def home(request: Request) -> HTMLResponse:
    """Show the form for photographs, and the jobs."""
    return _page(
        "home.html.j2",
        settings=request.app.state.settings,
        standards=_standards(),
        models=_models(),
        default_model=DEFAULT_MODEL,
        jobs=_rows(request),
    )


@pages.get("/fragments/jobs")
def jobs(request: Request) -> HTMLResponse:
    """Give the table of jobs alone; the first page asks for it every few seconds."""
    return _page("jobs.html.j2", jobs=_rows(request))


@pages.get("/jobs/{job}")
def job(request: Request, job: str) -> HTMLResponse:
    """Show a job's photographs with their cracks."""
    found = request.app.state.store.job(job)
    if found is None or found.kind != "segment":
        return _page("missing.html.j2", 404, what="job")
    return _page("job.html.j2", job=found, title=_title(found), standards=_standards())


@pages.get("/compare/{job}")
def compare(request: Request, job: str) -> HTMLResponse:
    """Show two dates over each other, and what became of each crack."""
    found = request.app.state.store.job(job)
    if found is None or found.kind != "change":
        return _page("missing.html.j2", 404, what="comparison")
    return _page("compare.html.j2", job=found, title=_title(found))


@pages.get("/login")
def login(wrong: str | None = None) -> HTMLResponse:
    """Ask for the token of a server that has one."""
    return _page("login.html.j2", wrong=wrong is not None)


def _rows(request: Request) -> list[dict[str, Any]]:
    return [_row(job) for job in request.app.state.store.jobs(JOBS_SHOWN)]


def _row(job: Job) -> dict[str, Any]:
    """Put a job into the words of the table."""
    ready = sum(photo.status in ("done", "failed") for photo in job.photos)
    failed = sum(photo.status == "failed" for photo in job.photos)
    counted = [photo.cracks for photo in job.photos if photo.cracks is not None]
    progress = f"{ready} of {len(job.photos)}" + (f", {failed} failed" if failed else "")
    return {
        "id": job.id,
        "kind": job.kind,
        "title": _title(job),
        "status": job.status,
        "state": STATES[job.status],
        "progress": "two dates" if job.kind == "change" else progress,
        "cracks": sum(counted) if counted else "",
        "created": job.created,
    }


def _title(job: Job) -> str:
    """Name a job; one without a title goes by its photographs."""
    if job.title or not job.photos:
        return job.title or "Comparison"
    more = len(job.photos) - 1
    return job.photos[0].file_name + (f" and {more} more" if more else "")


@cache
def _models() -> list[str]:
    return [card.name for card in list_models()]


@cache
def _standards() -> dict[str, Any]:
    return {name: find_table(name) for name in STANDARDS}


def _page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    text = _environment().get_template(template).render(version=__version__, **values)
    # The pages of jobs change and are not for other eyes: nothing of them is kept on the way.
    return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("cracknet.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
