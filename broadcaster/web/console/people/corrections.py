"""/console/people/corrections: what people of a station's list ask to be corrected, and the station's answer."""

from typing import Any

from aiohttp import web

from broadcaster.domain.addresses import Address
from broadcaster.domain.approvals import LONGEST_REASON
from broadcaster.domain.audit import Action
from broadcaster.domain.consents import Consent, Way
from broadcaster.domain.corrections import LONGEST_ADDRESS, Correction, CorrectionState
from broadcaster.domain.refusals import Conflict, Refused
from broadcaster.domain.zones import zone_of
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.pipeline import notices
from broadcaster.pipeline.corrections import CORRECTIONS
from broadcaster.register import left_out
from broadcaster.store import Unit
from broadcaster.store.alerts import breakdown
from broadcaster.store.people import addresses, corrections, profiles
from broadcaster.store.register import correcting, persons
from broadcaster.web.console.frame import chosen_station, show, station_chosen, words_of
from broadcaster.web.pages import to, written_short
from broadcaster.web.resident.record_words import corrections as states
from broadcaster.web.resident.record_words import written_number


async def page(call: Call[None, None]) -> web.Response:
    """Show a station's requests: those that wait, the oldest first, then what was answered."""
    words, now = words_of(call.request), call.services.clock.now()
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        found = await corrections.of_station(unit, station.id)
        moved = [each.subscriber_id for each in found if each.wanted.address]
        lines = await persons.lines(unit, station.id, [each.subscriber_id for each in found])
        names = {each.id: each.name for each in lines}
        homes = await addresses.of_people(unit, station.id, moved)
        deciders = {each.decided_by for each in found if each.decided_by is not None}
        labels = {each: await breakdown.label_of(unit, each) for each in deciders}
    call.seen(station_id=station.id, people=len(found))
    zone = zone_of(station.region)

    def fact(each: Correction) -> dict[str, Any]:
        return {
            "id": each.id,
            "person": each.subscriber_id,
            "name": names.get(each.subscriber_id) or words("without a name"),
            "wanted": each.wanted,
            "contacts": [written_number(one.address) for one in each.wanted.contacts],
            "by": written_number(each.wanted.told.address),
            "asked": written_short(each.asked_at, zone, words),
            "due": words.day(each.due_at.astimezone(zone)),
            "overdue": each.is_overdue(now),
            "open": each.state is CorrectionState.OPEN,
            "accepted": each.state is CorrectionState.ACCEPTED,
            "state": states(words)[each.state.word],
            "answered": "" if each.decided_at is None else written_short(each.decided_at, zone, words),
            "who": labels.get(each.decided_by or 0, ""),
            "told": each.told_at is not None,
            "again": each.tell_at is not None,
            "home": homes[each.subscriber_id].state.name.lower()
            if each.wanted.address and each.subscriber_id in homes
            else "",
            "reason": each.reason,
        }

    facts = {
        "stations": theirs,
        "found": [fact(each) for each in found],
        "longest": LONGEST_REASON,
        "longest_address": LONGEST_ADDRESS,
        "geocoder": bool(call.services.settings.geocoder_url),
        "done": words("The answer is on its way to them.") if call.request.query.get("done") else "",
    }
    return show(call.request, "people/corrections.html", words, facts, tab="people", where=station)


async def answer(call: Call[None, None]) -> web.Response:
    """Correct what was asked for, or refuse with a reason. Raises ``Conflict`` if somebody else did."""
    services, given = call.services, await form_of(call.request)
    number = call.number()
    reason = " ".join(given.get("why", "").split())
    state = CorrectionState.REFUSED if given.get("do") == "refuse" else CorrectionState.ACCEPTED
    if state is CorrectionState.REFUSED and not 1 <= len(reason) <= LONGEST_REASON:
        raise Refused("approval-reason", "why", most=LONGEST_REASON)
    station = await station_chosen(call)
    caller = call.need(station.id)

    async def keep(unit: Unit) -> tuple[Correction, str]:
        now = call.actor.at
        said = reason if state is CorrectionState.REFUSED else ""
        done = await corrections.decide(unit, station.id, number, state, reason=said, by=caller.key_id, now=now)
        if done is None:
            raise Conflict("help-taken")
        profile = await profiles.read(unit, done.subscriber_id)
        if state is CorrectionState.ACCEPTED:
            home = Address.of_line(given.get("address", done.wanted.address)[:LONGEST_ADDRESS])
            consent = Consent(Way.COUNTER, call.actor)
            await correcting.apply(unit, done, home, now, consent)
            await left_out.log(unit, consent)
        what = Action.CORRECTION_REFUSED if said else Action.CORRECTION_ACCEPTED
        await call.record(unit, what, done.subscriber_id, station_id=station.id, why=said)
        return done, station.languages[0] if profile is None else profile.locale

    done, language = await services.store.transact(keep)
    notices.answer_soon(services, station, language, done)
    return to(f"{CORRECTIONS}?station={station.slug}&done=1")
