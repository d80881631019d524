"""Quiet hours: nobody is woken for what is not grave, what waited goes out in the morning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from broadcaster.store.tables import recipients
from tests.contract.stores import URLS
from tests.integration.pipeline.test_digest import WISHES, digest_of, in_digest
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import recount, told
from tests.servers.town_facts import STATION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.servers.town_api import Api

PARIS = ZoneInfo("Europe/Paris")
NIGHT = "22:00-07:00"


@pytest.fixture(params=URLS)
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    """A town in whose quiet hours it is now, on either store."""
    now = datetime.now(PARIS)
    night = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    url = URLS[request.param](request, tmp_path)
    async with Town(tmp_path, quiet_hours=night, database_url=url, secret_key="ab" * 32) as made:
        yield made


async def morning(api: Api) -> None:
    """Let the quiet hours be over: the database has a clock of its own, which no test moves."""
    services = api.running.services
    services.settings = services.settings.model_copy(update={"quiet_hours": "00:00-00:00"})
    async with services.store.write() as unit:
        waits = recipients.c.wait_until.is_not(None)
        await unit.conn.execute(update(recipients).where(waits).values(wait_until=services.clock.now()))


def set_to(town: Town, hour: int, minute: int = 0) -> None:
    """Move the town's clock on to the next time that it is this hour in Paris."""
    now = town.clock.now().astimezone(PARIS)
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if then <= now:
        then += timedelta(days=1)
    town.clock.advance((then.astimezone(UTC) - now.astimezone(UTC)).total_seconds())


def in_hours(town: Town, hours: float) -> str:
    return (town.clock.now() + timedelta(hours=hours)).isoformat()


async def waiting(api, alert_id: str, people: int) -> dict:
    async def wait() -> bool:
        return (await api.account(alert_id))["waiting"] == people

    await eventually(wait, f"{people} people wait")
    return await api.account(alert_id)


async def test_at_night_a_moderate_alert_waits_until_the_morning_and_then_reaches_everyone(town: Town) -> None:
    people = [town.resident("push") for _ in range(5)]
    await town.settle(*people)
    async with town.serving() as api:
        asked = {"station": STATION, "severity": "moderate", "audience": "all_followers", "channels": ["push"]}
        foreseen = await api.call("POST", "/v1/reach", {**asked, "expires": in_hours(town, 24)})
        assert foreseen["hearing"]["later"] == foreseen["people"] > 0
        alert = await api.issue(severity="moderate", expires=in_hours(town, 24))
        account = await waiting(api, alert["id"], 5)
        assert account["people"]["pending"] == account["unaccounted"] == 5
        assert account["state"] == "sending"
        assert not town.push.messages
        await morning(api)
        account = await api.finished(alert["id"])
        assert (account["waiting"], account["people"]["accepted"]) == (0, 5)
    assert {each for _, each in await told(town, alert["id"])} == {each.devices[0].endpoint for each in people}
    await recount(town.store, alert["id"])


async def test_who_opened_the_page_at_night_is_not_sent_it_in_the_morning(town: Town) -> None:
    reader, sleeper = (town.resident("push") for _ in range(2))
    await town.settle(reader, sleeper)
    async with town.serving() as api:
        alert = await api.issue(severity="moderate", expires=in_hours(town, 24))
        await waiting(api, alert["id"], 2)
        token = alert["url"].rpartition("/")[2]
        for _ in range(2):
            await api.call("PUT", f"/v1/subscribers/me/opened/{token}", expect=204, key=reader.token)
        assert (await api.account(alert["id"]))["people"]["opened"] == 1
        await morning(api)
        account = await api.finished(alert["id"])
        assert (account["people"]["opened"], account["people"]["accepted"]) == (1, 1)
    assert {each for _, each in await told(town, alert["id"])} == {sleeper.devices[0].endpoint}


