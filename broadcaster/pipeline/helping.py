"""Help: tell all operators of a station about requests that nobody took charge of in time."""

from collections import defaultdict
from itertools import starmap

import structlog

from broadcaster.domain.answers import UNTAKEN
from broadcaster.domain.operators import Operator
from broadcaster.domain.permissions import Permission
from broadcaster.pipeline.operator_mail import send_mail, words_for
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit, help_requests
from broadcaster.store.help_requests import HelpRequest
from broadcaster.store.operators import operators
from broadcaster.store.stations import stations

_MOST = 100
HELP = "/console/help"
_log = structlog.get_logger(__name__)


async def tell_untaken(services: Services) -> None:
    """Mail the operators of each station with requests that nobody has taken for two minutes.

    If nobody is on duty at the station, they are told at once. A mail is recorded after it is sent: after a crash an
    operator may be told twice, rather than never.
    """
    now = services.clock.now()
    found = await services.store.look(lambda unit: help_requests.untaken(unit, now - UNTAKEN, now, _MOST))
    by_station: defaultdict[int, list[HelpRequest]] = defaultdict(list)
    for each in found:
        by_station[each.station_id].append(each)
    for station_id, requests in by_station.items():
        if await _tell(services, station_id, requests):
            async with services.store.write() as unit:
                await help_requests.told(unit, [each.id for each in requests], now)
            for alert_id in {each.alert_id for each in requests}:
                await services.bus.publish(f"alert:{alert_id}")


async def operators_of(unit: Unit, station_id: int) -> list[Operator]:
    """Return the operators who may see a station's residents, and so take charge of requests."""
    known = {each.id: each for each in await operators.listed(unit, [station_id])}
    known |= {each.id: each for each in await operators.administrators(unit)}
    return [each for each in known.values() if not each.disabled and each.caller.may(Permission.REGISTER, station_id)]


async def _tell(services: Services, station_id: int, requests: list[HelpRequest]) -> bool:
    """Return whether the requests count as told: somebody got the mail, or nobody can get one."""
    async with services.store.read() as unit:
        station = await stations.by_id(unit, station_id)
        addresses = [each.mail for each in await operators_of(unit, station_id) if each.mail]
    if station is None:
        return True
    if station.email and station.email not in addresses:
        addresses.append(station.email)
    words, n = words_for(station), len(requests)
    subject = words.many("%(n)s request for help: nobody has it", "%(n)s requests for help: nobody has them", n)
    said = words("People of %(station)s ask for help, and nobody has taken this in charge yet.", station=station.name)
    url = f"{services.base_url}{HELP}?station={station.slug}"

    async def send(number: int, address: str) -> bool:
        name = f"help.{requests[-1].id}.{number}"
        return await send_mail(services, name, address, station=station, subject=subject, said=said, url=url)

    sent = [await each for each in starmap(send, enumerate(addresses))]
    if not any(sent):
        _log.error("nobody could be told of requests for help", station=station.slug, requests=n, operators=len(sent))
    return any(sent) or not addresses or services.mail_is_sandboxed
