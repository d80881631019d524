"""The bus for several processes: Redis or Valkey Streams.

Its content is expendable: the sweeper restores it from the store. A server may restart empty.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from broadcaster.availability import Availability
from broadcaster.bus import scripts
from broadcaster.bus.base import BadAddress, BusUnavailable, Job, NoAnswer
from broadcaster.bus.local import Topics
from broadcaster.ids import new_token

_GROUP = "tocsin"
_POLL_S = 1.0
_CONNECT_S = 3.0
_SILENT_S = 3.0
"""A server silent for this long counts as unavailable, so that it does not block its callers."""
_ANSWER_KEPT_MS = 30_000
_log = structlog.get_logger(__name__)


class StreamsBus(Topics):
    """One process's end of the bus. ``claim_s``: seconds after which an unacknowledged job goes to another worker.

    ``prefix`` begins every key, so that services can share a server. Raises ``BadAddress``.
    """

    def __init__(self, url: str, *, claim_s: float = 60.0, prefix: str = "tocsin") -> None:
        super().__init__()
        try:
            self._redis = Redis.from_url(
                url,
                decode_responses=True,
                socket_connect_timeout=_CONNECT_S,
                socket_timeout=_SILENT_S,
                health_check_interval=10,
                retry=Retry(NoBackoff(), 0),
            )
            # Opens no connection, but parses the whole address.
            self._redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        except (ValueError, TypeError, RedisError) as error:
            raise BadAddress(str(error)) from error
        self._claim_ms = int(claim_s * 1000)
        self._prefix = prefix
        self._consumer = new_token(9)
        self._standing = Availability("the bus")
        self._hearing: asyncio.Task[None] | None = None
        self._untold: dict[str, None] = {}
        self._telling: asyncio.Task[None] | None = None
        self._heard = asyncio.Event()
        self._scripts = {
            name: self._redis.register_script(getattr(scripts, name))
            for name in ("PUT", "TAKE", "DONE", "GIVE_BACK", "DEPTH", "GRANT")
        }

    async def open(self) -> None:
        """Start listening, without waiting long for an unavailable server."""
        if self._hearing is None:
            self._hearing = asyncio.create_task(self._hear(), name="bus")
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_S):
                    await self._heard.wait()

    async def close(self) -> None:
        """Stop listening, and close the connections."""
        if self._hearing is not None:
            self._hearing.cancel()
            with suppress(asyncio.CancelledError):
                await self._hearing
            self._hearing = None
        if self._telling is not None:
            await asyncio.wait([self._telling], timeout=_POLL_S)
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        await self._redis.aclose()

    async def ping(self) -> None:
        """Raise ``BusUnavailable`` unless the server answers."""
        async with _mapped(), asyncio.timeout(_CONNECT_S):
            await self._redis.ping()

    async def put(self, queue: str, jobs: Sequence[tuple[str, int]], *, again: bool = False) -> None:
        if not jobs:
            return
        args = [_GROUP, -1 if again else self._claim_ms * 5, *(part for ref, rank in jobs for part in (ref, rank))]
        await self._run("PUT", [self._known(queue), self._ranks(queue)], args)
        await self.publish(f"queue:{queue}")

    async def take(self, queue: str, most: int | None = None) -> Job:
        which = [_GROUP, self._consumer, self._claim_ms, "" if most is None else most]
        async with self.listen(f"queue:{queue}") as signal:
            while True:
                asking = asyncio.ensure_future(self._run("TAKE", [self._ranks(queue)], which))
                try:
                    found = await asyncio.shield(asking)
                except asyncio.CancelledError:
                    asking.add_done_callback(lambda asked: self._return_unwanted(queue, asked))
                    raise
                if found is not None:
                    rank, handle, ref = found
                    return Job(int(rank), ref, queue, handle)
                await signal.wait(_POLL_S)

    def _return_unwanted(self, queue: str, asked: asyncio.Future[Any]) -> None:
        """Give back a job that arrived for a cancelled taker."""
        if asked.cancelled() or asked.exception() is not None or asked.result() is None:
            return
        rank, handle, ref = asked.result()
        giving = asyncio.ensure_future(self._give_back(Job(int(rank), ref, queue, handle)))
        _unfinished.add(giving)
        giving.add_done_callback(_unfinished.discard)

    async def _give_back(self, job: Job) -> None:
        with suppress(BusUnavailable):
            await self._run("GIVE_BACK", self._keys(job.queue), [_GROUP, job.rank, job.handle, job.ref])
            await self.publish(f"queue:{job.queue}")

    async def done(self, job: Job) -> None:
        await self._run("DONE", self._keys(job.queue), [_GROUP, job.rank, job.handle, job.ref])

    async def publish(self, topic: str) -> None:
        """Signal all processes without waiting: work must go on while the server is down.

        Lost signals are made up for by polling.
        """
        self._untold[topic] = None
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell(), name="signals")

    async def _tell(self) -> None:
        while self._untold:
            topics = list(self._untold)
            self._untold.clear()
            try:
                async with self._redis.pipeline(transaction=False) as steps:
                    for topic in topics:
                        steps.publish(self._key("signals"), topic)
                    await steps.execute()
            except (RedisError, OSError) as error:
                _log.debug("signals not published", topics=topics, error=str(error))

    async def _hear(self) -> None:
        """Wake listeners: all of them after a lost connection, as signals may have been missed.

        Silent connections are pinged, and dropped if they stay silent.
        """
        while True:
            _heed()
            try:
                async with self._redis.pubsub() as heard:
                    await heard.subscribe(self._key("signals"))
                    if self._heard.is_set():
                        for signals in list(self._listeners.values()):
                            _wake(signals)
                    self._heard.set()
                    self._standing.found()
                    await self._wake_by(heard)
                    self._standing.lost("it says nothing")
            except (RedisError, OSError) as error:
                self._standing.lost(error)
                await asyncio.sleep(_POLL_S)

    async def _wake_by(self, heard: PubSub) -> None:
        """Wake the listeners of received topics; return when the server does not answer a ping."""
        asked = False
        while True:
            _heed()
            message = await heard.get_message(timeout=_SILENT_S)
            if message is None:
                if asked:
                    return
                await heard.ping()
            elif message["type"] == "message":
                _wake(self._listeners.get(message["data"], ()))
            asked = message is None

    async def depth(self, queue: str) -> int:
        return int(await self._run("DEPTH", [self._ranks(queue)], [_GROUP]))

    async def ask(self, what: str, question: bytes, timeout_s: float) -> bytes:
        name = new_token(12)
        asked = f"{name} {timeout_s} {question.decode()}"
        async with _mapped():
            pushing: Any = self._redis.lpush(self._key(f"ask:{what}"), asked)
            await pushing
            answer = None
            deadline = asyncio.get_running_loop().time() + timeout_s
            while answer is None and (left := deadline - asyncio.get_running_loop().time()) > 0:
                waiting: Any = self._redis.blpop([self._key(f"answer:{name}")], timeout=min(left, _POLL_S))
                answer = await waiting
            if answer is None:
                removing: Any = self._redis.lrem(self._key(f"ask:{what}"), 1, asked)
                await removing
        if answer is None:
            message = f"nobody answered {what} within {timeout_s:g} s"
            raise NoAnswer(message)
        return str(answer[1]).encode()

    async def answer(self, what: str, answer: Callable[[bytes], Awaitable[bytes]]) -> None:
        while True:
            async with _mapped():
                waiting: Any = self._redis.brpop([self._key(f"ask:{what}")], timeout=_POLL_S)
                asked = await waiting
            if asked is None:
                continue
            name, _, question = str(asked[1]).split(" ", 2)
            said = await answer(question.encode())
            key = self._key(f"answer:{name}")
            async with _mapped(), self._redis.pipeline(transaction=True) as steps:
                steps.lpush(key, said.decode())
                steps.pexpire(key, _ANSWER_KEPT_MS)
                await steps.execute()

    async def grant(
        self, name: str, per_second: float, depth: float, wanted: float, first: tuple[int, int] = (0, 0)
    ) -> tuple[float, float]:
        keys = [self._key(f"rate:{name}"), self._key(f"waiting:{name}")]
        given, wait = await self._run("GRANT", keys, [per_second, depth, wanted, self._consumer, *first])
        return float(given), float(wait)

    async def _run(self, name: str, keys: list[str], args: list[Any]) -> Any:
        async with _mapped():
            return await self._scripts[name](keys=keys, args=args)

    def _key(self, name: str) -> str:
        return f"{self._prefix}:{name}"

    def _known(self, queue: str) -> str:
        return self._key(f"known:{queue}")

    def _ranks(self, queue: str) -> str:
        return self._key(f"queue:{queue}")

    def _keys(self, queue: str) -> list[str]:
        return [self._known(queue), self._ranks(queue)]


_unfinished: set[asyncio.Future[None]] = set()


def _wake(signals: Any) -> None:
    for signal in list(signals):
        signal.event.set()


@asynccontextmanager
async def _mapped() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise BusUnavailable(str(error)) from error
    _heed()


def _heed() -> None:
    """Raise a cancellation that the client swallowed.

    The client writes within ``asyncio.wait_for``, which before Python 3.12 drops a cancellation that arrives together
    with the result. The loop would then never stop, nor shutdown's wait for it.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
