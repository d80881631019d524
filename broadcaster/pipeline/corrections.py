"""Corrections: tell operators once a day at most, and by day, that people of their list ask for one."""

from broadcaster.domain.corrections import is_day
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.pipeline.helping import operators_of
from broadcaster.pipeline.operator_mail import words_for
from broadcaster.pipeline.services import Services
from broadcaster.pipeline.telling import Notice, tell_station
from broadcaster.store.people import corrections
from broadcaster.store.stations import stations

CORRECTIONS = "/console/people/corrections"


async def tell_of_corrections(services: Services) -> None:
    """Tell each station's operators how many requests wait, if new ones came in. Run by the leading scheduler.

    Recorded after it was sent: after a crash an operator may be told twice, and never not at all.
    """
    now = services.clock.now()
    found = await services.store.run_read(lambda unit: corrections.to_announce(unit, now))
    for station_id, ids in found.items():
        async with services.store.read() as unit:
            station = await stations.by_id(unit, station_id)
            entitled = await operators_of(unit, station_id)
            waiting = await corrections.waiting(unit, [station_id], now)
        if station is None or station_id not in waiting or not is_day(now, zone_of(station.region)):
            continue
        own = [each for each in entitled if station_id in each.roles]
        people = own or entitled  # an administrator of many stations is not told of each
        if await tell_station(services, station, people, _notice(station, ids[-1], *waiting[station_id])):
            async with services.store.write() as unit:
                await corrections.mark_announced(unit, ids, now)


def _notice(station: Station, newest: int, waiting: int, overdue: int) -> Notice:
    words = words_for(station)
    subject = words.many("%(n)s request for a correction", "%(n)s requests for a correction", waiting)
    said = words(
        "People on the list of %(station)s ask to have mistakes corrected. The law gives you a month to answer.",
        station=station.plain_name,
    )
    if overdue:
        late = words.many(
            "%(n)s has waited for more than a month.", "%(n)s have waited for more than a month.", overdue
        )
        said = f"{said} {late}"
    path = f"{CORRECTIONS}?station={station.slug}"
    return Notice(f"correction.{newest}.asked", subject, said, path, urgent=False)
