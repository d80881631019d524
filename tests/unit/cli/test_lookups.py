"""With the network away, nothing waits for the look-up of a name."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from broadcaster.commands.lookups import run_abandoning_lookups


async def looked_up(host, port=80):
    return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)


def test_a_look_up_that_was_given_up_is_not_waited_for(monkeypatch):
    released, ended = threading.Event(), threading.Event()

    def away(*_args, **_asked):
        released.wait()
        ended.set()
        raise socket.gaierror

    async def given_up():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await looked_up("away.example")
        return not ended.is_set()

    monkeypatch.setattr(socket, "getaddrinfo", away)
    assert run_abandoning_lookups(given_up())
    released.set()
    assert ended.wait(5)


def test_a_name_is_looked_up_and_one_that_does_not_exist_is_an_error(monkeypatch):
    assert run_abandoning_lookups(looked_up("127.0.0.1"))[0][4] == ("127.0.0.1", 80)
    with pytest.raises(OverflowError):
        run_abandoning_lookups(asyncio.wait_for(looked_up("127.0.0.1", 10**30), 5))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_asked: (_ for _ in ()).throw(socket.gaierror("none")))
    with pytest.raises(socket.gaierror, match="none"):
        run_abandoning_lookups(looked_up("nowhere.example"))
