"""Contacts that people share: one message, which counts for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from broadcaster.store.people import contacts as contact_rows
from tests.servers.smtp import Fault
from tests.servers.town import OUTSIDE, Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import audit, quiet, recount, told
from tests.servers.twilio import Line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as made:
        yield made


async def test_a_households_one_telephone_rings_once_and_counts_for_everyone_there(town: Town) -> None:
    first, second, third = town.resident("voice"), town.resident(), town.resident("push")
    second.landline = third.landline = first.landline
    await town.settle(first, second, third)
    town.twilio.line(Line(press="1"))
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])
        await quiet(town)
        account = await api.account(alert["id"])
        foreseen = await api.call(
            "POST",
            "/v1/reach",
            {"station": "laigle", "severity": "severe", "area": alert["area"], "headline": "La Risle déborde"},
        )
    assert len(town.twilio.calls) == 1
    assert account["people"]["acknowledged"] == account["matched"] == 3
    assert account["channels"]["voice"] == {"acknowledged": 1}
    assert (foreseen["channels"]["voice"]["people"], foreseen["channels"]["voice"]["contacts"]) == (3, 1)
    await audit(town, alert["id"], [first, second, third])


async def test_a_contact_whose_owner_opted_out_of_the_station_is_left_alone_for_all_who_share_it(town: Town) -> None:
    first, second = town.resident("email"), town.resident("sms")
    second.mail = first.mail
    await town.settle(first, second)
    async with town.store.write() as unit:
        ids = await contact_rows.ensure(unit, first.registration().contacts, town.clock.now())
        [contact_id] = ids.values()
        await contact_rows.opt_out(unit, contact_id, town.stations["laigle"], town.clock.now())
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])
        await quiet(town)
        [missed] = await api.unreached(alert["id"])
    assert not town.smtp.messages
    assert int(missed["subscriber_id"]) == first.id
    assert set(await told(town, alert["id"])) == {("sms", second.mobile)}
    await recount(town.store, alert["id"])


async def test_a_way_out_that_is_taken_before_the_message_left_is_heeded(town: Town) -> None:
    someone = town.resident("email")
    await town.settle(someone)
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])
        link = town.smtp.messages[0].parsed["List-Unsubscribe"].strip("<>").split(">")[0]
        async with api.http.post(link, data={"List-Unsubscribe": "One-Click"}) as answer:
            assert answer.status in {200, 202, 204}
        again = await api.issue()
        account = await api.finished(again["id"])
        await quiet(town)
    assert account["people"]["unreached"] == 1
    assert len(town.smtp.messages) == 1


async def test_someone_who_comes_late_and_shares_a_contact_that_was_told_counts_as_told(town: Town) -> None:
    first = town.resident("email")
    await town.settle(first)
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])
        late = town.resident()
        late.mail = first.mail
        await town.settle(late)
        await api.call(
            "PUT", "/v1/subscribers/me/position", {"lon": OUTSIDE[0], "lat": OUTSIDE[1]}, expect=204, key=late.token
        )
        await eventually(lambda: _matched(api, alert["id"], 2), "the latecomer is in the account")
        account = await api.account(alert["id"])
        await quiet(town)
    assert account["people"]["accepted"] == 2
    assert len(town.smtp.messages) == 1
    await audit(town, alert["id"], [first, late])


async def test_someone_who_comes_late_and_shares_a_contact_that_failed_is_unreached_with_a_reason(town: Town) -> None:
    first = town.resident("email")
    await town.settle(first)
    town.smtp.fail(Fault("rcpt", "550 5.7.1 policy"))
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])
        late = town.resident()
        late.mail = first.mail
        await town.settle(late)
        where = {"lon": OUTSIDE[0], "lat": OUTSIDE[1]}
        await api.call("PUT", "/v1/subscribers/me/position", where, expect=204, key=late.token)
        await eventually(lambda: _matched(api, alert["id"], 2), "the latecomer is in the account")
        unreached = await api.unreached(alert["id"])
    assert [each["why"] for each in unreached] == ["E-mail: refused, or not delivered (smtp:550 5.7.1)"] * 2
    await recount(town.store, alert["id"])


async def _matched(api, alert_id: str, count: int) -> bool:
    return (await api.account(alert_id))["matched"] == count
