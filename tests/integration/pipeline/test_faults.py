"""What goes wrong at a provider, and what becomes of the person behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from broadcaster.domain.people import ChannelName
from broadcaster.sending.backoff import IN_TROUBLE_S, MOST_ATTEMPTS
from broadcaster.store import StoreUnavailable
from broadcaster.store.alerts import batches
from broadcaster.store.alerts import report as reports
from broadcaster.store.tables import contacts, deliveries
from channels.transport.breaker import BreakerState
from tests.servers.push import Behaviour
from tests.servers.smtp import Fault, SmtpServer
from tests.servers.town import Resident, Town
from tests.servers.town_api import Api, eventually
from tests.servers.town_audit import audit, given_back, quiet, recount
from tests.servers.twilio import Refuse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import Any


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as made:
        yield made


async def tried(api: Api, alert_id: str, times: int = 1) -> dict[str, Any]:
    """Wait until the one delivery was tried so often, and give it."""
    found: list[dict[str, Any]] = []

    async def there() -> bool:
        found[:] = await api.deliveries(alert_id)
        return bool(found) and found[0]["attempts"] >= times

    await eventually(there, f"{times} tries")
    return found[0]


async def nothing_due(town: Town) -> bool:
    async with town.store.read() as unit:
        return not await batches.due(unit, town.clock.now(), 10)


def gap_s(delivery: dict[str, Any], began: datetime) -> float:
    return (datetime.fromisoformat(delivery["next_attempt_at"]) - began).total_seconds()


async def recovers(town: Town, who: Resident, after_s: float) -> None:
    """One person's message is refused once, waits as long as the provider asked, and arrives at the second try."""
    await town.settle(who)
    async with town.serving() as api:
        began = town.clock.now()
        alert = await api.issue()
        first = await tried(api, alert["id"])
        assert first["state"] == "queued"
        assert after_s <= gap_s(first, began) < after_s + 15, "not before the provider's own word"
        await eventually(lambda: given_back(town), "the batch is given back")
        town.clock.advance(after_s - 5)
        assert await nothing_due(town)
        town.clock.advance(20)
        account = await api.finished(alert["id"])
        await quiet(town)
        assert (await api.deliveries(alert["id"]))[0]["attempts"] == 2
    assert account["people"]["unreached"] == 0
    await audit(town, alert["id"], [who])


async def test_a_push_service_that_asks_for_ten_minutes_gets_them(town: Town) -> None:
    town.push.behave(Behaviour(status=429, retry_after="600", times=1))
    await recovers(town, town.resident("push"), 600)


async def test_a_push_service_in_trouble_until_a_date_is_left_alone_until_then(town: Town) -> None:
    town.push.behave(Behaviour(status=503, retry_after=Behaviour.retry_at(301), times=1))
    await recovers(town, town.resident("push"), 299)


async def test_a_relay_that_greylists_is_tried_again_after_its_time(town: Town) -> None:
    town.smtp.fail(Fault("rcpt", "451 4.7.1 Greylisted, come back in 120 seconds", times=1))
    await recovers(town, town.resident("email"), 120)


async def test_a_carrier_that_asks_to_slow_down_is_heeded(town: Town) -> None:
    someone = town.resident("sms")
    town.twilio.fault(Refuse(429, 20429, retry_after="90"), times=1)
    await recovers(town, someone, 90)


async def test_trouble_without_a_word_when_to_come_back_is_tried_again_soon(town: Town) -> None:
    people = [town.resident("push") for _ in range(30)]
    await town.settle(*people)
    town.push.behave(Behaviour(status=500))
    async with town.serving() as api:
        alert = await api.issue()
        origin = api.running.services.senders[ChannelName.PUSH].origins.of(town.push.origin)
        await eventually(lambda: origin.breaker.state is not BreakerState.CLOSED, "it is left alone")
        for trouble in ("", "drop", "half"):
            tried = town.push.requests
            await eventually(lambda tried=tried: town.push.requests > tried, "a trial", timeout_s=40)
            town.push.behave(Behaviour(status=500, trouble=trouble))
        waiting = [each for each in await api.deliveries(alert["id"]) if each["next_attempt_at"]]
        assert max(gap_s(each, town.clock.now()) for each in waiting) <= IN_TROUBLE_S, "nor does who was the trial"
        town.push.behave(Behaviour())
        town.clock.advance(IN_TROUBLE_S)
        await api.finished(alert["id"], timeout_s=40)
        await quiet(town)
    await audit(town, alert["id"], people)