@pytest.mark.parametrize("severity", ["severe", "extreme"])
async def test_what_is_grave_and_real_wakes_everyone_and_an_exercise_of_it_does_not(town: Town, severity: str) -> None:
    await town.settle(town.resident("push"))
    async with town.serving() as api:
        account = await api.finished((await api.issue(severity=severity))["id"])
        assert (account["waiting"], account["people"]["accepted"]) == (0, 1)
        drill = await api.issue(severity=severity, status="exercise", expires=in_hours(town, 24))
        await waiting(api, drill["id"], 1)


async def test_an_alert_over_before_quiet_hours_end_is_sent_at_once_only_if_its_author_chose_so(town: Town) -> None:
    await town.settle(town.resident("push"))
    async with town.serving() as api:
        short = {"severity": "minor", "expires": in_hours(town, 1)}
        account = await api.finished((dropped := await api.issue(**short))["id"])
        assert account["people"]["unreached"] == 1
        (missed,) = await api.unreached(dropped["id"])
        assert missed["why"] == "Not woken: the alert was over before their quiet hours were"
        account = await api.finished((await api.issue(**short, wakes=True))["id"])
        assert account["people"]["accepted"] == 1


async def test_an_alert_that_is_lifted_at_night_is_sent_to_nobody_who_waited(town: Town) -> None:
    await town.settle(town.resident("push"))
    async with town.serving() as api:
        alert = await api.issue(severity="moderate", expires=in_hours(town, 24))
        await waiting(api, alert["id"], 1)
        clear = await api.cancel(alert["id"])
        account = await api.finished(alert["id"])
        assert (account["waiting"], account["people"]["unreached"]) == (0, 1)
        assert (await api.finished(clear["id"]))["matched"] == 0
    assert not town.push.messages


async def test_a_service_that_is_killed_while_people_wait_tells_each_once_in_the_morning(tmp_path: Path) -> None:
    async with Town(tmp_path, quiet_hours=NIGHT) as town:
        await town.settle(*(town.resident("push") for _ in range(30)))
        set_to(town, 23)
        async with town.serving() as api:
            alert = await api.issue(severity="moderate", expires=in_hours(town, 24))
            await waiting(api, alert["id"], 30)
        set_to(town, 7, 1)
        async with town.serving() as api:
            account = await api.finished(alert["id"])
        assert account["people"]["accepted"] == 30
        assert len(town.push.messages) == 30
        await recount(town.store, alert["id"])


async def test_a_clock_set_an_hour_ahead_or_back_wakes_nobody_twice(tmp_path: Path) -> None:
    async with Town(tmp_path, quiet_hours=NIGHT) as town:
        sleeper, collector = (town.resident("push") for _ in range(2))
        await town.settle(sleeper, collector)
        set_to(town, 23)
        async with town.serving() as api:
            first = await api.issue(severity="moderate", expires=in_hours(town, 24))
            await waiting(api, first["id"], 2)
            town.clock.advance(-3600)
            set_to(town, 6, 30)
            assert (await waiting(api, first["id"], 2))["people"]["pending"] == 2
            town.clock.advance(3600)  # shows 7:30
            assert (await api.finished(first["id"]))["people"]["accepted"] == 2
            town.clock.advance(-3600)
            second = await api.issue(severity="moderate", expires=in_hours(town, 24))
            await waiting(api, second["id"], 2)
            set_to(town, 7)
            assert (await api.finished(second["id"]))["people"]["accepted"] == 2

            await api.call("PUT", WISHES, {"digest": ["works"]}, expect=204, key=collector.token)
            works = {"severity": "minor", "topic": "works", "expires": in_hours(town, 48)}
            set_to(town, 17, 30)
            await in_digest(api, (await api.issue(**works))["id"], 1)
            town.clock.advance(3600)
            await api.finished((await digest_of(api))[0]["id"])
            town.clock.advance(-3600)
            late = await api.issue(**works)
            await in_digest(api, late["id"], 1)
            assert len(await digest_of(api)) == 1
            set_to(town, 18)
            newest, _ = await digest_of(api, 2)
            assert (await api.finished(newest["id"]))["people"]["accepted"] == 1
            assert newest["texts"]["fr"]["headline"] == "Résumé du jour (1)"
            assert late["url"] in newest["texts"]["fr"]["description"]
        assert len(town.push.messages) == 2 + 2 + 2 + 2
