"""POST /v1/stations/{slug}/listed, /v1/listed/data and /erasure: people of a list see, save and erase their data.

They have no token. A code proves that they hold a contact of the list, as for signing up, with the same limits; the
confirmation's secret then opens what the station keeps of them for an hour, as an operator would hand it to them, and
nothing else. Before the code, every answer is the same whether or not the list has them.
"""

from typing import Any

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.consents import Consent, Way
from broadcaster.domain.refusals import Conflict, NotFound
from broadcaster.http.answers import answer
from broadcaster.http.auth import count, limit
from broadcaster.http.people.confirmations import begun, contact_given
from broadcaster.http.people.own_data import as_file
from broadcaster.http.quotas import caller_mark
from broadcaster.http.route import Call
from broadcaster.http.schemas.residents import ConfirmedIn, ErasureOut, ListedIn
from broadcaster.http.stations import station_named
from broadcaster.store import Unit
from broadcaster.store.people import listed, shown
from broadcaster.store.people.confirmations import ConfirmationRequest
from broadcaster.store.people.profiles import Profile
from broadcaster.store.register import by_hand, own_data
from broadcaster.store.register.erasing import Erased
from broadcaster.store.register.own_data import Record
from broadcaster.store.stations import stations


async def ask(call: Call[ListedIn, None]) -> web.Response:
    """Ask what a station's list says about oneself: send a code to a contact of it."""
    given = call.body
    async with call.services.store.read() as unit:
        station = await station_named(unit, call.request.match_info["slug"])
    contact = contact_given(call.services, station, given)
    return await begun(
        call,
        station,
        ConfirmationRequest(station.id, contact, given.locale, caller_mark(call), way=Way.OWN, name=given.name),
    )


async def data(call: Call[ConfirmedIn, None]) -> web.Response:
    """Return what the station keeps of them, as a file."""
    _, profile, found = await kept(call)
    return as_file(profile, found, call.services.settings.quiet_hours)


async def erase(call: Call[ConfirmedIn, None]) -> web.Response:
    """Take them off the station's list, and erase what it keeps of them; return the proof."""
    await check(call)

    async def forget(unit: Unit) -> Erased:
        station_id, who = await holder(unit, call)
        if not await listed.erases_nobody_else(unit, who):
            raise Conflict("erased-at-the-counter")
        by = Consent(Way.OWN, call.actor)
        proof = await by_hand.remove(unit, station_id, who, by.actor.at, asked=True, by=by)
        if proof is None:
            raise NotFound("not-listed")
        await call.record(unit, Action.PERSON_ERASED, who, station_id=station_id)
        return proof

    return answer(ErasureOut.of(await call.services.store.transact(forget)))


async def kept(call: Call[ConfirmedIn, None]) -> tuple[str, Profile, dict[str, list[Record]]]:
    """Return the station's name and what it keeps of the caller. Raises ``NotFound``."""
    await check(call)
    async with call.services.store.read() as unit:
        station_id, who = await holder(unit, call)
        station = await stations.by_id(unit, station_id)
        found = None if station is None else await own_data.of_station(unit, station, who, register=False)
    if station is None or found is None:
        raise NotFound("not-listed")
    call.seen(about=who, station_id=station.id)
    return station.name, *found


async def check(call: Call[Any, None]) -> None:
    """Count requests without a valid secret by address; others by their secret."""
    now, secret = call.services.clock.now(), call.body.confirmation
    if await call.services.store.run_read(lambda unit: shown.holder(unit, secret, now)) is None:
        await count(call.request)
        raise NotFound("confirmation-unknown")
    await limit(call.request, "confirmation", secret, "too-many-confirmations")


async def holder(unit: Unit, call: Call[Any, Any]) -> tuple[int, int]:
    """Return the station and the person whom its list is about. Raises ``NotFound``."""
    found = await shown.holder(unit, call.body.confirmation, call.services.clock.now())
    if found is None or not found[0]:
        raise NotFound("not-listed")
    who, station_id = found
    return station_id, who
