"""POST /v1/listed/corrections and /contacts: people of a list ask for what it says wrongly to be corrected.

An operator accepts or refuses (``/console/people/corrections``). A new number or address is asked for apart, and joins
the request once its owner gave the code back: nobody is made to look at one that could be anybody's.
"""

from dataclasses import replace
from typing import Any

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.consents import Way
from broadcaster.domain.corrections import ANSWERED_WITHIN, Wanted
from broadcaster.domain.people import NewContact
from broadcaster.domain.refusals import NotFound
from broadcaster.http.answers import answer
from broadcaster.http.people.confirmations import begun, contact_given
from broadcaster.http.people.listed import check, holder
from broadcaster.http.quotas import caller_mark
from broadcaster.http.route import Call
from broadcaster.http.schemas.residents import ContactOfList, CorrectionIn, CorrectionOut
from broadcaster.store import Unit
from broadcaster.store.people import corrections, shown
from broadcaster.store.people.confirmations import ConfirmationRequest
from broadcaster.store.stations import stations


async def ask(call: Call[CorrectionIn, None]) -> web.Response:
    """Ask the station to correct what its list says; a further request completes the one that waits."""
    await check(call)
    given, now = call.body, call.services.clock.now()

    async def keep(unit: Unit) -> CorrectionOut:
        station_id, who, told = await _asker(unit, call)
        wanted = Wanted(told, given.text, given.name or "", given.address or "")
        asked_at = await corrections.ask(unit, station_id, who, wanted, now)
        await call.record(unit, Action.CORRECTION_ASKED, who, station_id=station_id)
        return CorrectionOut(asked_at=asked_at, answered_by=asked_at + ANSWERED_WITHIN)

    return answer(await call.services.store.transact(keep), 201)


async def add_contact(call: Call[ContactOfList, None]) -> web.Response:
    """Send a code to a new number or address; it joins the request once the code is given back."""
    await check(call)
    given = call.body
    async with call.services.store.read() as unit:
        station_id, who, told = await _asker(unit, call)
        station = await stations.by_id(unit, station_id)
    if station is None:
        raise NotFound("not-listed")
    contact = contact_given(call.services, station, given)
    asked = ConfirmationRequest(station_id, contact, given.locale, caller_mark(call), subscriber_id=who, way=Way.OWN)
    response = await begun(call, station, replace(asked, told=told))
    async with call.services.store.write() as unit:
        await call.record(unit, Action.CORRECTION_ASKED, who, station_id=station_id, channel=contact.channel.value)
    return response


async def _asker(unit: Unit, call: Call[Any, None]) -> tuple[int, int, NewContact]:
    station_id, who = await holder(unit, call)
    told = await shown.contact_of(unit, call.body.confirmation, who)
    if told is None:
        raise NotFound("not-listed")
    return station_id, who, told
