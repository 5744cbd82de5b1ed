"""What a server is told when it starts: where it keeps things, whom it lets in, and its limits."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from cracknet.errors import ArgumentError

LEAST_TOKEN = 16
"""Characters of the shortest token: fewer can be guessed."""


def default_data() -> Path:
    """Name the folder where jobs are kept: ``cracknet/web`` in the user's data folder.

    That is XDG_DATA_HOME (XDG Base Directory Specification), or ``~/.local/share``; on Windows
    LOCALAPPDATA.
    """
    home = os.environ.get("XDG_DATA_HOME") or (
        os.environ.get("LOCALAPPDATA") if os.name == "nt" else None
    )
    return Path(home or Path.home() / ".local" / "share") / "cracknet" / "web"


def is_loopback(host: str) -> bool:
    """Tell whether only this computer reaches a host.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Settings:
    """How a server runs.

    Parameters
    ----------
    data : Path
        Folder of the jobs; nothing is written elsewhere.
    host : str
        Address that it binds to. Any but a loopback address needs a `token`.
    port : int
        0 takes a free one.
    token : str, optional
        What callers must show; without one, everybody on this computer is let in.
    max_upload_bytes : int
        Largest photograph, bytes.
    max_request_bytes : int
        Largest upload in all, bytes.
    max_pixels : int
        Largest width times height, as a photograph's header says.
    max_photos : int
        Most photographs in one upload.
    queue_limit : int
        Most jobs that wait or run at once.
    keep_days : float, optional
        Jobs that ended longer ago are deleted with their files; None keeps them.
    workers : int
        Processes that segment and measure.
    idle_seconds : float
        A sender that is silent for so long is cut off.
    least_rate : float
        A sender that is slower than this, in bytes a second on average, is cut off, too.
    grace_seconds : float
        How long a sender may take before `least_rate` counts.

    Raises
    ------
    ArgumentError
        When a value is out of its range, or the host needs a token.
    """

    data: Path = field(default_factory=default_data)
    host: str = "127.0.0.1"
    port: int = 8765
    token: str | None = field(default=None, repr=False)
    max_upload_bytes: int = 256_000_000
    max_request_bytes: int = 4_000_000_000
    max_pixels: int = 200_000_000
    max_photos: int = 200
    queue_limit: int = 100
    keep_days: float | None = None
    workers: int = 1
    idle_seconds: float = 20.0
    least_rate: float = 2_000.0
    grace_seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.token is not None and len(self.token) < LEAST_TOKEN:
            msg = (
                f"a token must have at least {LEAST_TOKEN} characters; got {len(self.token)}. "
                "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(24))'"
            )
            raise ArgumentError(msg)
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            msg = "a token must be of plain ASCII letters, figures and signs. Choose another one."
            raise ArgumentError(msg)
        if self.token is None and not is_loopback(self.host):
            msg = (
                f"{self.host} can be reached by other computers, so that a token is needed. Add "
                "--token, or set CRACKNET_TOKEN; without one the server stays on 127.0.0.1."
            )
            raise ArgumentError(msg)
        if not 0 <= self.port <= 65535:
            msg = f"a port is a whole number from 0 to 65535; got {self.port}."
            raise ArgumentError(msg)
        if self.keep_days is not None and not 0 < self.keep_days < 1e6:
            msg = f"days to keep must be a positive number; got {self.keep_days}."
            raise ArgumentError(msg)
        for name in (
            "max_upload_bytes", "max_request_bytes", "max_pixels", "max_photos", "queue_limit",
            "workers", "idle_seconds", "least_rate", "grace_seconds",
        ):  # fmt: skip
            if not getattr(self, name) > 0:
                msg = f"{name} must be positive; got {getattr(self, name)}."
                raise ArgumentError(msg)

    @property
    def local_only(self) -> bool:
        """Whether only this computer reaches the server."""
        return is_loopback(self.host)
