"""Answers to an alert, through the link in a message or with a subscriber's token."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from broadcaster.domain.alerts import Alert
from broadcaster.domain.answers import HELP, Taken, Way, choice_of, offered, word_of
from broadcaster.domain.refusals import NotFound, Refused
from broadcaster.domain.stations import Station
from broadcaster.http.answers import answer as respond
from broadcaster.http.route import Call
from broadcaster.http.schemas.answers import AnswerIn, AnswerMade, AnswersOut, OfferOut
from broadcaster.languages import Words
from broadcaster.pipeline import answers as pipeline
from broadcaster.pipeline.render.replies import danger, label, reply, words_for
from broadcaster.store import Unit, duties
from broadcaster.store.alerts import alerts, answers, deliveries
from broadcaster.store.people import people
from broadcaster.store.stations import stations

USE = "answer"


@dataclass(frozen=True, slots=True)
class Who:
    """A person who answers: through a message, or (``delivery_id`` None) as a subscriber with these contacts."""

    subscriber_id: int
    delivery_id: int | None
    way: Way
    contact_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A person and the newest version of the alert that they may answer. ``choice``: their answer so far.

    ``others``: how many other people it reached at the same contacts. ``helps``: somebody is on duty for requests for
    help.
    """

    alert: Alert
    station: Station
    who: Who
    locale: str
    choice: int | None
    others: int
    helps: bool
    is_open: bool

    @property
    def offers(self) -> tuple[int, ...]:
        return offered(self.alert, helps=self.helps) if self.is_open else ()


async def by_delivery(call: Call[Any, Any], delivery_id: int) -> OpenQuestion | None:
    """Return a message's receiver and its alert; None for an unknown message."""

    async def read(unit: Unit) -> OpenQuestion | None:
        found = await deliveries.person_of(unit, delivery_id)
        alert = None if found is None else await alerts.by_id(unit, found.alert_id)
        if found is None or alert is None:
            return None
        who = Who(found.subscriber_id, delivery_id, Way(found.channel), (found.contact_id,))
        return await _asked(call, unit, alert, who)

    return await call.services.store.run_read(read)


async def by_token(call: Call[Any, Any]) -> OpenQuestion:
    """Return the caller, a subscriber, and the alert of the path's token. Raises ``NotFound``."""
    token = call.request.match_info["token"]

    async def read(unit: Unit) -> OpenQuestion | None:
        alert = await alerts.by_token(unit, token[:40])
        if alert is None:
            return None
        contact_ids = tuple(await answers.contacts_of(unit, call.subscriber_id))
        return await _asked(call, unit, alert, Who(call.subscriber_id, None, Way.PAGE, contact_ids))

    found = await call.services.store.run_read(read)
    if found is None:
        raise NotFound("alert-missing", id=token[:20])
    return found


async def _asked(call: Call[Any, Any], unit: Unit, alert: Alert, who: Who) -> OpenQuestion | None:
    now = call.services.clock.now()
    versions = await answers.versions(unit, alert)
    station = await stations.by_id(unit, alert.station_id)
    locale = await people.locale_of(unit, who.subscriber_id)
    if station is None or locale is None or not versions:
        return None
    reached = await answers.reached_by(unit, [each.id for each in versions], who.contact_ids)
    return OpenQuestion(
        alert=versions[-1],
        station=station,
        who=who,
        locale=locale,
        choice=await answers.of(unit, alert.first_id, who.subscriber_id),
        others=len(reached - {who.subscriber_id}),
        helps=bool(await duties.on_duty(unit, station.id, now)),
        is_open=any(each.active(now) for each in versions),
    )


async def give(call: Call[Any, Any], asked: OpenQuestion, given: AnswerIn) -> Taken:
    """Record a person's answer. Raises ``Refused`` for a choice that the alert does not offer."""
    choice = choice_of(given.answer)
    if choice is None:
        raise Refused("answer-unknown", "answer")
    return await pipeline.answer(
        call.services,
        asked.alert,
        pipeline.GivenAnswer(
            subscriber_id=asked.who.subscriber_id,
            choice=choice,
            way=asked.who.way,
            delivery_id=asked.who.delivery_id,
            contact_ids=asked.who.contact_ids,
            household=given.household,
            position=given.position if choice == HELP else None,
            age_s=given.age_s,
        ),
    )


def shown(asked: OpenQuestion, words: Words) -> AnswersOut:
    """Return the answers offered to a person, in the API's form."""
    return AnswersOut(
        question=asked.alert.question_in(words.language, asked.station.languages[0])[0],
        offered=tuple(
            OfferOut.model_validate({"answer": word_of(each), "label": label(asked.alert, asked.station, words, each)})
            for each in asked.offers
        ),
        answer=None if asked.choice is None else word_of(asked.choice),
        household=asked.others,
        danger=danger(words),
    )


async def by_link(call: Call[AnswerIn, None]) -> web.Response:
    """Record the answer of a message's receiver."""
    asked = await by_delivery(call, call.linked)
    if asked is None:
        raise NotFound("delivery-gone")
    return await _made(call, asked)


async def mine(call: Call[None, None]) -> web.Response:
    """Return the answers offered to a subscriber, and their own."""
    asked = await by_token(call)
    return respond(shown(asked, words_for(asked.locale, asked.station)))


async def answer(call: Call[AnswerIn, None]) -> web.Response:
    """Record a subscriber's answer to an alert."""
    return await _made(call, await by_token(call))


async def _made(call: Call[AnswerIn, None], asked: OpenQuestion) -> web.Response:
    taken = await give(call, asked, call.body)
    words, choice = words_for(asked.locale, asked.station), choice_of(call.body.answer) or 0
    said = reply(asked.alert, asked.station, words, choice, taken, helps=asked.helps)
    return respond(AnswerMade(recorded=taken is Taken.RECORDED, said=said))
