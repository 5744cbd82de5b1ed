"""Who is let in, and what every answer tells the browser to forbid.

Four guards stand before every route, in this order: the Host header (against DNS rebinding, where
a page elsewhere is made to look as if it came from here), the site that sent a request which
changes something (against forged requests), the token, and headers on the way out.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cracknet.web.http.settings import Settings, is_loopback

COOKIE = "cracknet_session"

_CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+)(?::[0-9]{1,5})?")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_LOGIN, _STATIC = "/login", "/static/"
"""What is seen without a token: the login page and what it is made of."""


def session_of(token: str) -> str:
    """Derive what the cookie holds, so that the token itself lies in no browser."""
    return hmac.new(token.encode(), b"cracknet web session", hashlib.sha256).hexdigest()


def is_token(given: str, token: str) -> bool:
    """Compare what a caller shows with the token, in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())


class Guard:
    """Middleware that lets a request through or answers it.

    Parameters
    ----------
    app : ASGI application
    settings : Settings
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as ASGI asks."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # there are no web sockets here

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refused = self._refusal(scope, Headers(scope=scope))
        await (refused or self.app)(scope, receive, secured)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        token = self.settings.token
        if token is None and not _is_local(headers.getlist("host")):
            return _refuse(
                421,
                "The address in the Host header is not this server's. Open it as "
                f"http://127.0.0.1:{self.settings.port}/.",
            )
        if scope["method"] not in _READING and _is_foreign(headers):
            return _refuse(
                403,
                "A page of another site sent this request, and it was not carried out. Send it "
                "from this server's own page, or from a program.",
            )
        path = scope["path"]
        if token is None or path == _LOGIN or path.startswith(_STATIC) or _is_known(headers, token):
            return None
        if path.startswith("/api/") or scope["method"] not in _READING:
            refusal = _refuse(
                401,
                "A token is needed. Send it as `Authorization: Bearer TOKEN`, or log in on the "
                "page.",
            )
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        return RedirectResponse(_LOGIN, 303)


def _refuse(status: int, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status)


def _is_local(hosts: list[str]) -> bool:
    """Tell whether the one Host header names this computer."""
    found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    return found is not None and is_loopback(found[1])


def _is_foreign(headers: Headers) -> bool:
    """Tell whether a browser says that another site's page sent a request.

    Browsers name the site in Sec-Fetch-Site (W3C Fetch Metadata); older ones the Origin alone.
    Another port of one computer is the same site but another origin, and as foreign. Programs
    send neither header.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    # behind a proxy that speaks TLS this server sees http where the browser says https
    return _host_of(origin) != headers.get("host", "").lower()


def _host_of(origin: str) -> str:
    """Give host and port of an origin as a Host header writes them; empty for ``null``."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return parts.netloc.lower() if parts.scheme in ("http", "https") else ""


def _is_known(headers: Headers, token: str) -> bool:
    kind, _, given = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and is_token(given.strip(), token):
        return True
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return False
    return cookie is not None and is_token(cookie.value, session_of(token))
