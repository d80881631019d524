"""Encryption beside the sending: half of a push's work is done by processes of their own, where there are cores for it.

The interpreter's lock lets one thread work at a time, and the encryption does not give it up. So a channel that is busy
starts processes (``python -m channels.webpush.sealing``), each of which seals what comes through its standard input, a
handful of messages at a time, and ends when that does. What they can't do, is done here: nothing waits for them.
"""

from __future__ import annotations

import asyncio
import marshal
import signal
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from channels.webpush.encryption import seal

if TYPE_CHECKING:
    from collections.abc import Sequence

BUSY = 24
"""With fewer messages under way than this, each is sealed at once, and here."""

_HANDFUL = 12
_GATHER_S = 0.003
_UNDER_WAY = 2
_AGAIN_S = 60.0
_END_S = 2.0
_PATIENCE_S = 2.0
_LENGTH = 4

_Wanted = tuple[bytes, str, str]


@dataclass(slots=True, eq=False)
class _Job:
    wanted: _Wanted
    sealed: asyncio.Future[bytes]

    def do(self) -> None:
        """Seal it here."""
        if not self.sealed.done():
            try:
                self.sealed.set_result(seal(*self.wanted))
            except ValueError as error:
                self.sealed.set_exception(error)


@dataclass(slots=True, eq=False)
class _Helper:
    """A process, and the handfuls that it has not given back, each with the time when it had it."""

    process: asyncio.subprocess.Process
    under_way: deque[tuple[float, list[_Job]]] = field(default_factory=deque)


class Sealer:
    """Seals pushes with the help of up to ``processes`` others; 0: here alone.

    A process is started when many messages are under way, and kept until ``close``.
    """

    def __init__(self, processes: int) -> None:
        self._most = processes
        self._helpers: list[_Helper] = []
        self._starting: asyncio.Task[None] | None = None
        self._started_at = float("-inf")
        self._reading: set[asyncio.Task[None]] = set()
        self._waiting: list[_Job] = []
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self.started = asyncio.Event()
        self.under_way = 0

    @property
    def helping(self) -> int:
        """How many processes help."""
        return len(self._helpers)

    async def seal(self, plaintext: bytes, p256dh: str, auth: str) -> bytes:
        """The body of a push, as ``encryption.seal`` gives it; raises ``ValueError`` as that does."""
        if not self._most or self.under_way < BUSY or self._closed:
            return seal(plaintext, p256dh, auth)
        if len(self._helpers) < self._most:
            self._start()
        if not self._helpers:
            return seal(plaintext, p256dh, auth)
        loop = asyncio.get_running_loop()
        job = _Job((plaintext, p256dh, auth), loop.create_future())
        self._waiting.append(job)
        if len(self._waiting) >= _HANDFUL:
            self._hand_out()
        elif self._timer is None:
            self._timer = loop.call_later(_GATHER_S, self._hand_out)
        return await job.sealed

    async def close(self) -> None:
        """End the processes; what they had is sealed here."""
        self._closed = True
        if self._starting is not None:
            await asyncio.wait([self._starting])
        helpers, self._helpers = self._helpers, []
        for helper in helpers:
            if helper.process.stdin is not None:
                helper.process.stdin.close()
        for helper in helpers:
            try:
                await asyncio.wait_for(helper.process.wait(), _END_S)
            except TimeoutError:
                helper.process.kill()
                await helper.process.wait()
        if self._reading:
            await asyncio.wait(self._reading)
        self._hand_out()

    def _start(self) -> None:
        if self._starting is None and time.monotonic() - self._started_at > _AGAIN_S:
            self._started_at = time.monotonic()
            self._starting = asyncio.create_task(self._start_all())

    async def _start_all(self) -> None:
        try:
            while len(self._helpers) < self._most and not self._closed:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    __name__,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                )
                helper = _Helper(process)
                # Its first word says that it works.
                if await _said(process) != []:
                    process.kill()
                    return
                self._helpers.append(helper)
                self.started.set()
                self._look_after(helper)
                task = asyncio.create_task(self._read(helper))
                self._reading.add(task)
                task.add_done_callback(self._reading.discard)
        except OSError:  # no process, or no memory for one: we do it ourselves
            pass
        finally:
            self._starting = None

    def _look_after(self, helper: _Helper) -> None:
        """End a process that does not work any more; what it had is done by whoever reads that it ended."""
        if helper in self._helpers:
            if helper.under_way and time.monotonic() - helper.under_way[0][0] > _PATIENCE_S:
                with suppress(ProcessLookupError):
                    helper.process.kill()
            asyncio.get_running_loop().call_later(_PATIENCE_S / 4, self._look_after, helper)

    def _hand_out(self) -> None:
        """Give what waits to whoever has the least to do; keep it for a moment where all have enough; else do it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._helpers:
            jobs, self._waiting = self._waiting, []
            for job in jobs:
                job.do()
            return
        helper = min(self._helpers, key=lambda each: len(each.under_way))
        if len(helper.under_way) < _UNDER_WAY and self._waiting:
            jobs, self._waiting = self._waiting, []
            helper.under_way.append((time.monotonic(), jobs))
            octets = marshal.dumps([job.wanted for job in jobs])
            if helper.process.stdin is not None:
                helper.process.stdin.write(len(octets).to_bytes(_LENGTH) + octets)

    async def _read(self, helper: _Helper) -> None:
        """Take what a process gives back, until it ends; then do what it has left."""
        try:
            while (sealed := await _said(helper.process)) is not None:
                for job, body in zip(helper.under_way.popleft()[1], sealed, strict=True):
                    if body is None:
                        job.do()  # for the error that it raises
                    elif not job.sealed.done():
                        job.sealed.set_result(body)
                if self._waiting:
                    self._hand_out()
        finally:
            with suppress(ValueError):
                self._helpers.remove(helper)
            with suppress(ProcessLookupError):
                helper.process.kill()
            for _, jobs in helper.under_way:
                for job in jobs:
                    job.do()
            self._hand_out()


async def _said(process: asyncio.subprocess.Process) -> list[bytes | None] | None:
    """What a process gave back of one handful; None at its end."""
    if process.stdout is None:
        return None
    try:
        length = int.from_bytes(await process.stdout.readexactly(_LENGTH))
        sealed: list[bytes | None] = marshal.loads(await process.stdout.readexactly(length))  # noqa: S302  of our own
    except (asyncio.IncompleteReadError, OSError):
        return None
    return sealed


def serve(given: BinaryIO, told: BinaryIO) -> None:
    """Seal what comes, until there is no more; None for what can't be sealed. Says first that it is there."""
    _tell(told, [])
    while head := given.read(_LENGTH):
        wanted: list[_Wanted] = marshal.loads(given.read(int.from_bytes(head)))  # noqa: S302  of whoever started us
        _tell(told, [_sealed(each) for each in wanted])


def _sealed(wanted: _Wanted) -> bytes | None:
    try:
        return seal(*wanted)
    except ValueError:
        return None


def _tell(told: BinaryIO, sealed: Sequence[bytes | None]) -> None:
    octets = marshal.dumps(list(sealed))
    told.write(len(octets).to_bytes(_LENGTH) + octets)
    told.flush()


if __name__ == "__main__":
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # meant for whoever started us: they end our input when they are done
        signal.signal(number, signal.SIG_IGN)
    with suppress(BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer)
