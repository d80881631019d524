"""The bus interface. Losing the bus loses no work: a sweeper requeues unfinished work from the store."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol


class BusUnavailable(Exception):
    """The bus does not answer; nothing is lost, since the store has all pending work."""


class BadAddress(ValueError):
    """The bus address is invalid; the message comes from the library."""


class NoAnswer(Exception):
    """A question got no answer in time."""


@dataclass(frozen=True, slots=True, order=True)
class Job:
    """A piece of work. ``ref``: its id; ``rank``: smallest first; ``handle``: the bus's own id for it."""

    rank: int
    ref: str
    queue: str = ""
    handle: str = field(default="", compare=False)


class Signal(Protocol):
    """Signals that something changed; several changes may arrive as one, and spurious signals are possible."""

    @property
    def is_set(self) -> bool:
        """Return whether ``wait`` would return at once."""

    async def wait(self, timeout_s: float) -> bool:
        """Wait for the next change. Return False if there was none within ``timeout_s``."""


class Bus(Protocol):
    """Queues of jobs, each taken by one worker; topics, heard by all listeners."""

    async def put(self, queue: str, jobs: Sequence[tuple[str, int]], *, again: bool = False) -> None:
        """Add jobs, each a (ref, rank). Jobs already queued or in progress are not added again.

        ``again``: requeue even those in progress, as their worker is dead.
        """

    async def take(self, queue: str, most: int | None = None) -> Job:
        """Wait for a job and take it: smallest rank first, then oldest.

        ``most``: take no jobs above this rank.
        """

    async def done(self, job: Job) -> None:
        """Acknowledge a job, whatever its outcome."""

    async def publish(self, topic: str) -> None:
        """Signal a change of ``topic`` to all listeners."""

    def listen(self, topic: str) -> AbstractAsyncContextManager[Signal]:
        """Listen to ``topic`` within the block."""

    async def depth(self, queue: str) -> int:
        """Return how many jobs wait in ``queue``."""

    async def ask(self, what: str, question: bytes, timeout_s: float) -> bytes:
        """Ask a responder for ``what``; return its answer, UTF-8 text. Raises ``NoAnswer`` after ``timeout_s``."""

    async def answer(self, what: str, answer: Callable[[bytes], Awaitable[bytes]]) -> None:
        """Answer questions about ``what``, one after the other, until cancelled."""

    async def grant(
        self, name: str, per_second: float, depth: float, wanted: float, first: tuple[int, int] = (0, 0)
    ) -> tuple[float, float]:
        """Take up to ``wanted`` tokens from a bucket shared by all processes. Return (tokens taken, seconds until the
        next).

        ``first``: rank and turn of the next message. A process gets no tokens while another with a smaller rank or turn
        waits. ``wanted`` 0 withdraws the request.
        """

    async def open(self) -> None:
        """Start listening."""

    async def close(self) -> None:
        """Close; idempotent."""

    async def ping(self) -> None:
        """Raise ``BusUnavailable`` unless the bus answers."""
