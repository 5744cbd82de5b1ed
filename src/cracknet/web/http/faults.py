"""Errors as answers: a status, and a plain sentence with the next step."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from cracknet.errors import CrackNetError, OutputError
from cracknet.web.queue.errors import MissingError, QueueFullError, StaleError, StoreError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

RETRY_SECONDS = 15
_STATUSES: tuple[tuple[type[CrackNetError], int], ...] = (
    (QueueFullError, 429),
    (MissingError, 404),
    (StaleError, 412),
    (StoreError, 503),
    (OutputError, 507),
    (CrackNetError, 422),
)
_NOWHERE = "There is nothing at this address. Check it."
_SENTENCES = {
    "Not Found": _NOWHERE,
    "Method Not Allowed": "This address does not take requests of this method.",
    "There was an error parsing the body": "What was sent is not JSON, or nested too deeply.",
}
"""Of the frameworks' own words."""
_log = logging.getLogger("cracknet.web")


def said(faults: Sequence[Any], where: str = "") -> str:
    """Say what pydantic finds wrong, in one or more plain sentences.

    Examples
    --------
    >>> said([{"loc": ("body", "mm_per_px"), "msg": "Input should be greater than 0"}])
    'mm_per_px: input should be greater than 0.'
    """
    sentences = []
    for fault in faults[:5]:
        keys = [str(key) for key in fault["loc"] if key not in ("body", "query", "path", "header")]
        text = str(fault["msg"]).removeprefix("Value error, ")
        if fault.get("type") == "extra_forbidden":
            text = "no such key"
        elif fault.get("type") == "json_invalid":
            keys, text = [], "is not JSON"
            where = where or "what was sent"
        text = text[:1].lower() + text[1:]
        name = ".".join([*([where] if where else []), *keys]) or "what was sent"
        joint = " " if text.startswith("is ") else ": "
        sentences.append(f"{name}{joint}{text}."[:500])
    return " ".join(sentences)


def answer(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Make the answer that all errors have."""
    return JSONResponse({"detail": detail}, status, headers)


def install(app: FastAPI) -> None:
    """Let an app answer every error by the rules of this module."""

    @app.exception_handler(CrackNetError)
    def known(request: Request, error: CrackNetError) -> Response:
        status = next(status for kind, status in _STATUSES if isinstance(error, kind))
        headers = {"Retry-After": str(RETRY_SECONDS)} if status == 429 else None
        data = str(request.app.state.settings.data)
        return answer(status, str(error).replace(data, ""), headers)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> Response:
        faults = error.errors()
        if any(fault["loc"][:1] == ("path",) for fault in faults):
            return answer(404, _NOWHERE)
        return answer(422, said(faults))

    @app.exception_handler(HTTPException)
    def refused(_: Request, error: HTTPException) -> Response:
        detail = _SENTENCES.get(str(error.detail), str(error.detail))
        headers = None if error.headers is None else dict(error.headers)
        return answer(error.status_code, detail, headers)

    @app.exception_handler(Exception)
    def unknown(_: Request, error: Exception) -> Response:
        _log.error("unexpected error", exc_info=error)
        return answer(500, "Something went wrong in the server; its log says what.")
