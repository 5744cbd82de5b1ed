"""Files of a whole job: tables, layers, drawings, report, and all of it in one."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response, StreamingResponse

from cracknet.web.http.api.common import (
    PROBLEMS,
    JobId,
    cached,
    file_answer,
    file_content,
    find_job,
    results_of,
)
from cracknet.web.http.api.shapes import Problem
from cracknet.web.http.results import check_measured
from cracknet.web.queue.jobs import Job
from cracknet.web.work.formats import JOB_FILES

router = APIRouter(tags=["results"])

JobFile = Literal[
    "cracks.csv",
    "branches.csv",
    "photos.csv",
    "cracks.xlsx",
    "cracks.geojson",
    "cracks.gpkg",
    "drawings.zip",
    "coco.json",
    "report.html",
    "report.pdf",
    "all.zip",
]


@router.get(
    "/jobs/{job}/results/{file}",
    response_class=FileResponse,
    responses={
        **PROBLEMS,
        200: {
            "description": "The file",
            "content": file_content(f.media_type.partition(";")[0] for f in JOB_FILES.values()),
        },
        501: {"model": Problem, "description": "What makes this file is not installed"},
        504: {"model": Problem, "description": "It takes too long to make"},
    },
)
async def get_job_file(request: Request, job: JobId, file: JobFile) -> Response:
    """Send a file of all photographs that are done so far; it is made now if need be."""
    found = await to_thread.run_sync(find_job, request, job)
    same, headers = cached(request, f"{job}-{found.revision}-{file}")
    if same:
        return same
    check_measured(found)
    results, form = results_of(request), JOB_FILES[file]
    name = f"{_plain(found)}-{file}"
    if file == "all.zip":
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return StreamingResponse(
            results.archive(found), media_type=form.media_type, headers=headers
        )
    path = await results.path(found, file)
    if file == "report.html":
        # it holds its own styles, and must run nothing
        headers["Content-Security-Policy"] = (
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox; "
            "frame-ancestors 'none'"
        )
    return await to_thread.run_sync(file_answer, path, form.media_type, headers, name)


def _plain(job: Job) -> str:
    """Make a name of ASCII letters of a job's title or its first photograph."""
    text = job.title or (job.photos[0].name if job.photos else "")
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:60] or "cracknet"