async def test_a_failed_probe_counts_no_attempt_against_its_message(town: Town) -> None:
    someone, *others = (town.resident("push") for _ in range(6))
    await town.settle(someone, *others)
    town.push.behave(Behaviour(status=500))
    async with town.serving() as api:
        alert = await api.issue()
        origin = api.running.services.senders[ChannelName.PUSH].origins.of(town.push.origin)
        await eventually(lambda: origin.breaker.state is not BreakerState.CLOSED, "it is left alone")
        await eventually(lambda: given_back(town), "the batch is given back")
        async with town.store.write() as unit:
            await unit.conn.execute(update(deliveries).values(attempts=MOST_ATTEMPTS))
        tried = town.push.requests
        town.clock.advance(IN_TROUBLE_S)
        await eventually(lambda: town.push.requests > tried, "a trial", timeout_s=40)
        town.push.behave(Behaviour())
        town.clock.advance(IN_TROUBLE_S)
        await api.finished(alert["id"], timeout_s=40)
        await quiet(town)
    await audit(town, alert["id"], [someone, *others])


@pytest.mark.parametrize("way", ["push", "email", "sms"])
async def test_a_dead_contact_is_retired_and_not_tried_by_the_next_alert(town: Town, way: str) -> None:
    someone, other = town.resident(way), town.resident(way)
    await town.settle(someone, other)
    if way == "push":
        someone.devices[0].behave(Behaviour(status=410))
    town.smtp.fail(Fault("rcpt", "550 5.1.1 no such user"), recipient=someone.mail or "nobody")
    town.twilio.fault(Refuse(400, 21211, "Invalid 'To' Phone Number"), number=someone.mobile or "nobody")
    async with town.serving() as api:
        alert = await api.issue()
        account = await api.finished(alert["id"])
        unreached = await api.unreached(alert["id"])
        assert account["channels"][way] == {"accepted": 1, "gone": 1} or account["channels"][way]["gone"] == 1
        assert [int(each["subscriber_id"]) for each in unreached] == [someone.id]
        code = {"push": "push:410", "email": "smtp:550 5.1.1", "sms": "twilio:21211"}[way]
        assert unreached[0]["reasons"] == [{"reason": "gone", "channel": way, "code": code}]
        await quiet(town)
        before = town.push.requests, len(town.twilio.requests)
        again = await api.issue()
        await api.finished(again["id"])
        await quiet(town)
        [missed] = await api.unreached(again["id"])
        assert missed["reasons"] == [{"reason": "no-contact", "channel": None, "code": None}]
        assert len(await api.deliveries(again["id"])) == 1
    assert (town.push.requests - before[0]) + (len(town.twilio.requests) - before[1]) <= 1
    await recount(town.store, alert["id"])
    await recount(town.store, again["id"])


async def test_someone_whom_every_channel_fails_is_unreached_and_each_failure_is_named(town: Town) -> None:
    someone = town.resident("push", "sms", "email")
    await town.settle(someone)
    town.push.behave(Behaviour(status=400, body="bad"))
    town.smtp.fail(Fault("rcpt", "550 5.7.1 policy"))
    town.twilio.fault(Refuse(400, 21612, "no road"))
    async with town.serving() as api:
        alert = await api.issue()
        account = await api.finished(alert["id"])
        [missed] = await api.unreached(alert["id"])
    assert account["people"]["unreached"] == 1
    assert account["unaccounted"] == 0
    assert missed["external_id"] == someone.external_id
    assert set(missed["why"].split("; ")) == {
        "Notification: refused, or not delivered (push:400)",
        "E-mail: refused, or not delivered (smtp:550 5.7.1)",
        "SMS: refused, or not delivered (twilio:21612)",
    }
    await recount(town.store, alert["id"])


