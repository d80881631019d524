"""What a bus does. Losing one whole loses no work: a sweeper puts back what the store says is unfinished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager


@dataclass(frozen=True, slots=True, order=True)
class Job:
    """One piece of work: ``ref`` is the id of what is to be worked on. The smallest ``rank`` goes first."""

    rank: int
    ref: str
    queue: str = ""


class Signal(Protocol):
    """Tells that something changed; many changes may be told as one."""

    async def wait(self, timeout_s: float) -> bool:
        """Wait for the next change; False when ``timeout_s`` went by without one."""
        ...


class Bus(Protocol):
    """Queues of jobs, each taken by one worker; and topics, heard by all."""

    async def put(self, queue: str, jobs: Sequence[tuple[str, int]]) -> None:
        """Add jobs, (ref, rank) each. One that waits or is being worked on already is not added again."""
        ...

    async def take(self, queue: str) -> Job:
        """Wait for a job and take it: of those waiting, one with the smallest rank, the oldest first."""
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
        """Give how many jobs wait in ``queue``."""
        ...
