"""What is kept of a person, as a file: for themselves, and for a station to hand to people without a device."""

from collections.abc import Mapping, Sequence

from aiohttp import web

from broadcaster.domain.permissions import Permission
from broadcaster.domain.refusals import NotFound
from broadcaster.http.answers import answer
from broadcaster.http.people.subscribers import profile_of, shown
from broadcaster.http.route import Call
from broadcaster.http.schemas.residents import DataOut, RecordOut, SentOut
from broadcaster.http.stations import station_in
from broadcaster.store.people.profiles import Profile
from broadcaster.store.register import own_data
from broadcaster.store.register.own_data import Record


async def mine(call: Call[None, None]) -> web.Response:
    """Return all data of a subscriber, as a file."""
    async with call.services.store.read() as unit:
        profile = await profile_of(unit, call.subscriber_id)
        found = await own_data.collect(unit, call.subscriber_id)
    return as_file(profile, found, call.services.settings.quiet_hours)


async def of_person(call: Call[None, None]) -> web.Response:
    """Return a station's data of a follower, as a file to hand to them."""
    async with call.services.store.read() as unit:
        station = await station_in(unit, call)
        register = call.may(Permission.VULNERABLE, station.id)
        kept = await own_data.of_station(unit, station, call.number(), register=register)
    if kept is None:
        raise NotFound("person-unknown")
    call.seen(vulnerable=register)
    return as_file(*kept, call.services.settings.quiet_hours)


def as_file(profile: Profile, found: Mapping[str, Sequence[Record]], usual: str) -> web.Response:
    """Return a person's data as JSON to save; ``usual`` are the service's quiet hours."""
    messages = tuple(
        SentOut(
            alert=f"/a/{each.alert}", at=each.at, **{name: each.facts[name] for name in ("event", "channel", "state")}
        )
        for each in found.get("message", ())
    )
    records = tuple(
        RecordOut.of(each, kind=kind, alert=each.alert and f"/a/{each.alert}")
        for kind, some in found.items()
        if kind != "message"
        for each in some
    )
    whole = DataOut(subscriber=shown(profile, usual), messages=messages, records=records)
    return answer(whole, headers={"Content-Disposition": 'attachment; filename="tocsin.json"'})