async def test_a_channel_with_wrong_credentials_stops_says_so_and_goes_on_by_itself_when_mended(town: Town) -> None:
    people = [town.resident("push", "sms") for _ in range(130)]
    await town.settle(*people)
    town.twilio.fault(Refuse(401, 20003, "Authenticate"))
    async with town.serving() as api:
        alert = await api.issue()
        account = await api.until(
            alert["id"], lambda each: "sms" in each["stopped"] and each["channels"]["push"].get("accepted") == 130
        )
        assert "20003" in account["stopped"]["sms"]
        assert account["finished_at"] is None
        assert account["people"]["accepted"] == 130, "the other channel went on"
        assert set((await api.ready())["stopped"]) == {"sms"}
        tries = len(town.twilio.requests)
        assert tries <= 2 * town.settings.sms_concurrency, "it was not asked 130 times"
        town.clock.advance(31)
        await eventually(lambda: len(town.twilio.requests) > tries, "another try")
        await eventually(lambda: nothing_due(town), "the others wait")
        assert len(town.twilio.requests) <= tries + 4, "by a few, not by all"
        await recount(town.store, alert["id"])
        town.twilio._standing.clear()
        town.clock.advance(31)
        account = await api.finished(alert["id"])
        assert account["stopped"] == {}
        assert (await api.ready())["stopped"] == {}
        await quiet(town)
    await audit(town, alert["id"], people)


async def test_a_relay_that_refuses_to_sign_us_in_stops_mail_alone(tmp_path: Path) -> None:
    async with Town(tmp_path, smtp=SmtpServer(credentials=("user", "password"))) as town:
        people = [town.resident("push", "email") for _ in range(12)]
        await town.settle(*people)
        town.smtp.fail(Fault("auth", "535 5.7.8 Authentication credentials invalid"))
        async with town.serving() as api:
            alert = await api.issue()
            account = await api.until(
                alert["id"], lambda each: "email" in each["stopped"] and each["channels"]["push"].get("accepted") == 12
            )
            assert "5.7.8" in account["stopped"]["email"]
            assert set((await api.ready())["stopped"]) == {"email"}
            town.smtp.heal()
            town.clock.advance(31)
            account = await api.finished(alert["id"])
            assert account["stopped"] == (await api.ready())["stopped"] == {}
            await quiet(town)
        await audit(town, alert["id"], people)


async def test_a_stop_does_not_outlive_a_restart_with_mended_settings(town: Town) -> None:
    someone = town.resident("sms")
    await town.settle(someone)
    town.twilio.fault(Refuse(401, 20003, "Authenticate"))
    async with town.serving() as api:
        alert = await api.issue()
        await api.until(alert["id"], lambda each: "sms" in each["stopped"])
    town.twilio._standing.clear()
    town.clock.advance(31)
    async with town.serving() as api:
        account = await api.finished(alert["id"])
        await quiet(town)
        assert account["people"]["delivered"] + account["people"]["accepted"] == 1
        assert (await api.account(alert["id"]))["stopped"] == {}
        assert (await api.ready())["stopped"] == {}
    await audit(town, alert["id"], [someone])


async def test_an_address_that_cannot_be_opened_is_put_aside_and_shown_and_the_rest_goes_on(town: Town) -> None:
    people = [town.resident("push") for _ in range(40)]
    poisoned, garbled = people[7], people[23]
    await town.settle(*people)
    async with town.store.write() as unit:
        print_of = {each: unit.vault.fingerprint("push", each.devices[0].endpoint) for each in (poisoned, garbled)}
        altered = b"\0" * 60
        await unit.conn.execute(
            update(contacts).where(contacts.c.fingerprint == print_of[poisoned]).values(sealed=altered)
        )
        sealed = unit.vault.seal(b"no JSON", b"contact:" + print_of[garbled])
        await unit.conn.execute(
            update(contacts).where(contacts.c.fingerprint == print_of[garbled]).values(sealed=sealed)
        )
    async with town.serving() as api:
        alert = await api.issue()
        account = await api.finished(alert["id"])
        await quiet(town)
        rows = await api.deliveries(alert["id"], "&state=dead_letter")
        unreached = await api.unreached(alert["id"])
    assert account["channels"]["push"] == {"accepted": 38, "dead_letter": 2}
    assert {int(each["subscriber_id"]) for each in rows} == {poisoned.id, garbled.id}
    assert {each["reason"] for each in rows} == {"address-sealed", "service-error"}
    assert {int(each["subscriber_id"]) for each in unreached} == {poisoned.id, garbled.id}
    assert sum(bool(each.devices[0].messages) for each in people) == 38
    await recount(town.store, alert["id"])


