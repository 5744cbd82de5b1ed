"""A server from its start to its clean end: address, uvicorn, workers, signals."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from cracknet.errors import OutputError
from cracknet.web.http.app import create_app
from cracknet.web.http.connection import Connection

if TYPE_CHECKING:
    from types import FrameType

    from fastapi import FastAPI

    from cracknet.web.http.settings import Settings

_GRACE_SECONDS = 5
"""How long open connections may go on when the server ends."""
_IDLE_SECONDS = 20


class Server(uvicorn.Server):
    """Ends event streams, too, when it is told to end; they would hold it up."""

    def __init__(self, app: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End on a signal; a second interrupt does not wait for anybody."""
        del frame
        self._app.state.stopping = True
        # not passed on afterwards, as uvicorn does: to be told to end is no failure
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def serve(
    settings: Settings,
    *,
    ready: Callable[[str], None] | None = None,
    open_browser: bool = False,
    verbose: bool = False,
) -> None:
    """Serve the page and the API until SIGINT or SIGTERM.

    Parameters
    ----------
    settings : Settings
    ready : callable, optional
        Called with the address when the server answers there.
    open_browser : bool
        Show the page in the user's browser, where there is a screen.
    verbose : bool
        Log every request.

    Raises
    ------
    OutputError
        When the address cannot be bound to, or the data folder cannot be written.
    StoreError
        When the list of jobs is damaged.
    """
    with bound(settings.host, settings.port) as listener:
        address = f"http://{_shown(settings.host)}:{listener.getsockname()[1]}/"
        server = uvicorn_server(create_app(settings), verbose)
        watcher = threading.Thread(
            target=_announce, args=(server, address, ready, open_browser), daemon=True
        )
        watcher.start()
        server.run(sockets=[listener])
        watcher.join()


def uvicorn_server(app: FastAPI, verbose: bool = False) -> Server:
    """Make the server of an app; `run` it with a socket of `bound`."""
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="on",
        server_header=False,
        proxy_headers=False,
        access_log=verbose,
        log_level="info" if verbose else "warning",
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_keep_alive=_IDLE_SECONDS,
    )
    return Server(app, config)


def bound(host: str, port: int) -> socket.socket:
    """Bind to an address, so that a port in use is told before anything else begins.

    Raises
    ------
    OutputError
        When the port is in use or not allowed, or the host is not this computer's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            # a port that a server has just left is taken at once, one that is in use is not
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except BaseException:
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        raise OutputError(_why(host, port, error)) from error
    return listener


def _announce(
    server: Server, address: str, ready: Callable[[str], None] | None, open_browser: bool
) -> None:
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.02)
    if ready:
        ready(address)
    if open_browser and _has_screen():
        webbrowser.open(address)


def _has_screen() -> bool:
    """Tell whether a browser would have a window; else it might take over the terminal."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _why(host: str, port: int, error: Exception) -> str:
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is in use, perhaps by another `cracknet serve`. Open "
            f"http://{_shown(host)}:{port}/ to see, or name another port with --port (0 takes a "
            "free one)."
        )
    if code == errno.EACCES:
        return f"port {port} is not allowed to this user. Name one above 1023 with --port."
    return (
        f"{host} is not an address of this computer ({error}). Leave out --host, or name one that "
        "is."
    )


def _shown(host: str) -> str:
    """Write a host as it stands in an address; one that stands for all is shown as this one."""
    if host in ("0.0.0.0", "::", ""):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
