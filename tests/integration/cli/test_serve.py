"""``tocsin serve``: says where it is, and stops when it is told to."""

from __future__ import annotations

import re
import signal
import socket
from typing import Any

import aiohttp


async def test_it_says_where_it_is_and_what_is_a_sandbox_and_stops(seeded: Any):
    process = await seeded.begun("serve", TOCSIN_PORT="0")
    assert process.stdout is not None
    said = (await process.stdout.readuntil(b"/sandbox\n")).decode()
    url = re.search(r"http://127\.0\.0\.1:(\d+)$", said, re.MULTILINE)
    assert url is not None
    assert url[1] != "0"
    assert (seeded.data / "operator.key").read_text().strip() in said
    for channel in ("push", "sms", "voice", "email"):
        assert re.search(rf"SANDBOX +{channel} sends nothing: set ", said)
    async with aiohttp.ClientSession() as session, session.get(url[0] + "/healthz") as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert process.returncode == 0


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