async def test_a_message_whose_answer_was_lost_may_come_twice_but_under_one_key(town: Town) -> None:
    someone = town.resident("push", "email")
    await town.settle(someone)
    someone.devices[0].behave(Behaviour(trouble="drop-after", times=1))
    town.smtp.fail(Fault("kept", "disconnect", times=1))
    async with town.serving() as api:
        alert = await api.issue()
        for _ in range(3):
            await tried(api, alert["id"])
            town.clock.advance(120)
        account = await api.finished(alert["id"])
        await quiet(town)
    assert account["people"]["accepted"] == 1
    assert len({each.headers["Topic"] for each in someone.devices[0].messages}) == 1
    assert len({each.parsed["Message-ID"] for each in town.smtp.messages}) == 1
    await audit(town, alert["id"], [someone], doubles=2)


async def test_a_late_alert_keeps_the_time_of_everyone_else_when_a_device_hangs(tmp_path: Path) -> None:
    async with Town(tmp_path, send_timeout_s=3) as town:
        people = [town.resident("push") for _ in range(50)]
        await town.settle(*people)
        people[3].devices[0].behave(Behaviour(trouble="hang"))
        async with town.serving() as api:
            alert = await api.issue(expires=(town.clock.now() + timedelta(hours=1)).isoformat())
            await eventually(lambda: len(town.push.messages) == 49, "the 49 others")
            delivery = await _hanging(api, alert["id"])
            assert delivery["code"].startswith("push:")
            people[3].devices[0].behaviours.clear()
            town.clock.advance(30)
            await api.finished(alert["id"])
            await quiet(town)
        await audit(town, alert["id"], people)


async def _hanging(api: Api, alert_id: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    async def tried_once() -> bool:
        found[:] = [each for each in await api.deliveries(alert_id, "&state=queued") if each["attempts"]]
        return bool(found)

    await eventually(tried_once, "the one that hangs was given up for now")
    return found[0]


async def test_a_channel_stopping_while_the_store_is_away_cuts_no_request_in_flight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("disk I/O error")

    monkeypatch.setattr(reports, "stop_channel", away)
    async with Town(tmp_path, push_concurrency=5) as town:
        people = [town.resident("push") for _ in range(5)]
        await town.settle(*people)
        people[0].devices[0].behave(Behaviour(status=401, times=1))
        town.push.hold()
        async with town.serving() as api:
            alert = await api.issue()
            await eventually(lambda: town.push.held == 5, "five messages on the wire")
            town.push.let_go()

            async def refused() -> bool:
                return any(each["code"] == "push:401" for each in await api.deliveries(alert["id"]))

            await eventually(refused, "one of them is refused, and due again in half a minute")
            assert len(town.push.messages) == 4
            town.clock.advance(31)
            await api.finished(alert["id"])
            await quiet(town)
        await audit(town, alert["id"], people)


async def test_a_provider_that_refuses_the_sender_retires_nobody_and_its_own_words_are_kept(town: Town) -> None:
    people = [town.resident("email") for _ in range(6)]
    for number, each in enumerate(people):
        each.mail = f"r{number}@{'orange.fr' if number < 4 else 'free.fr'}"
    await town.settle(*people)
    for each in people[:4]:
        town.smtp.fail(Fault("rcpt", "550 mwinf5c04 ME Adresse IP source bloquee. OFR006_102"), recipient=each.mail)
    town.smtp.fail(Fault("end", "550 spam detected"), recipient=people[4].mail)
    async with town.serving() as api:
        alert = await api.issue()
        account = await api.finished(alert["id"])
        assert account["channels"]["email"] == {"accepted": 1, "failed": 5}
        assert account["warnings"] == [
            "Orange refuses e-mail from this service: 4 people (smtp:550).",
            "Free refuses e-mail from this service: 1 person (smtp:550).",
        ]
        await quiet(town)
        town.smtp.heal()
        again = await api.issue()
        account = await api.finished(again["id"])
        assert account["channels"]["email"] == {"accepted": 6}
        assert account["warnings"] == []
