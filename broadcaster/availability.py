"""Logs when a dependency becomes unavailable and when it is back, and nothing in between."""

import time

import structlog

_log = structlog.get_logger(__name__)


class Availability:
    """Whether ``what`` is available, judged by its last use.

    ``seen`` False: log nothing until it was available once, as opening it reports errors anyway.
    """

    def __init__(self, what: str, *, seen: bool = True) -> None:
        self._what = what
        self._seen = seen
        self._since: float | None = None

    def lost(self, error: BaseException | str) -> None:
        """Record a failed use."""
        if self._since is None and self._seen:
            self._since = time.monotonic()
            _log.warning(f"{self._what} is away", error=str(error))

    def found(self) -> None:
        """Record a successful use."""
        self._seen = True
        if self._since is not None:
            away_s, self._since = round(time.monotonic() - self._since, 1), None
            _log.warning(f"{self._what} is back", away_s=away_s)
