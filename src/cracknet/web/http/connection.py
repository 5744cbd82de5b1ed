"""One connection of the server: uvicorn's, stricter to the silent and kinder to the refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 20.0
"""A request's head must be complete so soon after its first byte, or the connection ends."""
_DRAIN_SECONDS = 2.0
_NOT_HTTP = (
    "This is not a request of HTTP, or its head is longer than 64 kB. Check the program that sent "
    "it."
)


class Connection(H11Protocol):
    """Ends a connection whose request does not come, and answers what is no HTTP in JSON.

    After such an answer it reads on for a moment: a connection that closes with something unread
    is reset, and the answer is lost on its way.
    """

    _timer: asyncio.TimerHandle | None = None
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As `asyncio.Protocol` says."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """As `asyncio.Protocol` says."""
        self._forget_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """As `asyncio.Protocol` says."""
        if not self._refused:
            super().data_received(data)
            self._watch()

    def _watch(self) -> None:
        """Time a request's head; its body is timed by `cracknet.web.http.intake.Intake`."""
        if self._refused:
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._forget_timer()
        elif self._timer is None:
            self._timer = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, where an answer can still be given."""
        del msg  # uvicorn's own words
        self._refused = True
        self._forget_timer()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = json.dumps({"detail": _NOT_HTTP}).encode()
            events: list[Any] = [
                h11.Response(
                    status_code=400,
                    headers=[
                        (b"content-type", b"application/json"),
                        (b"content-length", str(len(body)).encode()),
                        (b"x-content-type-options", b"nosniff"),
                        (b"connection", b"close"),
                    ],
                    reason=b"Bad Request",
                ),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ]
            for event in events:
                if (output := self.conn.send(event)) is not None:
                    self.transport.write(output)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(_DRAIN_SECONDS, self.transport.close)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
