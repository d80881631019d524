"""Calls: what a pressed key does, in our calls and in calls to our number."""

from collections.abc import Sequence
from dataclasses import dataclass

from broadcaster.domain import consents
from broadcaster.domain.alerts import Alert
from broadcaster.domain.answers import HELP_AFTER, Way, of_digit
from broadcaster.domain.audit import Actor, ActorKind
from broadcaster.domain.consents import Consent
from broadcaster.domain.refusals import Refused
from broadcaster.languages import Words
from broadcaster.pipeline.answers import GivenAnswer, answer
from broadcaster.pipeline.render import Context, voice_message
from broadcaster.pipeline.render.replies import danger, reply, words_for
from broadcaster.pipeline.render.voice import STOP, may_stop, opening_lines, spoken_text
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, deliveries
from broadcaster.store.people import contacts
from broadcaster.store.stations import stations
from channels.voice import opening, voice_language
from channels.voice import reply as twiml

_MOST_PLAYED = 3


async def pressed(services: Services, delivery_id: int, digit: str, locale: str, *, stopping: bool) -> str | None:
    """Return the TwiML after a key in one of our calls; None for an unknown call. ``stopping``: 9 came before."""
    async with services.store.read() as unit:
        who = await deliveries.person_of(unit, delivery_id)
        again = await deliveries.told_again(unit, delivery_id)
    context = None if who is None else await services.context(who.alert_id)
    if who is None or context is None:
        return None
    message = voice_message(context.told(again=again), locale or context.station.languages[0], delivery_id)
    words, url = words_for(locale, context.station), message.gather_url or ""
    language = voice_language(words.language)
    if digit == STOP and may_stop(context.alert):
        if stopping:
            by = _by_call(services)
            async with services.store.write() as unit:
                await contacts.opt_out(unit, who.contact_id, context.alert.station_id, by.actor.at, by)
            name = context.station.name
            return twiml((words("%(station)s will not call this number any more. Goodbye.", station=name), language))
        ask = words("To get no more calls from %(station)s, press 9 again.", station=context.station.name)
        back = words("To hear the message again, press 0.")
        return twiml((ask, language), (back, language), gather_url=f"{url}&stop=1")
    said = await _answered(services, context, delivery_id, digit, locale)
    if said is None:
        return opening(message)
    change = words("To change your answer, press another key. Goodbye.")
    return twiml((said, language), (change, language), gather_url=url)


async def _answered(services: Services, context: Context, delivery_id: int, digit: str, locale: str) -> str | None:
    """Record the answer of a key for everybody whom the call reached, as nobody can tell who pressed it."""
    choice = of_digit(context.alert, digit)
    if choice is None:
        return None
    async with services.store.read() as unit:
        who = await deliveries.person_of(unit, delivery_id)
    if who is None:
        return None
    given = GivenAnswer(
        subscriber_id=who.subscriber_id,
        choice=choice,
        way=Way.VOICE,
        delivery_id=delivery_id,
        contact_ids=(who.contact_id,),
        household=True,
    )
    try:
        taken = await answer(services, context.alert, given)
    except Refused:
        return None
    words = words_for(locale, context.station)
    return reply(context.alert, context.station, words, choice, taken, helps=context.helps)


@dataclass(frozen=True, slots=True)
class _Caller:
    """A caller to our number. ``told``: the alerts to play; ``delivery_id``: their newest message about one."""

    number: str
    contact_ids: Sequence[int]
    told: Sequence[Alert]
    delivery_id: int | None
    words: Words
    url: str | None


async def answer_incoming(services: Services, number: str, digit: str, *, stopping: bool) -> str:
    """Return the TwiML for somebody who calls our number: the alerts in force, and how to opt out.

    People told of an alert hear those they were told of; others hear the public ones. ``digit``: a key they pressed, or
    empty.
    """
    caller = await _caller(services, number)
    language = voice_language(caller.words.language)
    if digit == STOP and caller.contact_ids:
        return await _stopped(services, caller, stopping=stopping)
    if digit and caller.delivery_id is not None:
        context = await services.context(await _alert_of(services, caller.delivery_id))
        said = None
        if context is not None:
            said = await _answered(services, context, caller.delivery_id, digit, caller.words.language)
        if said is not None:
            return twiml((said, language), gather_url=caller.url)
    return twiml(*await _played(services, caller), gather_url=caller.url)


async def _caller(services: Services, number: str) -> _Caller:
    now = services.clock.now()

    async def read(unit: Unit) -> _Caller:
        ids = list((await contacts.by_number(unit, number)).values())
        found = await deliveries.lately_to(unit, ids, now, now - HELP_AFTER)
        told = [alert for alert in await alerts.by_ids(unit, [each.alert_id for each in found]) if alert.active(now)]
        told.sort(key=lambda each: -each.id)
        if not told:
            told = await alerts.page(unit, stations=None, before=None, limit=_MOST_PLAYED, public_at=now)
        station = await stations.by_id(unit, told[0].station_id) if told else None
        station = station or next(iter(await stations.listed(unit)), None)
        words = words_for(await contacts.locale_of(unit, ids) or (station.languages[0] if station else ""), station)
        url = f"{services.base_url}/hooks/twilio/call" if ids else None
        return _Caller(number, ids, told[:_MOST_PLAYED], found[0].id if found else None, words, url)

    return await services.store.run_read(read)


async def _stopped(services: Services, caller: _Caller, *, stopping: bool) -> str:
    words, language = caller.words, voice_language(caller.words.language)
    if not stopping:
        ask = words("To get no more calls and messages here, press 9 again.")
        return twiml((ask, language), gather_url=f"{caller.url}?stop=1")

    async def keep(unit: Unit) -> None:
        by = _by_call(services)
        await contacts.stop(unit, caller.number, "call:stop", by.actor.at, by)

    await services.store.transact(keep)
    return twiml((words("This number gets no more calls and messages. Goodbye."), language))


def _by_call(services: Services) -> Consent:
    return Consent(consents.Way.CALL, Actor(ActorKind.NOBODY, services.clock.now()))


async def _played(services: Services, caller: _Caller) -> list[tuple[str, str]]:
    """Return the texts to say, each with its language."""
    words, language = caller.words, voice_language(caller.words.language)
    lines: list[tuple[str, str]] = []
    for alert in caller.told:
        context = await services.context(alert.id)
        if context is not None:
            tag, text = context.in_language(words.language)
            lines.append(("\n".join(opening_lines(context, words)), language))
            lines.append((spoken_text(text), voice_language(tag)))
    lines.append(("" if lines else words("No alert is in force now."), language))
    lines.append((danger(words), language))
    if caller.contact_ids:
        lines.append((words("To hear it again, press 0."), language))
        lines.append((words("To get no more calls and messages here, press 9."), language))
    return lines


async def _alert_of(services: Services, delivery_id: int) -> int:
    async with services.store.read() as unit:
        who = await deliveries.person_of(unit, delivery_id)
    return 0 if who is None else who.alert_id
