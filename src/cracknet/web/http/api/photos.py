"""One photograph of a job: its measurement, its tiles, its corrections and its files."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request
from fastapi import Path as InPath
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from cracknet.web.http.api.common import (
    NO_PHOTO,
    NOT_READY,
    PROBLEMS,
    JobId,
    PhotoNumber,
    cached,
    file_answer,
    file_content,
    find_job,
    find_photo,
    photo_shape,
    results_of,
    store_of,
)
from cracknet.web.http.api.shapes import (
    EditsShape,
    MeasurementShape,
    PhotoShape,
    Problem,
    PyramidShape,
)
from cracknet.web.http.measured import measurement_shape
from cracknet.web.queue.jobs import Edits, PhotoRecord
from cracknet.web.work.formats import PHOTO_FILES

router = APIRouter(prefix="/jobs/{job}/photos/{photo}", tags=["photographs"])

Layer = Literal["photo", "probability", "mask"]
PhotoFile = Literal[
    "mask.png",
    "probability.png",
    "overlay.jpg",
    "widths.jpg",
    "cracks.json",
    "labelme.json",
    "photo",
]
_Index = InPath(ge=0, le=100_000)
_Revision = Annotated[
    int | None, Query(ge=0, le=2**62, description="Of the photograph, to be cached by.")
]
_STALE: dict[int | str, dict[str, Any]] = {
    412: {"model": Problem, "description": "The photograph has changed since that revision"}
}
_SUFFIXES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".heic": "image/heic",
}


def _record(request: Request, job: str, photo: int) -> PhotoRecord:
    return find_photo(find_job(request, job), photo)


@router.get("/measurement", response_model=MeasurementShape, responses=PROBLEMS)
def get_measurement(
    request: Request, job: JobId, photo: PhotoNumber, revision: _Revision = None
) -> Any:
    """Tell what was measured: cracks, their centrelines with widths, the scale, and notes."""
    record = _record(request, job, photo)
    same, headers = cached(
        request, f"{job}-{photo}-{record.revision}", lasting=revision == record.revision
    )
    if same:
        return same
    path = store_of(request).folder(job) / "results" / f"{record.name}.cracks.json"
    if not path.is_file():
        raise HTTPException(409, record.error or NOT_READY)
    text = measurement_shape(path, record)
    return Response(text, media_type="application/json", headers=headers)


@router.get("/pyramid", response_model=PyramidShape, responses=PROBLEMS)
def get_pyramid(request: Request, job: JobId, photo: PhotoNumber) -> dict[str, int]:
    """Tell how the photograph is cut into tiles."""
    from cracknet.reporting.pyramid import TILE_PX, pyramid_levels

    record = _record(request, job, photo)
    if record.width_px is None or record.height_px is None:
        raise HTTPException(409, record.error or NOT_READY)
    return {
        "width_px": record.width_px,
        "height_px": record.height_px,
        "tile_px": TILE_PX,
        "levels": pyramid_levels(record.width_px, record.height_px),
        "revision": record.revision,
    }


@router.get(
    "/tiles/{layer}/{level}/{column}/{row}",
    response_class=FileResponse,
    responses={
        **PROBLEMS,
        200: {
            "description": "The tile",
            "content": file_content(["image/jpeg", "image/png"]),
        },
    },
)
def get_tile(
    request: Request,
    job: JobId,
    photo: PhotoNumber,
    layer: Layer,
    level: Annotated[int, _Index],
    column: Annotated[int, _Index],
    row: Annotated[int, _Index],
    revision: _Revision = None,
) -> Response:
    """Send a tile of the photograph (JPEG), its probability or its mask (gray PNG)."""
    from cracknet.reporting.pyramid import tile_path

    folder = store_of(request).folder(job) / "tiles" / str(photo)
    path = tile_path(folder, layer, level, column, row)
    try:
        modified = path.stat().st_mtime_ns
    except OSError:
        raise HTTPException(404, "There is no such tile, or not yet.") from None
    same, headers = cached(request, f"{modified:x}", lasting=revision is not None)
    kind = "image/jpeg" if layer == "photo" else "image/png"
    return same or file_answer(path, kind, headers)


@router.put(
    "/edits",
    status_code=202,
    response_model=PhotoShape,
    responses={**PROBLEMS, **_STALE},
)
def put_edits(
    request: Request,
    job: JobId,
    photo: PhotoNumber,
    edits: EditsShape,
    if_match: Annotated[
        str | None, Header(description="Revision of the photograph that was corrected.")
    ] = None,
) -> dict[str, Any]:
    """Correct the mask or the scale; the photograph is queued to be measured anew."""
    record = store_of(request).set_edits(
        job, photo, Edits.from_dict(edits.model_dump()), _expected(if_match)
    )
    return photo_shape(job, record)


def _expected(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        msg = "If-Match holds the revision of the photograph, a whole number; it holds another."
        raise HTTPException(400, msg)
    return int(text)


@router.get(
    "/results/{kind}",
    response_class=FileResponse,
    responses={
        **PROBLEMS,
        200: {
            "description": "The file",
            "content": file_content(["application/json", *_SUFFIXES.values()]),
        },
    },
)
async def get_photo_file(
    request: Request,
    job: JobId,
    photo: PhotoNumber,
    kind: PhotoFile,
    revision: _Revision = None,
) -> Response:
    """Send a file of the photograph: a picture, its measurement, or itself as it was sent."""
    found = await to_thread.run_sync(find_job, request, job)
    record = find_photo(found, photo)
    same, headers = cached(
        request, f"{job}-{photo}-{record.revision}-{kind}", lasting=revision == record.revision
    )
    if same:
        return same
    form = PHOTO_FILES[kind]
    store = store_of(request)
    if kind == "photo":
        stored = await to_thread.run_sync(store.stored, job, photo)
        if stored is None:
            raise HTTPException(404, NO_PHOTO)
        return file_answer(stored, _SUFFIXES[stored.suffix], headers, record.file_name)
    if record.cracks is None:
        raise HTTPException(409, record.error or NOT_READY)
    if form.suffix:
        path = store.folder(job) / "results" / f"{record.name}{form.suffix}"
    else:
        path = await results_of(request).path(found, f"{photo}/{kind}")
    answer = partial(file_answer, path, form.media_type, headers, f"{record.name}.{kind}")
    return await to_thread.run_sync(answer)
