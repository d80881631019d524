"""How long data is kept: what the timetable deletes, whom it warns, and what the console says of it."""

from __future__ import annotations

import asyncio
import html
import re
from contextlib import suppress
from datetime import timedelta
from unittest.mock import Mock

import pytest
from sqlalchemy import func, select, update

from broadcaster.commands.examine_running import of_the_work
from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.escalation import Policy, Step
from broadcaster.domain.people import CHANNEL_NUMBER, ChannelName, ContactStatus, NewSubscriber
from broadcaster.domain.retention import GRACE, WARNINGS, Kind
from broadcaster.pipeline import retention as keeping
from broadcaster.pipeline.retention import keep_periods
from broadcaster.store import tables
from broadcaster.store.alerts import alerts, breakdown, by_step
from broadcaster.store.operations import retention
from broadcaster.store.people import contacts, inactive, people
from channels.errors import Misconfigured, Transient
from tests.contract.stores import mail, phone, push, resident
from tests.integration.http.conftest import an_alert
from tests.integration.http.test_alerts import until_finished

ME = "/v1/subscribers/me"


class Ahead:
    """A clock that goes some days before the true one."""

    def __init__(self, clock, days):
        self._clock, self._by = clock, timedelta(days=days)

    def now(self):
        return self._clock.now() + self._by


async def number(services, table, *where):
    query = select(func.count()).select_from(table).where(*where)
    return await services.store.run_read(lambda unit: unit.conn.scalar(query))


async def details_of(unit, alert_id):
    """Return what only recipients and deliveries say of an alert."""
    alert = await alerts.by_id(unit, alert_id)
    read = breakdown.reasons, breakdown.moments, breakdown.failures
    return [*[await each(unit, alert_id) for each in read], await by_step.figures(unit, alert)]


async def an_alert_with_steps_and_a_bounce(api):
    """Return its report, and what only recipients and deliveries say of it."""
    services = api.running.services
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    report = await until_finished(api, alert["id"])
    steps = Policy((Step((ChannelName.PUSH,)), Step((ChannelName.EMAIL, ChannelName.SMS), 60)))
    by_mail = tables.deliveries.c.channel == CHANNEL_NUMBER[ChannelName.EMAIL]
    async with services.store.write() as unit:
        await unit.conn.execute(update(tables.alerts).values(policy=steps.to_json()))
        bounced = {"state": DeliveryState.GONE, "code": "smtp:550"}
        await unit.conn.execute(update(tables.deliveries).where(by_mail).values(bounced))
    details = await services.store.run_read(lambda unit: details_of(unit, alert["id"]))
    reasons, moments, failures, by_steps = details
    assert list(reasons.values()) == [1]
    assert "smtp:550" in [each.code for each in failures]
    assert moments.first_at is not None
    assert [each.people for each in by_steps] == [2, 2]
    return report, details


async def who_gives_no_sign_is_warned_three_times_then_erased(api, true, token, bob):
    """Of two people, the one with this token gives a sign; the other, Bob, gives one late, then none."""
    services = api.running.services
    services.clock = Ahead(true, 36 * 31 - 91)
    warned = tables.subscribers.c.warned_at.is_not(None)

    async def in_vain(trouble):
        with pytest.MonkeyPatch.context() as away, suppress(asyncio.CancelledError):
            for channel in (ChannelName.PUSH, ChannelName.EMAIL):
                away.setattr(type(services.senders[channel].channel), "send", Mock(side_effect=trouble))
            await keep_periods(services)
        assert await number(services, tables.subscribers, warned) == 0, "a warning that was not sent is still due"

    await in_vain(Misconfigured("smtp:535", "wrong password"))
    await in_vain(asyncio.CancelledError())
    with pytest.MonkeyPatch.context() as few:
        few.setattr(keeping, "_WARNED_AT_ONCE", 1)
        await in_vain(Transient("smtp:421", "busy"))
        tried = await services.store.run_read(lambda unit: inactive.reached(unit, 0))
        assert 0 < tried != bob, "stored, so that a restart goes on after them"
        await keep_periods(services)
        assert await number(services, tables.subscribers, warned, tables.subscribers.c.id == bob) == 1, (
            "who can't be told lets the others go first"
        )
    await keep_periods(services)
    assert await number(services, tables.subscribers, warned) == 2, (
        "who is on a list, or in the register of vulnerable people, is its owner's matter"
    )
    assert (await api.call("GET", ME, key=token))[0] == 200
    assert await number(services, tables.subscribers, warned) == 1, "a visit is a sign"
    path = services.links.stay(bob).removeprefix(services.links.base_url)
    for method, left in (("GET", 1), ("POST", 0), ("POST", 0)):
        status, _, page = await api.call(method, path, key=None)
        assert (status, await number(services, tables.subscribers, warned)) == (200, left)
    assert "gardez" in page
    async with services.store.write() as unit:
        await unit.conn.execute(update(tables.subscribers).where(tables.subscribers.c.id == bob).values(active_at=None))
    await keep_periods(services)
    for sent, left in enumerate((*WARNINGS[1:], timedelta(days=1)), start=1):
        assert await number(services, tables.subscribers, warned, tables.subscribers.c.warnings == sent) == 1
        services.clock = Ahead(true, 36 * 31 - left.days)
        await keep_periods(services)
        await keep_periods(services)
    assert await number(services, tables.subscribers) == 4, "all three warnings come before"
    services.clock = Ahead(true, 36 * 31 + 2)
    await keep_periods(services)


