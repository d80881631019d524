"""``tocsin serve``: says where it is, and stops when it is told to."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
from typing import Any

import aiohttp


async def test_it_says_where_it_is_and_what_is_a_sandbox_and_stops(seeded: Any):
    process = await seeded.begun("serve", TOCSIN_PORT="0")
    assert process.stdout is not None
    said = (await process.stdout.readuntil(b"/sandbox\n")).decode()
    url = re.search(r"http://127\.0\.0\.1:(\d+)$", said, re.MULTILINE)
    assert url is not None
    assert url[1] != "0"
    assert "tk_" not in said, "what is no terminal is a log"
    assert "`tocsin key operator` on this machine shows a fresh one" in said
    for channel in ("push", "sms", "voice", "email"):
        assert re.search(rf"SANDBOX +{channel} sends nothing: set ", said)
    async with aiohttp.ClientSession() as session, session.get(url[0] + "/healthz") as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert process.returncode == 0


def on_a_terminal(tocsin: Any, *args: str) -> str:
    """Run a command on a terminal; give what it showed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from broadcaster.cli import main; main()", *args]
    env = {**os.environ, **tocsin.env, "PYTHONPATH": str(tocsin.root), "COLUMNS": "200"}
    with subprocess.Popen(command, env=env, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True) as process:
        os.close(theirs)
        said = b""
        try:
            while piece := os.read(ours, 4096):
                said += piece
                if b"/sandbox" in said:
                    process.send_signal(signal.SIGTERM)
        except OSError:  # the terminal is closed
            pass
        assert process.wait() == 0, said.decode()
    os.close(ours)
    return said.decode()


def test_the_operators_key_is_shown_once_and_on_a_terminal_only(tocsin: Any):
    tocsin("migrate")
    assert "tk_" not in tocsin("seed", "--residents", "5").stdout
    first = on_a_terminal(tocsin, "serve")
    key = re.search(r"tk_[\w-]{20,}", first)
    assert key is not None
    assert "holds 90 days" in first
    again = on_a_terminal(tocsin, "serve")
    assert "tk_" not in again
    assert "was shown when it was made" in again
    kept = b"".join(path.read_bytes() for path in tocsin.data.iterdir() if path.is_file())
    assert key[0].encode() not in kept, "it lies nowhere near the secret"


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
