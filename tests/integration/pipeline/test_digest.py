"""The daily digest: one push or mail for the alerts of the topics that a follower wants together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from broadcaster.pipeline.digest import send_digests
from broadcaster.store.alerts import alerts
from broadcaster.store.tables import recipients
from tests.contract.stores import URLS
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import recount

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.servers.town_api import Api

WISHES = "/v1/subscribers/me/follows/laigle/wishes"


@pytest.fixture(params=URLS)
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    url = URLS[request.param](request, tmp_path)
    async with Town(tmp_path, database_url=url, secret_key="ab" * 32) as made:
        yield made


async def in_digest(api: Api, alert_id: str, people: int) -> None:
    async def counted() -> bool:
        return (await api.account(alert_id))["digest"] == people

    await eventually(counted, f"{people} get it in a digest")


async def evening(api: Api) -> None:
    """Let it be six: what is for the digest is due."""
    services = api.running.services
    async with services.store.write() as unit:
        waits = recipients.c.wait_until.is_not(None)
        await unit.conn.execute(update(recipients).where(waits).values(wait_until=services.clock.now()))


async def digest_of(api: Api, number: int = 1) -> list[dict]:
    async def there() -> bool:
        return len(await found()) == number

    async def found() -> list[dict]:
        return (await api.call("GET", "/v1/alerts?digests=true"))["alerts"]

    await eventually(there, f"{number} digests")
    return await found()


async def test_each_gets_one_message_with_what_they_chose_and_nobody_hears_of_it_before(town: Town) -> None:
    both, mailed, one_topic = town.resident("push", "email"), town.resident("email"), town.resident("push")
    await town.settle(both, mailed, one_topic)
    async with town.serving() as api:
        for each, topics in ((both, ["works", "events"]), (mailed, ["works", "events"]), (one_topic, ["works"])):
            await api.call("PUT", WISHES, {"digest": topics}, expect=204, key=each.token)
        road = await api.issue(severity="minor", topic="works")
        fair = await api.issue(severity="moderate", topic="events", channels=["push"])
        await in_digest(api, road["id"], 3)
        await in_digest(api, fair["id"], 2)
        told = (await api.finished(fair["id"]))["people"]["accepted"]
        assert told == 1 == len(town.push.messages), "who wants events at once"
        await evening(api)
        digests = await digest_of(api, 2)

        async def everyone_told() -> bool:
            accounts = [await api.finished(each["id"]) for each in digests]
            return sorted(each["people"]["accepted"] for each in accounts) == [1, 2]

        await eventually(everyone_told, "each digest is with its people")
        texts = [each["texts"]["fr"] for each in digests]
        assert sorted(each["headline"] for each in texts) == ["Résumé du jour (1)", "Résumé du jour (2)"]
        assert all(road["url"] in each["description"] for each in texts)
        for each in digests:
            await recount(town.store, each["id"])
        listed = (await api.call("GET", "/v1/alerts"))["alerts"]
        assert {each["id"] for each in listed} == {road["id"], fair["id"]}, "digests are listed apart"
        before = len(town.push.messages), len(town.smtp.messages)
        await evening(api)
        await send_digests(api.running.services)
        assert (len(town.push.messages), len(town.smtp.messages)) == before == (3, 1), "each has one message, once"


async def test_a_digest_that_was_interrupted_is_sent_to_each_once(town: Town) -> None:
    people = [town.resident("push") for _ in range(3)]
    await town.settle(*people)
    async with town.serving() as api:
        for each in people:
            await api.call("PUT", WISHES, {"digest": ["works"]}, expect=204, key=each.token)
        road = await api.issue(severity="minor", topic="works")
        await in_digest(api, road["id"], 3)
        await evening(api)
        (digest,) = await digest_of(api)
        await api.finished(digest["id"])
        # As it is after a crash between dispatching it and writing that down.
        async with town.store.write() as unit:
            due = (await alerts.by_id(unit, int(digest["id"]))).sent_at
            rows = recipients.c.alert_id == int(road["id"])
            await unit.conn.execute(update(recipients).where(rows).values(wait_until=due))
        await send_digests(api.running.services)
        assert len(await digest_of(api)) == 1
        assert len(town.push.messages) == 3


async def test_what_was_lifted_meanwhile_is_in_no_digest(town: Town) -> None:
    someone = town.resident("push")
    await town.settle(someone)
    async with town.serving() as api:
        await api.call("PUT", WISHES, {"digest": ["works"]}, expect=204, key=someone.token)
        road = await api.issue(severity="minor", topic="works")
        await in_digest(api, road["id"], 1)
        await api.cancel(road["id"])
        await evening(api)
        await send_digests(api.running.services)
        assert not await digest_of(api, 0)
    assert not town.push.messages
