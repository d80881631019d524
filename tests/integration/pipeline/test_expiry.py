"""Nothing is sent after ``expires``, and the account closes then."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.servers.push import Behaviour
from tests.servers.smtp import Fault
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import given_back, quiet, recount, told
from tests.servers.twilio import Refuse

if TYPE_CHECKING:
    from pathlib import Path


def in_an_hour(town: Town) -> str:
    return (town.clock.now() + timedelta(hours=1)).isoformat()


async def test_what_is_unsent_when_an_alert_expires_is_never_sent(tmp_path: Path) -> None:
    async with Town(tmp_path, push_per_second=20, push_concurrency=2) as town:
        people = [town.resident("push") for _ in range(60)]
        await town.settle(*people)
        async with town.serving() as api:
            alert = await api.issue(expires=in_an_hour(town))
            await eventually(lambda: len(town.push.messages) >= 25, "25 messages")
            town.clock.advance(3600)
            before = town.push.requests
            account = await api.finished(alert["id"])
            await quiet(town)
            unreached = await api.unreached(alert["id"])
        assert town.push.requests <= before + 2, "no more than was on the wire"
        sent = len(town.push.messages)
        assert account["people"]["accepted"] == account["channels"]["push"]["accepted"] == sent
        assert account["people"]["unreached"] == account["channels"]["push"]["expired"] == 60 - sent > 0
        assert account["unaccounted"] == 0
        assert {each["why"] for each in unreached} == {"Notification: too late, the alert was over"}
        await recount(town.store, alert["id"])


async def test_an_alert_whose_messages_wait_for_another_try_is_closed_when_it_expires(tmp_path: Path) -> None:
    async with Town(tmp_path) as town:
        someone = town.resident("push", "sms", "email")
        await town.settle(someone)
        town.push.behave(Behaviour(status=503, retry_after="86400"))
        town.smtp.fail(Fault("rcpt", "451 4.2.2 full"))
        town.twilio.fault(Refuse(429, 20429, retry_after="86400"))
        async with town.serving() as api:
            alert = await api.issue(expires=in_an_hour(town))
            await eventually(lambda: _waiting(api, alert["id"]), "three that wait for another try")
            await eventually(lambda: given_back(town), "the batches are given back")
            town.clock.advance(3599)
            await quiet_wire(town)
            assert (await api.account(alert["id"]))["people"]["pending"] == 1
            town.clock.advance(2)
            account = await api.finished(alert["id"])
        assert [sums.get("expired") for name, sums in account["channels"].items() if name != "voice"] == [1, 1, 1]
        assert account["people"]["unreached"] == 1
        assert not await told(town, alert["id"])
        assert town.push.requests == 1
        await recount(town.store, alert["id"])


async def _waiting(api, alert_id: str) -> bool:
    rows = await api.deliveries(alert_id)
    return len(rows) == 3 and all(each["attempts"] == 1 and each["next_attempt_at"] for each in rows)


async def quiet_wire(town: Town) -> None:
    """One sweep over the store finds nothing that is due."""
    from broadcaster.store.alerts import batches  # noqa: PLC0415

    async with town.store.read() as unit:
        assert not await batches.due(unit, town.clock.now(), 10)


async def test_a_channel_that_is_stopped_does_not_keep_an_alert_open_after_it_expires(tmp_path: Path) -> None:
    async with Town(tmp_path) as town:
        people = [town.resident("sms") for _ in range(60)]
        await town.settle(*people)
        town.twilio.fault(Refuse(401, 20003, "Authenticate"))
        async with town.serving() as api:
            alert = await api.issue(expires=in_an_hour(town))
            await api.until(alert["id"], lambda account: "sms" in account["stopped"])
            town.clock.advance(3601)
            account = await api.finished(alert["id"])
        assert account["channels"]["sms"] == {"expired": 60}
        assert account["people"]["unreached"] == 60
        await recount(town.store, alert["id"])
