"""``tocsin send`` against a service that runs, one that it starts itself, and lines that break."""

from __future__ import annotations

import asyncio
import csv
import io
import signal
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web

from broadcaster import config
from broadcaster.app import serving
from tests.servers.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CIRCLE = ("--lat", "48.7631", "--lon", "0.6283", "--radius", "1500")
WORDS = ("--severity", "severe", "--headline", "Crue de la Risle", "--description", "Quittez les rez-de-chaussée.")
SEND = ("send", "--station", "laigle", *CIRCLE, *WORDS, "--channels", "push,sms,voice,email")
ENGLISH = ("--text", "en:headline=The Risle is in flood")


async def alerts_of(url: str, seeded: Any) -> list[Any]:
    headers = await _bearer(seeded)
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url + "/v1/alerts") as answer:
        return (await answer.json())["alerts"]


async def test_everyone_in_the_circle_is_accounted_for(seeded: Any, running: str):
    ended = await seeded.process(*SEND, *ENGLISH, "--yes", "--json", TOCSIN_URL=running)
    assert ended.code == 0, ended.err
    made = ended.document
    assert set(made) == {"reach", "alert", "report", "unreached"}
    account = made["report"]
    assert account["state"] == "finished"
    assert account["matched"] == made["reach"]["people"] > 100
    assert account["unaccounted"] == 0
    assert sum(account["people"].values()) == account["matched"]
    assert account["people"]["unreached"] == len(made["unreached"]) == made["reach"]["no_channel"]
    assert {name: counts["accepted"] for name, counts in account["channels"].items()} == {
        name: each["contacts"] for name, each in made["reach"]["channels"].items()
    }
    assert account["accepted_s"]["p50"] is not None
    assert all(each["reasons"][0]["reason"] == "no-contact" for each in made["unreached"])
    assert made["alert"]["texts"]["en"]["headline"] == "The Risle is in flood"


async def test_a_person_sees_what_is_real_and_what_is_a_sandbox(seeded: Any, running: str):
    ended = await seeded.beside(*SEND, "--yes", TOCSIN_URL=running)
    assert ended.code == 0
    for said in ("REAL ALERT", "SANDBOX", "people matched", "everyone is accounted for", "to accepted", "not reached"):
        assert said in ended.out
    drill = await seeded.beside(*SEND, "--status", "exercise", "--dry-run", TOCSIN_URL=running)
    assert "EXERCISE" in drill.out
    assert "REAL" not in drill.out


async def test_a_dry_run_sends_nothing(seeded: Any, running: str):
    ended = await seeded.beside(*SEND, "--dry-run", "--json", TOCSIN_URL=running)
    assert ended.code == 0
    assert ended.document["reach"]["people"] > 100
    assert ended.document["alert"] is None
    assert await alerts_of(running, seeded) == []


async def test_without_an_answer_nothing_is_sent(seeded: Any, running: str):
    ended = await seeded.beside(*SEND, TOCSIN_URL=running)  # its stdin is empty: nobody says yes
    assert ended.code == 6
    assert "nothing was sent" in ended.err
    assert await alerts_of(running, seeded) == []


async def test_nobody_in_the_circle_is_said_loudly_and_is_no_success(seeded: Any, running: str):
    args = ("send", "--station", "laigle", *CIRCLE, *WORDS, "--group", "club-athletique", "--channels", "voice")
    empty = ("send", "--station", "laigle", *WORDS, "--circle", "0.6283,48.7631,300", "--group", "nobody")
    assert (await seeded.beside(*args, "--dry-run", TOCSIN_URL=running)).code == 0
    unknown = await seeded.beside(*empty, "--yes", TOCSIN_URL=running)
    assert unknown.code == 2
    assert "nobody" in unknown.err
    async with aiohttp.ClientSession(headers=await _bearer(seeded)) as session:
        school = {"slug": "ecole", "name": "École", "kind": "school", "languages": ["fr"], "insee": "61214"}
        async with session.post(running + "/v1/stations", json=school) as answer:
            assert answer.status == 201, await answer.text()
    lonely = ("send", "--station", "ecole", *CIRCLE, *WORDS, "--yes")
    ended = await seeded.beside(*lonely, "--wait", "30", TOCSIN_URL=running)
    assert ended.code == 4
    assert "NOBODY" in ended.out


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--radius", "299"), "area.circles[0].radius_m"),
        (("--lat", "45.0"), "area"),
        (("--expires", "2020-01-01T00:00"), "expires"),
        (("--headline", "x" * 200), "headline"),
        (("--text", "de:headline=" + "x" * 200), "headline"),
    ],
)
async def test_what_the_service_refuses_is_told_by_field(seeded: Any, running: str, args: tuple[str, ...], told: str):
    ended = await seeded.beside(*SEND, *args, "--yes", TOCSIN_URL=running)
    assert ended.code == 2
    assert told in ended.err
    assert "Traceback" not in ended.err
    assert await alerts_of(running, seeded) == []


