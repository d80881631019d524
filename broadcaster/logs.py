"""Logging to standard error, one event per line."""

import io
import logging
from contextlib import suppress

import structlog

from broadcaster.config import Settings


class _Unfailing(io.TextIOWrapper):
    """Standard error on a possibly full disk: a failed log must not stop the work."""

    def __init__(self) -> None:
        super().__init__(io.BufferedWriter(io.FileIO(2, "w", closefd=False)), write_through=True)

    def write(self, text: str) -> int:
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def set_up_logs(settings: Settings) -> None:
    """Log to standard error, one event per line. No address is ever logged."""
    renderer = structlog.processors.JSONRenderer() if settings.log_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log_level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=_Unfailing()),
        cache_logger_on_first_use=False,
    )
