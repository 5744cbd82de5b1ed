"""Logging in: the token is shown once, and a cookie stands for it from then on."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from cracknet.web.http.security import COOKIE, is_token, session_of

router = APIRouter(include_in_schema=False)

_WEEK = 7 * 86400


@router.post("/login")
async def login(request: Request) -> Response:
    """Set the cookie for the form's field ``token``, and go to the page."""
    token = request.app.state.settings.token
    if token is None:
        return RedirectResponse("/", 303)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "The token is sent as a form with the field token.")
    form = await request.form(max_files=0, max_fields=4)
    given = form.get("token")
    if not isinstance(given, str) or not is_token(given.strip(), token):
        return RedirectResponse("/login?wrong=1", 303)
    response = RedirectResponse("/", 303)
    response.set_cookie(
        COOKIE,
        session_of(token),
        max_age=_WEEK,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response
