"""Requests made by helper processes, to use spare cores for encryption and HTTP.

The GIL lets one thread run at a time, so a busy channel starts a process (``python -m channels.transport.courier``),
sends it requests in small batches through a pipe, and gets answers through another. With few requests under way, or
without helpers, this process makes them itself. Many requests are made a dozen at a time, here as there: all are
encrypted, then all sent, because alternating would wake and suspend the HTTP threads for each. If a helper dies, its
requests raise ``HttpTrouble`` (they may have been sent), as after a broken connection.
"""

import asyncio
import gc
import marshal
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from typing import Any

import uvloop

from channels.encryption import seal
from channels.transport.http import Http, HttpConfig, HttpTrouble, Reply, What

BUSY = 24
"""From this many requests under way until none is left, they are made in bulk; else each at once, with ``encrypt``."""

_HANDFUL = 12
_GATHER_S = 0.002
_AGAIN_S = 60.0
_END_S = 2.0
_SILENT_S = 5.0
_LENGTH = 4
_MOST_IN_PIPE = 1 << 20
_YOUNG = 20_000  # garbage collector threshold: collecting more often would find little

ToSeal = tuple[bytes, str, str]
"""A body to encrypt: plaintext, and the subscription's ``p256dh`` and ``auth``."""


Encrypt = Callable[[bytes, str, str], bytes]


class BadKeys(ValueError):
    """The subscription's keys are invalid."""


@dataclass(slots=True, eq=False)
class _Helper:
    """A process and its unanswered requests by number: start time and waiter."""

    process: asyncio.subprocess.Process
    had: dict[int, tuple[float, asyncio.Future[Reply | bytes | None]]]


class Courier:
    """Makes requests like ``Http``, with up to ``helpers`` processes; 0: here only.

    A process is started when many requests are under way, and kept until ``close``. ``encrypt`` encrypts bodies while
    requests are few.
    """

    def __init__(self, config: HttpConfig, helpers: int = 0, encrypt: Encrypt = seal) -> None:
        self._encrypt = encrypt
        self._config = config
        self._http = Http(config)
        self._most = helpers
        self._helpers: list[_Helper] = []
        self._starting: asyncio.Task[None] | None = None
        self._started_at = float("-inf")
        self._reading: set[asyncio.Task[None]] = set()
        self._waiting: list[tuple[asyncio.Future[Reply | bytes | None], tuple[Any, ...]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._number = 0
        self._under_way = 0
        self._busy = False
        self._closed = False
        self.started, self.alone = asyncio.Event(), asyncio.Event()

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | ToSeal | None = None
    ) -> Reply:
        """Make one request like ``Http``; raises ``HttpTrouble``, and ``BadKeys`` if the body can't be sealed."""
        self._under_way += 1
        self._busy = self._busy or self._under_way >= BUSY
        try:
            if not self._busy:
                return await self._http.request(method, url, headers=headers, body=_sealed(body, self._encrypt))
            if len(self._helpers) < self._most and not self._closed:
                self._start()
            given = await self._with_others(method, url, headers, body)
            if isinstance(given, Reply):
                return given
            return await self._http.request(method, url, headers=headers, body=given)
        finally:
            self._under_way -= 1
            self._busy = self._busy and self._under_way > 0

    def make_ready(self) -> None:
        self._http.opened()

    async def close(self) -> None:
        """End the processes, and close the connections."""
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
        await self._http.close()

    async def _with_others(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | ToSeal | None
    ) -> Reply | bytes | None:
        """Return a helper's answer; without helpers, the body, encrypted."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Reply | bytes | None] = loop.create_future()
        self._waiting.append((answered, (method, url, dict(headers), body)))
        if len(self._waiting) >= _HANDFUL:
            self._hand_out()
        elif self._timer is None:
            self._timer = loop.call_later(_GATHER_S, self._hand_out)
        return await answered

    def _hand_out(self) -> None:
        """Hand waiting requests to the least busy helper; without helpers, encrypt their bodies in this process."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        wanted = [(answered, asked) for answered, asked in waiting if not answered.done()]
        if not wanted:
            return
        helper = min(self._helpers, key=lambda each: len(each.had), default=None)
        if helper is None or helper.process.stdin is None:
            for answered, (*_, body) in wanted:
                try:
                    answered.set_result(_sealed(body))
                except BadKeys as error:
                    answered.set_exception(error)
            return
        at, jobs = time.monotonic(), []
        for answered, asked in wanted:
            self._number += 1
            helper.had[self._number] = (at, answered)
            jobs.append((self._number, *asked))
        helper.process.stdin.write(_framed(jobs))

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
                    limit=_MOST_IN_PIPE,
                )
                if process.stdin is not None:
                    process.stdin.write(_framed([astuple(self._config)]))
                # Its first frame signals that it works.
                if await _said(process.stdout) != []:
                    process.kill()
                    return
                helper = _Helper(process, {})
                self._helpers.append(helper)
                self.started.set()
                self.alone.clear()
                self._look_after(helper)
                task = asyncio.create_task(self._read(helper))
                self._reading.add(task)
                task.add_done_callback(self._reading.discard)
        except OSError:  # no process could be started: this one does the work
            pass
        finally:
            self._starting = None

    def _look_after(self, helper: _Helper) -> None:
        """End a process that hangs: every request has a timeout, so an answer later than that will not come."""
        if helper in self._helpers:
            oldest = next(iter(helper.had.values()), None)
            if oldest is not None and time.monotonic() - oldest[0] > self._config.timeout_s + _SILENT_S:
                with suppress(ProcessLookupError):
                    helper.process.kill()
            asyncio.get_running_loop().call_later(1.0, self._look_after, helper)

    async def _read(self, helper: _Helper) -> None:
        """Read a process's answers until it ends; its pending requests may have been sent."""
        try:
            while (answers := await _said(helper.process.stdout)) is not None:
                for number, *told in answers:
                    _, answered = helper.had.pop(number)
                    if not answered.done():
                        _tell(answered, told)
        finally:
            with suppress(ValueError):
                self._helpers.remove(helper)
            with suppress(ProcessLookupError):
                helper.process.kill()
            for _, answered in helper.had.values():
                if not answered.done():
                    answered.set_exception(HttpTrouble(What.RESET, may_have_left=True))
            helper.had.clear()
            if not self._helpers:
                self.alone.set()
            self._hand_out()