async def test_a_wrong_key_is_told_with_what_to_do(seeded: Any, running: str):
    ended = await seeded.beside(*SEND, "--yes", TOCSIN_URL=running, TOCSIN_KEY="tk_wrong")
    assert ended.code == 2
    assert "TOCSIN_KEY" in ended.err


async def test_an_address_that_was_given_and_is_dead_is_not_passed_over(seeded: Any):
    url = f"http://127.0.0.1:{free_port()}"
    ended = await seeded.beside(*SEND, "--yes", TOCSIN_URL=url)
    assert ended.code == 5
    assert "no service answers at TOCSIN_URL" in ended.err


async def test_without_a_service_one_is_started_for_the_alert(seeded: Any):
    ended = await seeded.process(*SEND, "--yes", "--json")
    assert ended.code == 0, ended.err
    assert "one is started here until the alert is accounted for" in ended.err
    assert ended.document["report"]["unaccounted"] == 0
    shown = await seeded.process("alert", "list")
    assert shown.code == 5  # only what must not wait starts a service


async def test_anybody_who_is_not_accounted_for_in_time_is_no_success(seeded: Any):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never says a word
        relay = f"smtp://127.0.0.1:{silent.getsockname()[1]}?from=Mairie <mairie@laigle.example>"
        ended = await seeded.process(
            *SEND, "--channels", "email", "--yes", "--json", "--wait", "1",
            TOCSIN_SMTP_URL=relay, TOCSIN_GRACE_S="0",
        )  # fmt: skip
    assert ended.code == 3, ended.err
    assert ended.document["report"]["unaccounted"] > 0
    assert "not everyone is accounted for" in ended.err


async def test_an_alert_can_be_looked_at_and_cancelled(seeded: Any, running: str):
    sent = await seeded.beside(*SEND, "--yes", "--json", TOCSIN_URL=running)
    alert_id = sent.document["alert"]["id"]
    listed = (await seeded.beside("alert", "list", "--json", TOCSIN_URL=running)).document
    assert [each["id"] for each in listed["alerts"]] == [alert_id]
    shown = await seeded.beside("alert", "show", alert_id, TOCSIN_URL=running)
    assert shown.code == 0
    assert "Crue de la Risle" in shown.out
    rows = (await seeded.beside("alert", "deliveries", alert_id, "--limit", "7", "--json", TOCSIN_URL=running)).document
    assert len(rows["deliveries"]) == 7
    assert rows["next"] is not None
    missed = (await seeded.beside("alert", "unreached", alert_id, "--json", TOCSIN_URL=running)).document
    assert missed["unreached"] == sent.document["unreached"]
    visits = await seeded.beside("alert", "visits", alert_id, "--csv", TOCSIN_URL=running, LANG="fr_FR.UTF-8")
    columns, *people = csv.reader(io.StringIO(visits.out.removeprefix("\ufeff")), delimiter=";")
    assert columns[:3] == ["Rue", "Numéro", "Nom"]
    assert {each[2] for each in people} == {each["name"] or "" for each in missed["unreached"]}
    listed = (await seeded.beside("alert", "visits", alert_id, "--json", TOCSIN_URL=running)).document
    assert sum(each["listed"] for each in listed["streets"]) == len(people) > 0
    assert (await seeded.beside("alert", "cancel", alert_id, TOCSIN_URL=running)).code == 6
    first = await seeded.beside("alert", "cancel", alert_id, "--yes", "--json", TOCSIN_URL=running)
    second = await seeded.beside("alert", "cancel", alert_id, "--yes", "--json", TOCSIN_URL=running)
    assert first.document["msg_type"] == "cancel"
    assert second.document["id"] == first.document["id"]
    assert (await seeded.beside("alert", "show", "12", TOCSIN_URL=running)).code == 2


