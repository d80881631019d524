"""Strangers flood the service from one core while an alert goes out: everyone is told, and nearly as soon."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.chaos.verdict import judge, matched
from tests.servers.town_api import eventually
from tests.servers.town_scaled import ManyTown

ATTACKS = ("unknown fields", "bad contacts", "invented subscribers", "codes", "gzip of 400 MB", "20,000 rings")
"""In the long form each takes a minute and a half: with the slow bodies, some twelve in all."""
IN_SHORT = ("unknown fields",)
SLOW = "slow bodies"
NOTHING = "nothing"
WHOLE_S = 300.0


@dataclass(frozen=True)
class Times:
    """Milliseconds of ``/healthz`` (99th percentile), seconds from taking an alert to its last push (median)."""

    p99_ms: float
    alert_s: float


async def measured(town, people, answers, seconds=0.0):
    """Issue urgent alerts, and ask ``/healthz`` beside until it has answered so often, for so many seconds at least.

    Return the times, the last alert's verdict, and its id. Fails when an answer takes a minute, or all of it five.
    """
    asked, alerts = [], []
    probe = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.servers.probe", town.api.url.rpartition(":")[2],
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip

    async def listen():
        async for line in probe.stdout:
            asked.append(float(line))  # noqa: PERF401  they are counted while they come

    began = time.monotonic()
    async with asyncio.timeout(WHOLE_S):
        listening = asyncio.create_task(listen())
        try:
            while not alerts or len(asked) < answers or time.monotonic() < began + seconds:
                before, issued = len(town.push.messages), time.perf_counter()
                alert = await town.issue()
                wanted = before + sum(len(each.devices) for each in matched(people))
                await eventually(lambda: len(town.push.messages) >= wanted, "everyone has the push", 120)  # noqa: B023
                alerts.append(time.perf_counter() - issued)
                await town.finished(alert["id"])
                assert not listening.done(), "/healthz gave no good answer within a minute"
        finally:
            probe.stdin.close()
            await probe.wait()
            await listening
    p99 = statistics.quantiles(asked, n=100)[98]
    times = Times(p99 * 1000, statistics.median(alerts))
    return times, await judge(town, alert["id"], matched(people)), alert["id"]


@asynccontextmanager
async def flooding(town, attack, connections):
    """Flood the service from the last core within the block; give how often it was answered what."""
    core = max(os.sched_getaffinity(0))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.servers.flood", town.api.url.rpartition(":")[2], attack, str(connections),
        str(core), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    answers = {}
    try:
        tokens = [town.store.vault.link("receipt", number) for number in range(1, 2001)]
        child.stdin.write(json.dumps(tokens).encode() + b"\n")
        async with asyncio.timeout(WHOLE_S):
            assert await child.stdout.readline() == b"flooding\n"
        yield answers
        child.stdin.close()
        answers |= json.loads(await child.stdout.readline())
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def unflooded(town, people, full):
    """Return the times before a flood: of the quiet service, and in the long form also with one core taken."""
    await measured(town, people, 2)  # what is made once
    quiet, _, _ = await measured(town, people, 50 if full else 10)
    if not full:
        return quiet, None
    async with flooding(town, NOTHING, 1):
        taken, _, _ = await measured(town, people, 50, 20)
    return quiet, taken


def told(attack, connections, quiet, taken, found):
    beside = f"; with a core taken {taken.alert_s:.2f}, {found.alert_s / taken.alert_s:.1f} ×" if taken else ""
    return (
        f"{connections} connections, {attack}: /healthz p99 {found.p99_ms:.0f} ms (quiet {quiet.p99_ms:.0f}), an urgent"
        f" alert {found.alert_s:.2f} s (quiet {quiet.alert_s:.2f}, {found.alert_s / quiet.alert_s:.1f} ×{beside})"
    )


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_flood_of_requests_loses_nothing_and_holds_up_little(tmp_path, full, record, attack):
    if not full and attack not in IN_SHORT:
        pytest.skip("only in the long form: make chaos")
    connections = 200 if full else 50
    async with ManyTown(tmp_path, requests_per_minute=240) as town:
        people = [town.resident("push") for _ in range(300 if full else 60)]
        await town.settle(*people)
        await town.start("")
        quiet, taken = await unflooded(town, people, full)
        async with flooding(town, attack, connections) as answers:
            found, verdict, _ = await measured(town, people, 50 if full else 10, 60 if full else 0)
        assert sum(answers.values()) > connections, answers
        assert town.members[0].starts == 1
        record(
            verdict,
            fault=told(attack, connections, quiet, taken, found),
            road="embedded",
            injected=sum(answers.values()),
        )


@pytest.mark.timeout(3600)
async def test_slow_bodies_leave_room_for_operators_and_providers(tmp_path, full, record):
    files, connections = (1024, 1500) if full else (512, 700)
    async with ManyTown(tmp_path, requests_per_minute=240) as town:
        town.files = files
        people = [town.resident("push", "sms") for _ in range(300 if full else 40)]
        await town.settle(*people)
        await town.start("")
        quiet, taken = await unflooded(town, people, full)
        async with flooding(town, SLOW, connections):
            found, verdict, alert_id = await measured(town, people, 50 if full else 10, 60 if full else 0)

            async def delivered():
                account = await town.api.account(alert_id)
                return account["channels"]["sms"].get("delivered", 0) == len(people)

            await eventually(delivered, "the provider's callbacks are heard", 60)
        assert town.members[0].starts == 1
        record(verdict, fault=told(SLOW, connections, quiet, taken, found), road="embedded", injected=connections)
