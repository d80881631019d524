"""/v/{token}: a volunteer's part of a visit list, on a phone, opened by a code to their own number.

It works without a script, and no browser keeps it: it names people. No reason why somebody is to be visited is in it,
nor who is to be visited first.
"""

from dataclasses import replace
from typing import Any

from aiohttp import web

from broadcaster.domain.audit import Action, Actor, ActorKind
from broadcaster.domain.refusals import NotFound, Refused, sentence
from broadcaster.domain.visits import FINDINGS, SIGNED_IN, Finding, found_words
from broadcaster.domain.zones import zone_of
from broadcaster.http.people.confirmations import begin, telephone
from broadcaster.http.quotas import caller_mark
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import Query
from broadcaster.languages import CONSOLE
from broadcaster.pipeline import visiting
from broadcaster.pipeline.visiting import Visiting
from broadcaster.store import Unit
from broadcaster.store.operations import audit
from broadcaster.store.people.confirmations import ConfirmationRequest
from broadcaster.store.register import visits, volunteers
from broadcaster.store.register.visits import Street, Visit
from broadcaster.web.i18n import Words, catalogs
from broadcaster.web.pages import language_of, render, to, written_short
from broadcaster.web.resident.public import known

_COOKIE = "tocsin_visits"
_LONGEST = 60
_ENDING = 2


class VisitsQuery(Query):
    """``done``: id of the person whose visit was just recorded. ``sent``: a code was just sent."""

    done: str = ""
    sent: str = ""
    lang: str = ""


async def show(call: Call[None, VisitsQuery]) -> web.Response:
    """Show the list to a phone that gave its code, else ask for one. Each reading is recorded."""
    found = await _found(call)
    words = _words(call, found)
    if not found.readable:
        return _closed(call, words, found)
    if not await _signed_in(call, found):
        return _code_page(call, words, found, "")
    volunteer = found.volunteer

    async def read(unit: Unit) -> list[Street]:
        theirs = await visits.streets_of(unit, found.alert, unconfirmed=volunteer.unconfirmed, only=volunteer.streets)
        listed = await visits.shown(unit, found.alert, theirs, register=False)
        actor, what, station_id = _actor(call), Action.VISITS_SEEN, found.station.id
        about, n = found.alert.id, sum(len(each.people) for each in listed)
        await audit.record(unit, actor, what, about, station_id=station_id, volunteer=volunteer.id, people=n)
        return listed

    listed = await call.services.store.transact(read)
    zone = zone_of(found.station.region)
    facts = {
        **_facts(call, words, found),
        "streets": [
            (street.name, street.done, street.listed, [_shown(each, zone, words) for each in street.people])
            for street in listed
        ],
        "done": sum(each.done for each in listed),
        "all": sum(each.listed for each in listed),
        "cut": visits.MOST if visits.cut(listed) else 0,
        "just": next(
            (each for street in listed for each in street.people if str(each.subscriber_id) == call.query.done), None
        ),
        "helped": Finding.HELP,
    }
    return render(call.request, "resident/visits.html", words, facts)


async def send_code(call: Call[None, None]) -> web.Response:
    """Send a code to the volunteer's own telephone."""
    found = await _found(call)
    words = _words(call, found)
    if not found.readable:
        return _closed(call, words, found)
    contact = telephone(call.services, found.station, found.volunteer.phone)
    begun = await begin(
        call.services, found.station, ConfirmationRequest(found.station.id, contact, words.language, caller_mark(call))
    )
    async with call.services.store.write() as unit:
        await volunteers.asked(unit, found.volunteer.id, begun.id)
    return to(f"{_path(call)}?sent=1&lang={words.language}")