@asynccontextmanager
async def between(url: str, *, lost: set[str], broken_streams: bool = False) -> AsyncIterator[tuple[str, list[str]]]:
    """Something between the two that hands on requests, and loses the first answer on each of the paths ``lost``."""
    asked: list[str] = []
    losing = set(lost)

    async def hand_on(request: web.Request) -> web.StreamResponse:
        asked.append(f"{request.method} {request.path}")
        headers = {name: value for name, value in request.headers.items() if name not in ("Host", "Content-Length")}
        body = await request.read()
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(request.method, url + request.path_qs, headers=headers, data=body or None) as answer,
        ):
            if answer.content_type == "text/event-stream" and broken_streams:
                stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
                await stream.prepare(request)
                await stream.write(await answer.content.readany())
                assert request.transport is not None
                request.transport.abort()
                return stream
            if request.path in losing:
                losing.discard(request.path)
                await answer.read()
                assert request.transport is not None
                request.transport.abort()
            kind = answer.headers.get("Content-Type", "application/json")
            return web.Response(status=answer.status, body=await answer.read(), headers={"Content-Type": kind})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hand_on)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


async def test_an_answer_that_was_lost_does_not_send_twice(seeded: Any, running: str):
    async with between(running, lost={"/v1/alerts"}) as (url, asked):
        ended = await seeded.beside(*SEND, "--yes", "--json", TOCSIN_URL=url)
    assert ended.code == 0, ended.err
    assert asked.count("POST /v1/alerts") == 2
    (only,) = await alerts_of(running, seeded)
    assert only["id"] == ended.document["alert"]["id"]


async def test_a_stream_that_breaks_is_followed_by_asking(seeded: Any, running: str):
    async with between(running, lost=set(), broken_streams=True) as (url, asked):
        ended = await seeded.beside(*SEND, "--yes", "--json", TOCSIN_URL=url)
    assert ended.code == 0, ended.err
    alert_id = ended.document["alert"]["id"]
    assert f"GET /v1/alerts/{alert_id}/report" in asked
    assert ended.document["report"]["unaccounted"] == 0


async def test_the_same_key_is_the_same_alert(seeded: Any, running: str):
    args = (*SEND, "--yes", "--json", "--no-follow", "--idempotency-key", "crue-1")
    one = await seeded.beside(*args, TOCSIN_URL=running)
    two = await seeded.beside(*args, TOCSIN_URL=running)
    assert one.document["alert"]["id"] == two.document["alert"]["id"]
    other = await seeded.beside(*args, "--headline", "Autre chose", TOCSIN_URL=running)
    assert other.code == 2
    assert "Idempotency-Key" in other.err


async def _bearer(seeded: Any) -> dict[str, str]:
    return {"Authorization": "Bearer " + (await seeded.beside("key", "operator")).out.strip()}


async def test_a_service_of_its_own_stays_until_the_all_clear_is_out(seeded: Any):
    sent = await seeded.process(*SEND, "--yes", "--json", "--no-follow")  # would end before it has sent: it follows
    assert sent.document["report"]["unaccounted"] == 0
    alert_id = sent.document["alert"]["id"]
    cleared = await seeded.process("alert", "cancel", alert_id, "--yes", "--json")
    assert cleared.code == 0, cleared.err
    async with serving(config.load({**seeded.env, "TOCSIN_PORT": "0"})) as service:
        shown = await seeded.process("alert", "show", cleared.document["id"], "--json", TOCSIN_URL=service.url)
    account = shown.document["report"]
    told = sent.document["report"]
    assert account["unaccounted"] == 0
    assert account["people"]["accepted"] == told["people"]["accepted"]


async def test_an_interruption_says_what_becomes_of_the_alert(seeded: Any):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        relay = f"smtp://127.0.0.1:{silent.getsockname()[1]}?from=Mairie <mairie@laigle.example>"
        process = await seeded.begun(
            *SEND, "--channels", "email", "--yes", TOCSIN_SMTP_URL=relay, TOCSIN_GRACE_S="0", PYTHONUNBUFFERED="1"
        )
        assert process.stdout is not None
        await process.stdout.readuntil(b"is taken")
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    assert process.returncode == 3
    assert b"start `tocsin serve`, and it goes out" in err
    assert b"KeyboardInterrupt" not in err


async def test_a_list_that_is_imported_beside_a_service_counts_in_the_next_reach(
    seeded: Any, running: str, tmp_path: Path
):
    reach = (*SEND, "--dry-run", "--json")
    before = (await seeded.beside(*reach, TOCSIN_URL=running)).document["reach"]["people"]
    path = tmp_path / "club.csv"
    path.write_text("id,mobile,lon,lat\n1,0639980001,0.6283,48.7631\n2,0639980002,0.6283,48.7631\n")
    assert (await seeded.process("import", "subscribers", str(path), "--station", "laigle")).code == 0
    async with asyncio.timeout(30):
        while (await seeded.beside(*reach, TOCSIN_URL=running)).document["reach"]["people"] != before + 2:
            pass  # each asking takes its time
