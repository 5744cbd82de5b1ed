"""How a request's body comes in: so many bytes, and not too slowly."""

from __future__ import annotations

import asyncio
import time

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cracknet.web.http.settings import Settings

UPLOAD = "/api/v1/jobs"
"""Where photographs are sent; only there a body may be large."""

MOST_JSON_BYTES = 8_000_000
LONGEST_SECONDS = 3000.0
"""Of an upload: below the hour after which `Store.sweep` takes its folder for left over."""
_DRAIN_BYTES, _DRAIN_SECONDS = 512_000_000, 15.0


class Intake:
    """Middleware that counts and times what a sender sends.

    What a body may hold is counted as it comes: Content-Length is only a claim. A sender who is
    silent, or slower than a least rate, is cut off, so that a few of them cannot hold the server.

    A body that is refused is read on and thrown away, within limits, before the answer goes out:
    a browser that is still sending when the connection closes shows no answer at all.

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
            await self.app(scope, receive, send)
            return
        body = _Body(scope, receive, self.settings)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                await body.drain()
            await send(message)

        await self.app(scope, body.receive, answer)


class _Body:
    def __init__(self, scope: Scope, receive: Receive, settings: Settings) -> None:
        self._receive, self._settings = receive, settings
        upload = scope["method"] == "POST" and scope["path"] == UPLOAD
        self._most = settings.max_request_bytes if upload else MOST_JSON_BYTES
        headers = dict(scope["headers"])
        self._expects = b"expect" in headers  # such a sender waits for leave to send
        self._sends = b"content-length" in headers or b"transfer-encoding" in headers
        self._claim = int(claim) if (claim := headers.get(b"content-length", b"")).isdigit() else 0
        self._began = time.monotonic()
        self._bytes = 0
        self._ended = not self._sends
        self._slow = False

    async def receive(self) -> Message:
        if self._ended:
            return await self._receive()  # only the end of the connection is still to come
        if self._claim > self._most:
            raise self._too_large()
        try:
            async with asyncio.timeout(self._settings.idle_seconds):
                message = await self._receive()
        except TimeoutError:
            self._slow = True
            msg = (
                f"Nothing came for {self._settings.idle_seconds:g} seconds, and the upload was "
                "broken off. Check the connection and send it again."
            )
            raise HTTPException(408, msg) from None
        self._count(message)
        if self._bytes > self._most:
            raise self._too_large()
        taken = time.monotonic() - self._began
        slow = (
            taken > self._settings.grace_seconds and self._bytes < self._settings.least_rate * taken
        ) or taken > LONGEST_SECONDS
        if slow and not self._ended:
            self._slow = True
            msg = (
                f"The upload came at {self._bytes / taken / 1000:.1f} kB a second, which takes too "
                "long, and was broken off. Check the connection, or send fewer photographs."
            )
            raise HTTPException(408, msg)
        return message

    async def drain(self) -> None:
        """Read on what nobody wants any more, if its sender sends it."""
        if self._slow or (self._expects and not self._bytes):
            return
        end = time.monotonic() + _DRAIN_SECONDS
        most = self._bytes + _DRAIN_BYTES
        while not self._ended and self._bytes < most and (left := end - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(min(left, self._settings.idle_seconds, 2.0)):
                    self._count(await self._receive())
            except TimeoutError:
                return

    def _count(self, message: Message) -> None:
        self._bytes += len(message.get("body", b""))
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)

    def _too_large(self) -> HTTPException:
        msg = (
            f"What was sent is larger than the limit of {self._most / 1e6:g} MB for one request. "
            "Send fewer photographs at a time."
            if self._most > MOST_JSON_BYTES
            else f"What was sent is larger than the limit of {self._most / 1e6:g} MB."
        )
        return HTTPException(413, msg)