async def enter(call: Call[None, None]) -> web.Response:
    """Check the code, and open the list on this phone."""
    found = await _found(call)
    words, form = _words(call, found), await form_of(call.request)
    if not found.readable:
        return _closed(call, words, found)
    code = "".join(form.get("code", "").split())[:_LONGEST]
    try:
        secret = await visiting.sign_in(call.services, found, code, _actor(call))
    except Refused as refused:
        return _code_page(call, words, found, sentence(refused, words))
    response = to(f"{_path(call)}?lang={words.language}")
    response.set_cookie(
        _COOKIE,
        secret,
        max_age=int(SIGNED_IN.total_seconds()),
        path=_path(call),
        httponly=True,
        samesite="Lax",
        secure=call.services.base_url.startswith("https://"),
    )
    return response


async def record(call: Call[None, None]) -> web.Response:
    """Record what was found at a person's door; who needs help is told to the station at once."""
    found = await _found(call)
    words, form = _words(call, found), await form_of(call.request)
    person, finding = call.number("person"), FINDINGS.get(form.get("found", ""))
    if finding is None:
        raise Refused("answer-unknown", "found")
    if found.volunteer.revoked_at is not None:
        return _closed(call, words, found)
    if not await _signed_in(call, found):
        return to(f"{_path(call)}?lang={words.language}")
    if not await visiting.record(call.services, found, person, finding, _actor(call)):
        if found.over:
            return _closed(call, words, found)
        raise NotFound("visit-missing")
    return to(f"{_path(call)}?done={person}&lang={words.language}#p{person}")


async def _found(call: Call[Any, Any]) -> Visiting:
    read = call.services.store.run_read
    return known(await read(lambda unit: visiting.of_volunteer(unit, call.services, call.linked)))


async def _signed_in(call: Call[Any, Any], found: Visiting) -> bool:
    secret, now = call.request.cookies.get(_COOKIE, ""), call.services.clock.now()
    if not secret or len(secret) > _LONGEST:
        return False
    return await call.services.store.run_read(lambda unit: volunteers.signed_in(unit, found.volunteer.id, secret, now))


def _words(call: Call[Any, Any], found: Visiting) -> Words:
    """Return the words of the reader's language, one of those that operators have."""
    return catalogs().words(language_of(call.request, found.station.languages[0], CONSOLE))


def _actor(call: Call[Any, Any]) -> Actor:
    return replace(call.actor, kind=ActorKind.VOLUNTEER)


def _path(call: Call[Any, Any]) -> str:
    return f"/v/{call.request.match_info['token']}"


def _facts(call: Call[Any, Any], words: Words, found: Visiting) -> dict[str, Any]:
    language, text = found.alert.text_in(words.language, found.station.languages[0])
    return {
        "station": found.station,
        "name": found.volunteer.name,
        "alert": found.alert,
        "headline": text.headline,
        "text_language": language,
        "here": _path(call),
        "languages": CONSOLE,
    }


def _code_page(call: Call[Any, Any], words: Words, found: Visiting, wrong: str) -> web.Response:
    facts = {
        **_facts(call, words, found),
        "ending": found.volunteer.phone[-_ENDING:],
        "asked": found.volunteer.confirmation_id is not None,
        "wrong": wrong,
    }
    return render(call.request, "resident/visits_code.html", words, facts, status=422 if wrong else 200)


def _closed(call: Call[Any, Any], words: Words, found: Visiting) -> web.Response:
    said = words("This list is closed: the alert is over.")
    if found.volunteer.revoked_at is not None:
        said = words("This list is closed: %(station)s took it back.", station=found.station.name)
    facts = {"heading": words("There is nothing here any more"), "sentence": said}
    return render(call.request, "words.html", words, facts, status=410)


def _shown(each: Visit, zone: Any, words: Words) -> dict[str, Any]:
    return {
        "id": each.subscriber_id,
        "number": each.number,
        "name": each.name or words("Without a name"),
        "phones": each.phones,
        "told": None if each.told_at is None else written_short(each.told_at, zone, words),
        "visited": None if each.visited is None else found_words(each.visited.finding, words),
        "at": "" if each.visited is None else written_short(each.visited.at, zone, words),
        "finding": None if each.visited is None else each.visited.finding,
    }