def _tell(answered: asyncio.Future[Reply | bytes | None], told: list[Any]) -> None:
    match told:
        case [int() as status, dict() as headers, bytes() as body]:
            answered.set_result(Reply(status, headers, body))
        case [str() as what, bool() as left, reply]:
            found = None if reply is None else Reply(*reply)
            answered.set_exception(HttpTrouble(What[what], may_have_left=left, reply=found))
        case _:
            answered.set_exception(BadKeys("the keys are none"))


def _sealed(body: bytes | ToSeal | None, encrypt: Encrypt = seal) -> bytes | None:
    if not isinstance(body, tuple):
        return body
    try:
        return encrypt(*body)
    except (TypeError, ValueError) as error:  # any error of one message must not affect the others
        raise BadKeys(str(error)) from error


def _framed(what: list[Any]) -> bytes:
    octets = marshal.dumps(what)
    return len(octets).to_bytes(_LENGTH) + octets


async def _said(stream: asyncio.StreamReader | None) -> list[Any] | None:
    """Read one frame; None at the end."""
    if stream is None:
        return None
    try:
        length = int.from_bytes(await stream.readexactly(_LENGTH))
        said: list[Any] = marshal.loads(await stream.readexactly(length))  # noqa: S302  from our own process
    except (asyncio.IncompleteReadError, OSError):
        return None
    return said


class _Desk:
    """Runs in the helper: makes requests and returns answers in small batches."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._answers: list[tuple[Any, ...]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, jobs: list[Any]) -> None:
        """Take a batch: encrypt all, then send all."""
        ready = []
        for number, method, url, headers, body in jobs:
            try:
                ready.append((number, method, url, headers, _sealed(body)))
            except BadKeys:
                self._answer((number,))
        for job in ready:
            task = asyncio.create_task(self._make(*job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _make(self, number: int, method: str, url: str, headers: dict[str, str], body: bytes | None) -> None:
        try:
            reply = await self._http.request(method, url, headers=headers, body=body)
        except HttpTrouble as trouble:
            given = None if trouble.reply is None else astuple(trouble.reply)
            self._answer((number, trouble.what.name, trouble.may_have_left, given))
        else:
            self._answer((number, reply.status, reply.headers, reply.body))

    def _answer(self, answer: tuple[Any, ...]) -> None:
        self._answers.append(answer)
        if len(self._answers) >= _HANDFUL:
            self._give_back()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_GATHER_S, self._give_back)

    def _give_back(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        answers, self._answers = self._answers, []
        _write(_framed(answers))


def _write(octets: bytes) -> None:
    """Write to the parent, which always reads; if the parent is gone, nothing is left to do."""
    try:
        while octets:
            octets = octets[os.write(1, octets) :]
    except BrokenPipeError:
        os._exit(0)


async def serve() -> None:
    """Serve requests from standard input until it ends; then drop pending ones."""
    stream = asyncio.StreamReader(limit=_MOST_IN_PIPE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), sys.stdin.buffer)
    first = await _said(stream)
    if first is None:
        return
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)
    desk = _Desk(Http(HttpConfig(*first[0])))
    _write(_framed([]))
    while (jobs := await _said(stream)) is not None:
        desk.take(jobs)
        # Otherwise answers, and the parent behind them, would wait until the pipe is drained.
        await asyncio.sleep(0)
    os._exit(0)


if __name__ == "__main__":
    for each in (signal.SIGINT, signal.SIGTERM):  # the signal is for the parent, which closes our input when done
        signal.signal(each, signal.SIG_IGN)
    uvloop.run(serve())
