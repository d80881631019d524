"""The other direction of the fence: whoever comes into the area of an alert that holds gets it, once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.smtp import Fault
from tests.servers.town import INSIDE, OUTSIDE, Resident, Town
from tests.servers.town_api import Api, eventually
from tests.servers.town_audit import audit, expected, of_alert, quiet, recount, told
from tests.servers.town_facts import STATION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as made:
        yield made


async def move(api: Api, who: Resident, to: tuple[float, float]) -> None:
    await api.call("PUT", "/v1/subscribers/me/position", {"lon": to[0], "lat": to[1]}, expect=204, key=who.token)


async def register(api: Api, who: Resident, **changes: Any) -> None:
    """As the API's own clients do."""
    contacts: list[dict[str, Any]] = [{"channel": "push", "subscription": each.json} for each in who.devices]
    if who.mail:
        contacts.append({"channel": "email", "email": who.mail})
    places = [{"label": "home", "lon": lon, "lat": lat} for lon, lat in who.places]
    body = {"locale": who.locale, "contacts": contacts, "places": places, "groups": list(who.groups), **changes}
    made = await api.call("POST", f"/v1/stations/{STATION}/subscribers", body, expect=201)
    who.id = int(made["id"])


async def sign_up(api: Api, who: Resident) -> None:
    """As the person's own device does."""
    who.id, who.token = await api.sign_up(who.devices[0].json, *who.places)


async def test_a_device_that_moves_into_the_circle_gets_the_alert_once(town: Town) -> None:
    inside, mover = town.resident("push"), town.resident("push", "email", at=OUTSIDE)
    await town.settle(inside, mover)
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])
        await audit(town, alert["id"], [inside])
        await move(api, mover, INSIDE)
        await eventually(lambda: bool(mover.devices[0].messages), "the device is told")
        await quiet(town)
        account = await api.account(alert["id"])
    assert account["matched"] == 2
    assert account["state"] == "finished"
    await audit(town, alert["id"], [inside, mover])


async def test_a_device_that_was_in_the_circle_before_and_moves_within_it_is_not_told_twice(town: Town) -> None:
    someone = town.resident("push", "sms", "email")
    await town.settle(someone)
    async with town.serving() as api:
        await move(api, someone, INSIDE)
        alert = await api.issue()
        await api.finished(alert["id"])
        await move(api, someone, (INSIDE[0] + 0.001, INSIDE[1]))
        await quiet(town)
    await audit(town, alert["id"], [someone])


async def test_a_device_that_goes_out_and_comes_in_again_and_again_is_told_once(town: Town) -> None:
    mover = town.resident("push", at=OUTSIDE)
    await town.settle(mover)
    async with town.serving() as api:
        alert = await api.issue()
        for _ in range(4):
            await move(api, mover, INSIDE)
            await quiet(town)
            await move(api, mover, OUTSIDE)
            await quiet(town)
    await audit(town, alert["id"], [mover])


async def test_someone_who_registers_in_the_circle_while_the_alert_holds_gets_it_once(town: Town) -> None:
    async with town.serving() as api:
        alert = await api.issue()
        newcomer, elsewhere = town.resident("push"), town.resident("push", at=OUTSIDE)
        await sign_up(api, newcomer)
        await register(api, elsewhere)
        await eventually(lambda: bool(newcomer.devices[0].messages), "the newcomer is told")
        await api.call("PATCH", "/v1/subscribers/me", {"locale": "fr"}, key=newcomer.token)
        await quiet(town)
    await audit(town, alert["id"], [newcomer])


async def test_someone_who_had_no_contact_is_told_when_they_have_one(town: Town) -> None:
    someone = town.resident()
    await town.settle(someone)
    async with town.serving() as api:
        alert = await api.issue()
        account = await api.finished(alert["id"])
        assert account["people"]["unreached"] == 1
        device = town.push.subscribe(town.vapid.public)[1]
        someone.devices.append(device)
        contacts = [{"channel": "push", "subscription": device.json}]
        await api.call("PATCH", "/v1/subscribers/me", {"contacts": contacts}, key=someone.token)
        await eventually(lambda: bool(device.messages), "the device is told")
        await quiet(town)
        account = await api.account(alert["id"])
    assert account["matched"] == 1
    assert account["people"]["unreached"] == 0
    await audit(town, alert["id"], [someone])


