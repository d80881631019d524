"""Inbound: handle an SMS to our number: a command, an answer to an alert, or a text for the station's inbox.

All providers use it. It returns the reply; an empty one is not sent.
"""

from datetime import timedelta

from broadcaster.domain import consents
from broadcaster.domain.answers import HELP_AFTER, Way
from broadcaster.domain.audit import Actor, ActorKind
from broadcaster.domain.consents import Consent
from broadcaster.domain.people import ChannelName, NewContact
from broadcaster.domain.refusals import Refused
from broadcaster.domain.texting import LONGEST, Command, choice_in, command_in
from broadcaster.languages import Words, typed
from broadcaster.pipeline.answers import GivenAnswer, answer
from broadcaster.pipeline.render.replies import danger, reply, words_for
from broadcaster.pipeline.services import Services
from broadcaster.register import left_out
from broadcaster.store import Unit, inbox
from broadcaster.store.alerts import deliveries
from broadcaster.store.alerts.deliveries import Lately
from broadcaster.store.people import contacts, suppression
from broadcaster.store.stations import stations

_REPLIED_AGAIN = timedelta(hours=1)
"""Within this time a number gets at most one notice that its text was kept, so that two machines do not answer each
other for ever.
"""


async def handle_text(services: Services, number: str, text: str) -> str:
    """Handle an SMS; return the reply in the person's language."""
    return typed(await _replied(services, number, text))


async def _replied(services: Services, number: str, text: str) -> str:
    now, text = services.clock.now(), text.strip()[:LONGEST]
    if not number or not text:
        return ""

    async def read(unit: Unit) -> tuple[list[int], list[Lately], str]:
        ids = list((await contacts.by_number(unit, number)).values())
        return ids, await deliveries.lately_to(unit, ids, now, now - HELP_AFTER), await contacts.locale_of(unit, ids)

    ids, lately, locale = await services.store.run_read(read)
    command = command_in(text)
    if command in {Command.STOP, Command.START}:
        return await _obeyed(services, command, number, ids, words_for(locale))
    for each in lately[:1]:
        said = await _answered(services, each, text, locale)
        if said:
            return said
    if command is Command.HELP:
        return " ".join((danger(words_for(locale)), _about(words_for(locale))))
    return await _kept(services, number, text, ids, lately)


async def _obeyed(services: Services, command: Command, number: str, contact_ids: list[int], words: Words) -> str:
    now = services.clock.now()

    async def keep(unit: Unit) -> None:
        by = Consent(consents.Way.SMS, Actor(ActorKind.NOBODY, now))
        if command is Command.STOP:
            await contacts.stop(unit, number, "sms:stop", now, by)
            return
        number_mark = suppression.mark_of(unit.vault, NewContact(ChannelName.SMS, number, number))
        await suppression.lift(unit, [number_mark], now, by=by)
        if contact_ids:
            await contacts.restart(unit, contact_ids, now, by)
        await left_out.log(unit, by)

    await services.store.transact(keep)
    if command is Command.STOP:
        return words("You get no more messages and calls from here. To get them again, write START.")
    return words("You get messages from here again. To stop them, write STOP.")


async def _answered(services: Services, told: Lately, text: str, locale: str) -> str:
    """Record an answer to the newest alert that this number got, for all people who share the number."""
    context = await services.context(told.alert_id)
    choice = None if context is None else choice_in(text, context.alert)
    if context is None or choice is None:
        return ""
    given = GivenAnswer(
        subscriber_id=told.subscriber_id,
        choice=choice,
        way=Way.SMS,
        delivery_id=told.id,
        contact_ids=(told.contact_id,),
        household=True,
    )
    try:
        taken = await answer(services, context.alert, given)
    except Refused:
        return ""
    helps = await services.helps(context.station.id)
    return reply(context.alert, context.station, words_for(locale, context.station), choice, taken, helps=helps)


def _about(words: Words) -> str:
    return words("This number sends the alerts of your town. STOP ends them.")


async def _kept(services: Services, number: str, text: str, contact_ids: list[int], lately: list[Lately]) -> str:
    """Store a text in the inbox of the station that sent this number its newest alert, or that its owner follows."""
    now = services.clock.now()

    async def keep(unit: Unit) -> tuple[str, bool]:
        station_id = await inbox.station_of(unit, contact_ids, [each.alert_id for each in lately])
        station = None if station_id is None else await stations.by_id(unit, station_id)
        if station is None:
            return "", False
        again = await inbox.heard_since(unit, station.id, number, now - _REPLIED_AGAIN)
        await inbox.keep(unit, station.id, number, text, now)
        return station.name, not again and bool(contact_ids)

    name, first = await services.store.transact(keep)
    if not first:
        return ""
    words = words_for(await services.store.run_read(lambda unit: contacts.locale_of(unit, contact_ids)))
    read = words("Your message is kept for %(station)s, and is not read day and night.", station=name)
    return f"{danger(words)} {read}"
