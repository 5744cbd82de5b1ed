"""What the store of jobs refuses, and why."""

from __future__ import annotations

from cracknet.errors import CrackNetError


class StoreError(CrackNetError, RuntimeError):
    """The list of jobs cannot be read: it is damaged, or a newer version wrote it."""


class QueueFullError(CrackNetError):
    """As many jobs wait as are let in; another may be sent when some are done."""


class StaleError(CrackNetError):
    """A photograph has changed since the caller last saw it."""


class MissingError(CrackNetError, LookupError):
    """There is no such job or photograph, or there is none any more."""