async def doctor_and_console_say_what_goes_soon(api):
    services = api.running.services
    now = services.clock.now()
    async with services.store.write() as unit:
        await unit.conn.execute(update(tables.stations).values(created_at=now - timedelta(days=24 * 31)))
        await unit.conn.execute(update(tables.enforcements).values({tables.enforcements.c.known_at: now}))
    said = str((await of_the_work(services.store, services.settings))[-1])
    assert re.findall("TOCSIN_KEEP_([A-Z]+)", said) == ["DEAD", "REPORTS", "DISABLED"], "the others are longer"
    me = await api.sign_in("laigle-read")
    _, _, page = await api.call("GET", "/console/retention", key=None, headers=me)
    assert "TOCSIN_KEEP_INACTIVE_MONTHS" in page
    assert re.search("deletes nothing before|efface rien avant", page)
    assert re.search(r"36\s*(months|mois)", page)


async def test_operators_see_beforehand_who_is_erased_though_nobody_can_warn_them(api):
    services = api.running.services
    mute = [NewSubscriber("fr", ())]
    async with services.store.write() as unit:
        given = {"groups_by_slug": {}, "now": services.clock.now(), "themselves": True}
        await people.register(unit, 1, mute, [people.new_token()], **given)
    me, other = await api.sign_in("laigle-read"), await api.sign_in("rugles-read")

    async def told(reader):
        _, _, page = await api.call("GET", "/console/retention?lang=en", key=None, headers=reader)
        return re.findall(r"(\d+ resident) of L’Aigle gave no sign", html.unescape(page).replace("'", "’"))

    assert await told(me) == []
    true = services.clock
    services.clock = Ahead(true, 36 * 31 - WARNINGS[0].days)
    await keep_periods(services)
    services.clock = true
    assert await told(me) == ["1 resident"]
    assert await told(other) == []


async def test_what_is_older_than_its_period_goes_and_the_console_says_when(api, monkeypatch):
    monkeypatch.setattr(keeping, "_WARNED_AT_ONCE", 2)
    services = api.running.services
    token = people.new_token()
    listed = resident(phone("+33639980001"), at=(0.63, 48.76), name="Ann")
    own = resident(mail("own@a.example"), push("https://push.example/1"), at=(0.63, 48.76), name="Zoé")
    async with services.store.write() as unit:
        given = {"groups_by_slug": {}, "now": services.clock.now()}
        (ann,) = await people.register(unit, 1, [listed], [people.new_token()], **given)
        alone = [NewSubscriber("fr", (), vulnerable=True), own, own]
        tokens = [people.new_token(), token, people.new_token()]
        eve, zoe, bob = await people.register(unit, 1, alone, tokens, **given, themselves=True)
        (dead,) = (await contacts.ensure(unit, [phone("+33639980001")], given["now"])).values()
        await contacts.retire(unit, [dead], ContactStatus.GONE, "gone", given["now"])
    report, details = await an_alert_with_steps_and_a_bounce(api)
    await keep_periods(services)
    assert await number(services, tables.links, tables.links.c.contact_id == dead) == 1, "nothing is old yet"

    true = services.clock
    services.clock = Ahead(true, 400)
    known = tables.enforcements.c.known_at
    for since, left in ((services.clock.now() + timedelta(hours=1) - GRACE, 1), (true.now() - GRACE, 0)):
        async with services.store.write() as unit:
            await unit.conn.execute(update(tables.enforcements).values({known: since}))
        await keep_periods(services)
        found = await number(services, tables.links, tables.links.c.contact_id == dead)
        assert found == left, "a new period deletes nothing for 30 days"
    assert await number(services, tables.recipients) == 3
    services.clock = Ahead(true, 24 * 31)
    await keep_periods(services)
    for table in (tables.recipients, tables.deliveries):
        assert await number(services, table) == 0
    _, _, later = await api.call("GET", f"/v1/alerts/{report['alert_id']}/report")
    assert later["people"] == report["people"], "the totals stay"
    assert await services.store.run_read(lambda unit: details_of(unit, report["alert_id"])) == details
    owner = await api.sign_in("laigle-admin")
    _, _, page = await api.call("GET", f"/console/alerts/{report['alert_id']}/unreached", key=None, headers=owner)
    assert re.search("are no longer kept|ne sont plus conservés", page)

    await who_gives_no_sign_is_warned_three_times_then_erased(api, true, token, bob)
    left = await services.store.run_read(lambda unit: unit.conn.scalars(select(tables.subscribers.c.id)))
    assert set(left) == {eve, ann, zoe}
    assert await number(services, tables.suppressions) == 0, "they said no to nothing"
    found = await services.store.run_read(retention.enforced)
    assert set(found) == set(Kind)
    assert (found[Kind.INACTIVE].removed, found[Kind.REPORTS].removed) == (1, 4)
    services.clock = true
    await doctor_and_console_say_what_goes_soon(api)
