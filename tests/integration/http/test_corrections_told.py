"""Operators learn of a correction asked for, by day and once a day; an answer that no provider took comes later."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from broadcaster.domain.corrections import TOLD_WITHIN, Wanted
from broadcaster.domain.people import ChannelName, NewContact
from broadcaster.domain.permissions import Role
from broadcaster.pipeline.corrections import CORRECTIONS, tell_of_corrections
from broadcaster.pipeline.notices import tell_answers
from broadcaster.store import tables
from broadcaster.store.operators import operators
from broadcaster.store.people import corrections
from tests.integration.http.conftest import Api
from tests.integration.http.test_confirmations import settled
from tests.integration.http.test_console_people import look, send
from tests.servers.town import Town
from tests.servers.twilio_rules import Refuse

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
async def town(tmp_path):
    async with Town(tmp_path) as made:
        yield made


def until(town: Town, hour: int) -> None:
    """Move the clock on to the next time when it is this hour at the station."""
    now = town.clock.now().astimezone(PARIS)
    at = now.replace(hour=hour, minute=30)
    town.clock.advance((at - now if at > now else at - now + timedelta(days=1)).total_seconds())


async def ask(town: Town, person, text="I moved.") -> int:
    async with town.store.write() as unit:
        wanted = Wanted(NewContact(ChannelName.SMS, person.mobile, person.mobile), text)
        await corrections.ask(unit, town.stations["laigle"], person.id, wanted, town.clock.now())
        return (await corrections.of_person(unit, person.id))[0].id


async def set_back(town: Town, column: str, time: timedelta) -> None:
    async with town.store.write() as unit:
        of = tables.corrections.c[column]
        when = {column: town.clock.now() - time}
        await unit.conn.execute(update(tables.corrections).where(of.is_not(None)).values(when))


async def test_operators_are_told_by_mail_and_push_by_day_and_once_a_day(town: Town) -> None:
    rose, paul = town.resident("sms", name="Rose"), town.resident("sms", name="Paul")
    await town.settle(rose, paul)
    until(town, 22)
    async with town.serving() as served:
        api, services = Api(served.running, served.http, {"admin": town.key}), served.running.services
        async with town.store.write() as unit:
            luc = await operators.add(unit, "Luc Adjoint", services.clock.now(), mail="luc@mairie.example", admin=True)
            await operators.set_phone(unit, luc, "+33639980099")
        anne = await api.sign_in("admin")
        browser = town.push.subscribe(town.vapid.public)[1]
        body, headers = {"subscription": browser.json}, {"Content-Type": "application/json", **anne}
        assert (await api.call("POST", "/console/account/pushes", body, key=None, headers=headers))[0] == 200
        await ask(town, rose)
        await tell_of_corrections(services)
        assert town.smtp.messages == [], "at night nobody is told"
        until(town, 9)
        for _ in range(2):
            await tell_of_corrections(services)
        (mail,) = town.smtp.messages
        assert (mail.recipients, str(mail.parsed["Subject"])) == (["luc@mairie.example"], "1 demande de correction")
        assert f"{CORRECTIONS}?station=laigle" in mail.parsed.get_body(("plain",)).get_content()
        assert town.twilio.messages == [], "it waits a day: no SMS"
        assert [each.json.get("urgent") for each in browser.messages[1:]] == [None]
        await ask(town, paul)
        await tell_of_corrections(services)
        assert len(town.smtp.messages) == 1, "once a day"
        await set_back(town, "announced_at", timedelta(days=1))
        async with town.store.write() as unit:
            marie = {"mail": "marie@mairie.example", "roles": {town.stations["laigle"]: Role.WRITER}}
            assert await operators.add(unit, "Marie Accueil", services.clock.now(), **marie)
        await tell_of_corrections(services)
        _, mail = town.smtp.messages
        assert (mail.recipients, str(mail.parsed["Subject"])) == (["marie@mairie.example"], "2 demandes de correction")


async def test_an_answer_that_no_provider_took_is_sent_again_by_day_and_given_up_after_three(town: Town) -> None:
    rose = town.resident("sms", name="Rose")
    await town.settle(rose)
    until(town, 9)
    async with town.serving() as served:
        api, services = Api(served.running, served.http, {"admin": town.key}), served.running.services
        number = await ask(town, rose)
        mine = await api.sign_in("admin")
        town.twilio.fault(Refuse(503, 20503), times=1)
        path = f"{CORRECTIONS}/{number}?station=laigle"
        assert (await send(api, path, mine, do="refuse", why="We know no such street."))[0] == 303
        await settled(api)
        await tell_answers(services)
        await settled(api)
        assert "it is sent again by itself" in (await look(api, CORRECTIONS, mine))[2]
        until(town, 22)
        mine = await api.sign_in("admin")
        await tell_answers(services)
        await settled(api)
        assert town.twilio.messages == [], "at night nobody is woken"
        until(town, 9)
        mine = await api.sign_in("admin")
        await tell_answers(services)
        await settled(api)
        (sms,) = town.twilio.messages
        assert "We know no such street." in sms.body
        assert "they were told" in (await look(api, CORRECTIONS, mine))[2]
        await tell_answers(services)
        await settled(api)
        assert len(town.twilio.messages) == 1

        # Three days in vain: the page says to call them.
        number = await ask(town, rose)
        town.twilio.fault(Refuse(503, 20503), times=2)
        path = f"{CORRECTIONS}/{number}?station=laigle"
        assert (await send(api, path, mine, do="refuse", why="No."))[0] == 303
        await settled(api)
        async with town.store.write() as unit:
            of = tables.corrections.c
            began = {"decided_at": town.clock.now() - TOLD_WITHIN, "tell_at": town.clock.now()}
            await unit.conn.execute(update(tables.corrections).where(of.id == number).values(began))
        await tell_answers(services)
        await settled(api)
        assert "could not be told: call them" in (await look(api, CORRECTIONS, mine))[2]
