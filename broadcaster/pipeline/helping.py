"""Help: tell those on duty of each request, and all operators of a station of what nobody took in charge in time."""

from collections import defaultdict
from collections.abc import Iterable

from broadcaster.domain.answers import UNTAKEN
from broadcaster.domain.operators import Operator
from broadcaster.domain.permissions import Permission
from broadcaster.domain.stations import Station
from broadcaster.pipeline.operator_mail import send_sms, words_for
from broadcaster.pipeline.services import Services
from broadcaster.pipeline.telling import Notice, push, tell_station, url_of
from broadcaster.store import Unit, duties, help_requests
from broadcaster.store.help_requests import HelpRequest
from broadcaster.store.operators import operators
from broadcaster.store.stations import stations

_MOST = 100
HELP = "/console/help"


async def call_on_duty(services: Services) -> None:
    """Push each new request to those on duty.

    Operators without push get an SMS. After a crash some may be told twice; none is missed.
    """
    now = services.clock.now()
    found = await services.store.run_read(lambda unit: help_requests.uncalled(unit, _MOST))
    for station_id, requests in _by_station(found):
        async with services.store.read() as unit:
            station = await stations.by_id(unit, station_id)
            duty = await duties.on_duty(unit, station_id, now)
            people = [each for each in await operators_of(unit, station_id) if each.id in duty]
        if station is not None and people:
            notice = _of_new(station, requests)
            reached = await push(services, station, people, notice)
            for each in people:
                if each.phone and each.id not in reached:
                    await send_sms(services, each.phone, f"{notice.subject}\n{url_of(services, notice)}")
        async with services.store.write() as unit:
            await help_requests.mark_announced(unit, [each.id for each in requests], now)


async def tell_untaken(services: Services) -> None:
    """Tell the operators of each station with requests that nobody has taken for two minutes.

    Those of a station where nobody is on duty are told of at once. Recorded after it was sent, as above.
    """
    now = services.clock.now()
    found = await services.store.run_read(lambda unit: help_requests.untaken(unit, now - UNTAKEN, now, _MOST))
    for station_id, requests in _by_station(found):
        if await _tell(services, station_id, requests):
            async with services.store.write() as unit:
                await help_requests.mark_escalated(unit, [each.id for each in requests], now)
            for alert_id in {each.alert_id for each in requests}:
                await services.bus.publish(f"alert:{alert_id}")


async def operators_of(unit: Unit, station_id: int) -> list[Operator]:
    """Return the operators who may see a station's residents, and so take charge of requests."""
    known = {each.id: each for each in await operators.listed(unit, [station_id])}
    known |= {each.id: each for each in await operators.administrators(unit)}
    return [each for each in known.values() if not each.disabled and each.caller.may(Permission.REGISTER, station_id)]


def _by_station(found: Iterable[HelpRequest]) -> list[tuple[int, list[HelpRequest]]]:
    by_station: defaultdict[int, list[HelpRequest]] = defaultdict(list)
    for each in found:
        by_station[each.station_id].append(each)
    return list(by_station.items())


async def _tell(services: Services, station_id: int, requests: list[HelpRequest]) -> bool:
    """Return whether there is nothing left to tell: somebody was told, or nobody can be."""
    async with services.store.read() as unit:
        station = await stations.by_id(unit, station_id)
        people = await operators_of(unit, station_id)
    if station is None:
        return True
    return await tell_station(services, station, people, _of_untaken(station, requests))


def _of_new(station: Station, requests: list[HelpRequest]) -> Notice:
    words, n = words_for(station), len(requests)
    subject = words.many("%(n)s new request for help", "%(n)s new requests for help", n)
    said = words("People of %(station)s ask for help. You are on duty: take the request.", station=station.name)
    return Notice(f"help.{requests[-1].id}.new", subject, said, f"{HELP}?station={station.slug}")


def _of_untaken(station: Station, requests: list[HelpRequest]) -> Notice:
    words, n = words_for(station), len(requests)
    subject = words.many("%(n)s request for help: nobody has it", "%(n)s requests for help: nobody has them", n)
    said = words("People of %(station)s ask for help, and nobody has taken the request yet.", station=station.name)
    return Notice(f"help.{requests[-1].id}", subject, said, f"{HELP}?station={station.slug}")
