"""What a bus does. Losing one whole loses no work: a sweeper puts back what the store says is unfinished."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextlib import AbstractAsyncContextManager


class BusUnavailable(Exception):
    """The bus does not answer; nothing is lost, for the store knows what is to be done."""


class BadAddress(ValueError):
    """The bus's address can't be used; the message says why."""


class NoAnswer(Exception):
    """Nobody answered a question in time."""


@dataclass(frozen=True, slots=True, order=True)
class Job:
    """One piece of work: ``ref`` is the id of what is to be worked on. The smallest ``rank`` goes first.

    ``handle`` is the bus's own name for it.
    """

    rank: int
    ref: str
    queue: str = ""
    handle: str = field(default="", compare=False)


class Signal(Protocol):
    """Tells that something changed; many changes may be told as one, and one may be told that was none."""

    @property
    def told(self) -> bool:
        """Return whether ``wait`` would return at once."""
        ...

    async def wait(self, timeout_s: float) -> bool:
        """Wait for the next change; False when ``timeout_s`` went by without one."""
        ...


class Bus(Protocol):
    """Queues of jobs, each taken by one worker; and topics, heard by all."""

    async def put(self, queue: str, jobs: Sequence[tuple[str, int]], *, again: bool = False) -> None:
        """Add jobs, (ref, rank) each. One that waits or is being worked on already is not added again.

        ``again``: it is, for whoever works on it is dead.
        """
        ...

    async def take(self, queue: str, most: int | None = None) -> Job:
        """Wait for a job and take it: of those waiting, one with the smallest rank, the oldest first.

        ``most``: whoever asks is kept for jobs of that rank or a smaller one.
        """
        ...

    async def done(self, job: Job) -> None:
        """Say that a job taken was worked on, whatever came of it."""
        ...

    async def publish(self, topic: str) -> None:
        """Tell all who listen to ``topic`` that it changed."""
        ...

    def listen(self, topic: str) -> AbstractAsyncContextManager[Signal]:
        """Hear of changes of ``topic`` within the block."""
        ...

    async def depth(self, queue: str) -> int:
        """Return how many jobs wait in ``queue``."""
        ...

    async def ask(self, what: str, question: bytes, timeout_s: float) -> bytes:
        """Ask whoever answers ``what``; give the answer, text in UTF-8. Raises ``NoAnswer`` after ``timeout_s``."""
        ...

    async def answer(self, what: str, answer: Callable[[bytes], Awaitable[bytes]]) -> None:
        """Answer questions about ``what``, one after the other, until cancelled."""
        ...

    async def grant(
        self, name: str, per_second: float, depth: float, wanted: float, first: tuple[int, int] = (0, 0)
    ) -> tuple[float, float]:
        """Take up to ``wanted`` tokens of a bucket that all processes share: (how many, seconds until one more).

        ``first``: the rank and the turn of what they are wanted for; a process whose own are greater than those of
        another that waits gets none. 0 ``wanted``: it waits no more.
        """
        ...

    async def open(self) -> None:
        """Begin to hear what others tell."""
        ...

    async def close(self) -> None:
        """Close what is open; may be called twice."""
        ...

    async def ping(self) -> None:
        """Raise ``BusUnavailable`` unless the bus answers."""
        ...