async def test_someone_who_joins_a_group_is_told_wherever_they_are_of_its_alert_without_area(town: Town) -> None:
    member = town.resident("push", at=None, groups=("chorale",))
    await town.settle(member)
    async with town.serving() as api:
        alert = await api.issue(area=..., audience={"kind": "groups", "groups": ["chorale"]})
        await api.finished(alert["id"])
        joining, other = town.resident("push", at=OUTSIDE, groups=("chorale",)), town.resident("push")
        await register(api, joining)
        await register(api, other)
        await eventually(lambda: bool(joining.devices[0].messages), "the new member is told")
        await quiet(town)
    await audit(town, alert["id"], [member, joining])


async def test_nobody_enters_an_alert_that_has_expired_or_was_cancelled(town: Town) -> None:
    resident = town.resident("push")
    await town.settle(resident)
    async with town.serving() as api:
        soon = (town.clock.now() + timedelta(hours=1)).isoformat()
        expiring, cancelled = await api.issue(expires=soon), await api.issue()
        await api.finished(expiring["id"])
        await api.finished(cancelled["id"])
        all_clear = await api.cancel(cancelled["id"])
        town.clock.advance(3601)
        late = town.resident("push")
        await sign_up(api, late)
        await move(api, late, INSIDE)
        await quiet(town)
    assert late.devices[0].messages == []
    for each in (expiring, cancelled, all_clear):
        assert set(await told(town, each["id"])) == set(expected([resident]))
        await recount(town.store, each["id"])


async def test_a_late_entrant_reopens_a_finished_alert_and_it_is_finished_again(town: Town) -> None:
    resident = town.resident("push")
    await town.settle(resident)
    async with town.serving() as api:
        alert = await api.issue()
        first = await api.finished(alert["id"])
        town.smtp.fail(Fault("rcpt", "451 4.3.2 later"))
        late = town.resident("email")
        await register(api, late)
        await eventually(lambda: _pending(api, alert["id"]), "the newcomer is pending")
        account = await api.account(alert["id"])
        assert account["finished_at"] is None
        assert account["state"] == "sending"
        assert account["matched"] == 2
        await recount(town.store, alert["id"])
        town.smtp.heal()
        town.clock.advance(120)
        again = await api.finished(alert["id"])
        await quiet(town)
    assert again["finished_at"] > first["finished_at"]
    await audit(town, alert["id"], [resident, late])


async def _pending(api: Api, alert_id: str) -> bool:
    return (await api.account(alert_id))["people"]["pending"] == 1


async def test_a_change_that_was_not_looked_at_before_a_restart_is_looked_at_after_it(town: Town) -> None:
    mover = town.resident("push", at=OUTSIDE)
    await town.settle(mover)
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])
    newcomer = town.resident("push")
    await town.settle(newcomer)  # while nothing runs
    async with town.serving():
        await eventually(lambda: bool(newcomer.devices[0].messages), "the newcomer is told")
        await quiet(town)
    await audit(town, alert["id"], [newcomer])


async def test_a_late_entrants_push_lives_no_longer_than_the_alert(town: Town) -> None:
    early, late = town.resident("push", "sms", at=OUTSIDE), town.resident("push", "sms", at=OUTSIDE)
    await town.settle(early, late)
    async with town.serving() as api:
        alert = await api.issue(expires=(town.clock.now() + timedelta(hours=2)).isoformat())
        await api.finished(alert["id"])
        await move(api, early, INSIDE)
        await quiet(town)
        town.clock.advance(6600)
        await move(api, late, INSIDE)
        await quiet(town)
        came = {each.to: each.whole for each in await of_alert(town, alert["id"])}
    assert 7000 < int(came[early.devices[0].endpoint].headers["TTL"]) <= 7200
    assert 7000 < int(came[early.mobile]["ValidityPeriod"]) <= 7200
    assert 0 < int(came[late.devices[0].endpoint].headers["TTL"]) <= 600
    assert 0 < int(came[late.mobile]["ValidityPeriod"]) <= 600
    await audit(town, alert["id"], [early, late])
