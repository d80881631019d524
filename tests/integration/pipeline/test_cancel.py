"""The all-clear: what is unsent is not sent, and everyone who was told hears that it is over. Nobody else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

from broadcaster.pipeline import update
from broadcaster.pipeline.end import end
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.resolve import resolve
from broadcaster.store.alerts import alerts
from broadcaster.store.alerts import report as reports
from broadcaster.store.tables import recipients
from tests.contract.service import command, service
from tests.contract.stores import BY, add_station, mail, register, resident
from tests.servers.push import Behaviour
from tests.servers.town import OUTSIDE, Town, ids
from tests.servers.town_api import eventually
from tests.servers.town_audit import expected, of_alert, quiet, recount, told
from tests.servers.town_facts import CENTRE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.town_api import Api


async def people_of(town: Town, alert_id: str) -> set[int]:
    async with town.store.read() as unit:
        rows = await unit.conn.scalars(select(recipients.c.subscriber_id).where(recipients.c.alert_id == int(alert_id)))
        return set(rows)


async def _sending(api: Api, alert_id: str) -> bool:
    return (await api.account(alert_id))["state"] == "sending"


async def test_the_unsent_is_cancelled_and_the_all_clear_goes_to_exactly_those_who_were_told(tmp_path: Path) -> None:
    async with Town(tmp_path, push_per_second=40, push_concurrency=4, smtp_per_second=10) as town:
        people = [town.resident("push", "email") if n % 3 else town.resident("push") for n in range(120)]
        others = [town.resident("push", at=OUTSIDE), town.resident("push", station="rugles")]
        await town.settle(*people, *others)
        async with town.serving() as api:
            alert = await api.issue()
            await eventually(lambda: len(town.push.messages) >= 60, "60 messages")
            all_clear = await api.cancel(alert["id"])
            again = await api.cancel(alert["id"])
            first = await api.finished(alert["id"])
            last = await api.finished(all_clear["id"])
            await quiet(town)
        assert again["id"] == all_clear["id"], "asked twice, it is one all-clear"
        assert first["cancelled_at"] is not None
        assert first["unaccounted"] == last["unaccounted"] == 0
        assert first["people"]["unreached"] > 0
        assert first["channels"]["push"]["cancelled"] > 0
        warned = await told(town, alert["id"])
        informed = {each.id for each in people if any(contact in warned for contact in each.contacts)}
        assert len(informed) == first["people"]["accepted"] < len(people)
        assert await people_of(town, all_clear["id"]) == informed
        cleared = await told(town, all_clear["id"])
        assert set(cleared.values()) == {1}
        assert set(cleared) == set(warned), "by the contacts that were reached, and by no other"
        await recount(town.store, alert["id"])
        await recount(town.store, all_clear["id"])


async def test_an_all_clear_replaces_the_alert_on_a_device_and_says_that_it_is_over(tmp_path: Path) -> None:
    async with Town(tmp_path) as town:
        someone, english = town.resident("push", "email", "sms", "voice"), town.resident("push", locale="en-GB")
        await town.settle(someone, english)
        async with town.serving() as api:
            alert = await api.issue()
            await api.finished(alert["id"])
            all_clear = await api.cancel(alert["id"])
            account = await api.finished(all_clear["id"])
            await town.twilio.settled()
            came = {(each.channel, each.to): each for each in await of_alert(town, all_clear["id"])}
        assert account["matched"] == 2
        assert len(came) == 5
        first, last = someone.devices[0].messages
        assert first.headers["Topic"] == last.headers["Topic"] == first.json["tag"] == last.json["tag"]
        assert someone.devices[0].pending == [last], "a device that was away finds the all-clear alone"
        assert last.json["type"] == "cancel"
        assert last.json["title"] == 'Fin de l\'alerte : "La Risle déborde"'
        assert english.devices[0].messages[-1].json["title"] == 'All clear: "The Risle floods"'
        assert "Fin de l'alerte" in came["sms", someone.mobile].whole.body
        alert_mail, clear_mail = (each.parsed for each in town.smtp.messages)
        assert alert_mail["Message-ID"] != clear_mail["Message-ID"]
        assert clear_mail["In-Reply-To"] == alert_mail["Message-ID"]
        assert clear_mail["References"].split() == [alert_mail["References"], alert_mail["Message-ID"]]
        assert "Fin d'alerte" in came["voice", someone.landline].whole["Twiml"].replace("&#39;", "'")
        await recount(town.store, all_clear["id"])


async def test_someone_whose_message_was_just_leaving_at_the_cancel_gets_the_all_clear(tmp_path: Path) -> None:
    async with Town(tmp_path, push_concurrency=3) as town:
        people = [town.resident("push") for _ in range(20)]
        await town.settle(*people)
        town.push.hold()
        async with town.serving() as api:
            alert = await api.issue()
            await eventually(lambda: town.push.held == 3, "three messages on the wire")
            all_clear = await api.cancel(alert["id"])
            await eventually(lambda: _sending(api, all_clear["id"]), "the all-clear is looked at")
            # Longer than one timeout, for a mail may be that long on its way: the all-clear waits for it all the same.
            town.clock.advance(town.settings.send_timeout_s + 2)
            with pytest.raises(AssertionError, match="not within"):
                await api.finished(all_clear["id"], timeout_s=1.5)
            town.push.let_go()
            first = await api.finished(alert["id"])
            last = await api.finished(all_clear["id"])
            await quiet(town)
        assert first["people"]["accepted"] == last["matched"] == 3
        warned, cleared = await told(town, alert["id"]), await told(town, all_clear["id"])
        assert warned == cleared
        await recount(town.store, alert["id"])
        await recount(town.store, all_clear["id"])


async def test_one_told_by_mail_while_a_push_was_leaving_gets_the_all_clear_by_both(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(update, "_PATIENCE_S", 60.0)
    async with Town(tmp_path) as town:
        someone = town.resident("push", "email")
        await town.settle(someone)
        town.push.hold()
        async with town.serving() as api:
            alert = await api.issue()
            await api.until(alert["id"], lambda account: account["people"]["accepted"] == 1)
            await eventually(lambda: town.push.held == 1, "the push is on the wire")
            all_clear = await api.cancel(alert["id"])
            with pytest.raises(AssertionError, match="not within"):
                await api.finished(all_clear["id"], timeout_s=1.5)
            town.push.let_go()
            await api.finished(all_clear["id"])
            await quiet(town)
        assert await told(town, alert["id"]) == await told(town, all_clear["id"]) == expected([someone])
        await recount(town.store, alert["id"])
        await recount(town.store, all_clear["id"])


async def test_someone_whose_answer_was_lost_may_have_been_told_and_gets_the_all_clear(tmp_path: Path) -> None:
    async with Town(tmp_path) as town:
        lost, refused = town.resident("push"), town.resident("push")
        beside = town.resident("email")
        await town.settle(lost, refused, beside)
        lost.devices[0].behave(Behaviour(trouble="drop-after", times=1))
        lost.devices[0].behave(Behaviour(status=503, retry_after="3600", times=1))
        refused.devices[0].behave(Behaviour(status=503, retry_after="3600", times=1))
        async with town.serving() as api:
            alert = await api.issue()
            await eventually(lambda: lost.devices[0].attempts == 2 and refused.devices[0].attempts == 1, "both tried")
            await api.until(alert["id"], lambda account: account["people"]["accepted"] == 1)
            all_clear = await api.cancel(alert["id"])
            first = await api.finished(alert["id"])
            await api.finished(all_clear["id"])
            await quiet(town)
            unreached = await api.unreached(alert["id"])
            maybe = {int(each["subscriber_id"]): each["maybe_sent"] for each in await api.deliveries(alert["id"])}
        assert first["people"]["unreached"] == 2
        cancelled = [{"reason": "cancelled", "channel": "push", "code": None}]
        assert [each["reasons"] for each in unreached] == [cancelled, cancelled]
        assert (maybe[lost.id], maybe[refused.id]) == (True, False)
        assert await people_of(town, all_clear["id"]) == ids([lost, beside])
        assert [each.json["type"] for each in lost.devices[0].messages] == ["alert", "cancel"]
        await recount(town.store, alert["id"])
        await recount(town.store, all_clear["id"])


async def test_the_all_clear_reaches_those_who_left_the_area_and_not_those_who_came(tmp_path: Path) -> None:
    async with Town(tmp_path) as town:
        someone = town.resident("push", at=None)
        await town.settle(someone)
        async with town.serving() as api:
            where = {"lon": CENTRE[0], "lat": CENTRE[1]}
            await api.call("PUT", "/v1/subscribers/me/position", where, expect=204, key=someone.token)
            alert = await api.issue()
            await api.finished(alert["id"])
            gone = {"lon": OUTSIDE[0], "lat": OUTSIDE[1]}
            await api.call("PUT", "/v1/subscribers/me/position", gone, expect=204, key=someone.token)
            all_clear = await api.cancel(alert["id"])
            newcomer = town.resident("push")
            await town.settle(newcomer)
            await api.finished(all_clear["id"])
            await quiet(town)
        assert await people_of(town, all_clear["id"]) == ids([someone])
        assert newcomer.devices[0].attempts == 0


async def test_an_immediate_cancel_sends_no_all_clear_to_people_never_told(tmp_path: Path) -> None:
    async with Town(tmp_path, push_concurrency=2) as town:
        await town.settle(*[town.resident("push") for _ in range(300)])
        async with town.serving() as api:
            alert = await api.issue()
            all_clear = await api.cancel(alert["id"])
            first = await api.finished(alert["id"])
            last = await api.finished(all_clear["id"])
            await quiet(town)
        assert await told(town, alert["id"]) == await told(town, all_clear["id"])
        assert first["unaccounted"] == last["unaccounted"] == 0
        await recount(town.store, alert["id"])
        await recount(town.store, all_clear["id"])


async def test_an_alert_that_is_cancelled_before_anyone_is_written_down_ends_with_an_empty_account(
    tmp_path: Path,
) -> None:
    async with service(tmp_path) as services:
        async with services.store.write() as unit:
            station = await add_station(unit, "laigle")
            await register(unit, station.id, resident(mail("rose@town.example"), at=(0.63, 48.76)))
        alert, _ = await issue(services, command(station))
        all_clear = await end(services, alert, station, BY)
        for each in (alert, all_clear):
            async with services.bus.listen(f"alert:{each.id}") as heard:
                assert await resolve(services, each.id) == 0
                assert heard.is_set
            async with services.store.read() as unit:
                now = await alerts.by_id(unit, each.id)
                shown = await reports.report(unit, now)
            assert (shown.matched, now.finished_at is not None, str(now.state)) == (0, True, "finished")


async def test_anybody_who_watches_hears_at_once_that_an_alert_is_taken_up(tmp_path: Path, monkeypatch) -> None:
    async with service(tmp_path) as services:
        async with services.store.write() as unit:
            station = await add_station(unit, "laigle")
        alert, _ = await issue(services, command(station))
        told = []

        async def follow() -> None:
            told.append(heard.is_set)

        monkeypatch.setattr(services.here, "follow", follow)
        async with services.bus.listen(f"alert:{alert.id}") as heard:
            await resolve(services, alert.id)
        assert told == [True]


async def test_the_time_to_the_first_message_is_told_once_an_alert(tmp_path: Path) -> None:
    def told() -> tuple[float, float]:
        names = ("tocsin_first_message_seconds_count", "tocsin_first_message_seconds_sum")
        count, total = (REGISTRY.get_sample_value(name, {"lane": "urgent"}) or 0.0 for name in names)
        return count, total

    async with Town(tmp_path) as town:
        await town.settle(*[town.resident("push", "email") for _ in range(5)])
        async with town.serving() as api:
            before = told()
            alert = await api.issue()
            await api.finished(alert["id"])
            count, total = (after - at for after, at in zip(told(), before, strict=True))
    assert count == 1
    assert 0 < total < 20
