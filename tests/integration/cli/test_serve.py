"""``tocsin serve``: says where it is, and stops when it is told to."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
import socket
from contextlib import suppress
from typing import Any

import aiohttp

from tests.servers.forked import started


async def test_it_says_where_it_is_and_what_is_a_sandbox_and_stops(seeded: Any):
    await seeded.beside("operator", "invite", "Rose", "--admin")
    process = await seeded.begun("serve", TOCSIN_PORT="0")
    assert process.stdout is not None
    said = (await process.stdout.readuntil(b"/sandbox\n")).decode()
    url = re.search(r"http://127\.0\.0\.1:(\d+)$", said, re.MULTILINE)
    assert url is not None
    assert url[1] != "0"
    assert "/welcome#" not in said, "what is no terminal is a log"
    assert "the link of `tocsin init` still opens, until 2" in said
    assert "`tocsin operator invite NAME --admin` on this machine makes a link" in said
    for channel in ("Notification", "SMS", "Phone call", "E-mail"):
        assert re.search(rf"SANDBOX +{channel} sends nothing: set ", said)
    async with aiohttp.ClientSession() as session, session.get(url[0] + "/healthz") as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert process.returncode == 0


async def on_a_terminal(tocsin: Any, *args: str) -> str:
    """Run a command on a terminal; give what it showed."""
    ours, theirs = pty.openpty()
    env = {**os.environ, **tocsin.env, "COLUMNS": "200"}
    process = await started(*args, env=env, errors=theirs, out=theirs)
    os.close(theirs)
    said = b""
    with suppress(OSError):  # the terminal is closed
        while piece := await asyncio.to_thread(os.read, ours, 4096):
            said += piece
            if b"/sandbox" in said:
                process.terminate()
    assert await process.wait() == 0, said.decode()
    os.close(ours)
    return said.decode()


async def test_the_first_administrators_link_is_shown_on_a_terminal_until_somebody_can_sign_in(seeded: Any):
    first, second = [await on_a_terminal(seeded, "serve") for _ in range(2)]
    links = [re.search(r"http://localhost:\d+/console/welcome#([\w-]{20,})", each) for each in (first, second)]
    assert all(links)
    assert links[0][1] != links[1][1]
    kept = b"".join(path.read_bytes() for path in seeded.data.iterdir() if path.is_file())
    assert not any(each[1].encode() in kept for each in links), "only its hash is kept"
    (waiting,) = (await seeded.beside("operator", "list", "--json")).document
    assert (waiting["name"], waiting["admin"], waiting["state"]) == ("Administrator", True, "invited")


async def test_a_port_that_is_taken_is_a_sentence(seeded: Any):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = await seeded.process("serve", TOCSIN_PORT=str(taken.getsockname()[1]))
    assert ended.code == 2
    assert "can't listen at 127.0.0.1" in ended.err
    assert "Traceback" not in ended.err


async def test_a_second_one_in_the_same_folder_is_a_sentence(seeded: Any):
    first = await seeded.begun("serve", TOCSIN_PORT="0")
    assert first.stdout is not None
    await first.stdout.readuntil(b"/sandbox\n")
    second = await seeded.process("serve", TOCSIN_PORT="0")
    first.send_signal(signal.SIGTERM)
    await first.communicate()
    assert second.code == 2
    assert "another Tocsin serves" in second.err
