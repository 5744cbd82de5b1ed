"""What the server knows: models, standards, formats, and how it is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from cracknet import __version__
from cracknet.measurement.classes import STANDARDS, find_table
from cracknet.segmentation import list_models
from cracknet.segmentation.models import DEFAULT_MODEL
from cracknet.web.http.api.common import PROBLEMS, settings_of, store_of
from cracknet.web.http.api.shapes import FormatShape, Health, ModelShape, StandardShape
from cracknet.web.work.formats import JOB_FILES, PHOTO_FILES

router = APIRouter(tags=["about"], responses=PROBLEMS)


@router.get("/models", response_model=list[ModelShape])
def get_models() -> list[dict[str, Any]]:
    """List the models that ship."""
    return [
        {
            "name": card.name,
            "net": card.net,
            "precision": card.precision,
            "parameters": card.parameters,
            "size_mb": round(card.size_mb, 3),
            "licence": card.licence,
            "thresholds": card.thresholds,
            "default": card.name == DEFAULT_MODEL,
        }
        for card in list_models()
    ]


@router.get("/standards", response_model=list[StandardShape])
def get_standards() -> list[dict[str, Any]]:
    """List the tables of width classes, with their exposures and limits in mm."""
    shown = []
    for name in STANDARDS:
        table = find_table(name)
        content = table.model_dump(mode="json")
        exposures = [{"name": row, **of} for row, of in content.pop("exposures").items()]
        shown.append({"name": name, **content, "exposures": exposures})
    return shown


@router.get("/formats", response_model=list[FormatShape])
def get_formats() -> list[dict[str, Any]]:
    """List the files that can be fetched, and whether this server can make them."""
    return [
        {
            "name": name,
            "of": of,
            "media_type": form.media_type,
            "words": form.words,
            "available": not form.needs,
            "needs": form.needs,
        }
        for of, forms in (("job", JOB_FILES), ("photo", PHOTO_FILES))
        for name, form in forms.items()
    ]


@router.get("/health", response_model=Health)
def get_health(request: Request) -> dict[str, Any]:
    """Tell that the server is there, how much waits, and what its limits are."""
    settings = settings_of(request)
    return {
        "status": "ok",
        "version": __version__,
        "jobs_waiting": store_of(request).waiting(),
        "queue_limit": settings.queue_limit,
        "max_upload_bytes": settings.max_upload_bytes,
        "max_request_bytes": settings.max_request_bytes,
        "max_pixels": settings.max_pixels,
        "max_photos": settings.max_photos,
    }
