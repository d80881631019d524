"""``tocsin send --at`` and ``tocsin schedule``, against a service that runs."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from broadcaster import config
from broadcaster.app import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SEND = ("send", "--station", "laigle", "--audience", "all_followers", "--severity", "minor", "--headline", "Cantine")
LATER = ("--at", "2030-12-02 07:30", "--repeat", "FREQ=WEEKLY;BYDAY=MO", "--expires", "4h")


@pytest.fixture
async def running(seeded: Any) -> AsyncIterator[str]:
    soon = date.today() + timedelta(days=30)  # noqa: DTZ011  any day
    seeded.env["TOCSIN_SCHOOL_HOLIDAYS_FILE"] = str(seeded.data / "school.csv")
    (seeded.data / "school.csv").write_text(f"zone,first,last\nReunion,{soon},{soon}\n")
    with capture_logs():
        async with serving(config.load({**seeded.env, "TOCSIN_PORT": "0"})) as service:
            yield service.url


async def test_mondays_message_is_scheduled_looked_at_paused_resumed_and_ended(seeded: Any, running: str):
    async def run(*args: str) -> Any:
        ended = await seeded.beside(*args, TOCSIN_URL=running)
        assert ended.code == 0, ended.err
        return ended

    made = (await run(*SEND, *LATER, "--skip-school-holidays", "B", "--yes", "--json")).document
    schedule = made["schedule"]
    assert (schedule["at"], schedule["lasts_minutes"], schedule["skip_school_holidays"]) == (
        "2030-12-02T07:30",
        240,
        "B",
    )
    assert made["reach"]["people"] > 100
    assert schedule["id"] in (await run("schedule", "list")).out
    assert "Cantine" in (await run("schedule", "show", schedule["id"])).out
    coming = (await run("schedule", "next", schedule["id"], "--count", "3", "--json")).document
    assert coming[0] == schedule["next"]
    await run("schedule", "pause", schedule["id"], "--occurrence", coming[0])
    assert (await run("schedule", "next", schedule["id"], "--json")).document[0] == coming[1]
    assert (await run("schedule", "next", schedule["id"])).out.startswith("2030-12-09 07:30\n"), "in the station's time"
    paused = (await run("schedule", "pause", schedule["id"], "--occurrence", "2030-12-16 07:30", "--following")).out
    assert (await run("schedule", "next", schedule["id"], "--json")).document == [coming[1]]
    rest = paused.rpartition(" ")[2].strip()
    resumed = (await run("schedule", "resume", rest)).out
    assert resumed == "next: 2030-12-16 07:30\n"
    assert (await run("schedule", "next", rest, "--json")).document[0] == coming[2]
    await run("schedule", "pause", schedule["id"])
    assert (await run("schedule", "next", schedule["id"], "--json")).document == []
    await run("schedule", "resume", schedule["id"])
    assert (await run("schedule", "next", schedule["id"], "--json")).document[0] == coming[1]
    await run("schedule", "cancel", schedule["id"], "--yes")
    assert schedule["id"] not in (await run("schedule", "list")).out


async def test_the_doctor_says_beforehand_that_school_holidays_will_be_unknown(seeded: Any, running: str):
    sent = await seeded.beside(*SEND, *LATER, "--skip-school-holidays", "Reunion", "--yes", TOCSIN_URL=running)
    assert sent.code == 0, sent.err
    told = (await seeded.beside("doctor", TOCSIN_URL=running)).out
    assert "School holidays of zone Reunion are known until" in told
    assert "TOCSIN_SCHOOL_HOLIDAYS_FILE" in told


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--repeat", "FREQ=DAILY"), "--repeat goes with --at"),
        (("--at", "2020-01-01 07:30"), "over already"),
        (("--at", "2030-12-02 07:30", "--repeat", "FREQ=MINUTELY"), "once an hour"),
        (("--at", "2030-12-02 07:30", "--expires", "2030-12-01 07:30"), "--expires"),
    ],
)
async def test_what_can_not_be_is_told(seeded: Any, running: str, args: tuple[str, ...], told: str):
    ended = await seeded.beside(*SEND, *args, "--yes", TOCSIN_URL=running)
    assert ended.code != 0
    assert told in ended.err


async def test_who_sends_at_night_is_asked_whether_to_wake_people(seeded: Any, running: str):
    night = (*SEND, "--at", "2030-12-02 23:00", "--expires", "3h")

    async def answer(given: str, *args: str) -> Any:
        return await asyncio.to_thread(seeded, *night, *args, given=given, TOCSIN_URL=running)

    refused = await answer("")
    assert (refused.exit_code != 0, "--no-wakes" in refused.stderr) == (True, True)
    for given, wakes in (("n\ny\n", False), ("y\ny\n", True)):
        answered = await answer(given)
        assert answered.exit_code == 0, answered.stderr
        assert "NEVER" in answered.stdout
        assert ("will be woken" in answered.stdout) == wakes
        listed = await seeded.beside("schedule", "list", "--json", TOCSIN_URL=running)
        assert listed.document["schedules"][0]["wakes"] is wakes
    said = await answer("y\n", "--no-wakes")
    assert (said.exit_code, "Wake" in said.stderr) == (0, False), "who said so is not asked again"


async def test_without_a_yes_nothing_is_scheduled(seeded: Any, running: str):
    assert (await seeded.beside(*SEND, *LATER, TOCSIN_URL=running)).code != 0
    listed = await seeded.beside("schedule", "list", "--json", TOCSIN_URL=running)
    assert listed.document["schedules"] == []


async def test_a_topic_is_renamed_and_one_that_a_scheduled_alert_has_stays(seeded: Any, running: str):
    made = await seeded.beside(*SEND, *LATER, "--topic", "works", "--yes", TOCSIN_URL=running)
    assert made.code == 0, made.err
    shown = await seeded.beside("station", "topics", "laigle", "--rename", "works", "Chantiers")
    assert (shown.code, "Chantiers" in shown.out, "traffic" in shown.out) == (0, True, True)
    refused = await seeded.beside("station", "topics", "laigle", "traffic", "--yes")
    assert (refused.code != 0, "The topic works is in a scheduled alert" in refused.err) == (True, True)
