"""Demo data: L'Aigle's real boundary and town hall, and fictitious residents."""

from dataclasses import dataclass

from broadcaster.clock import Clock
from broadcaster.domain.people import NewSubscriber
from broadcaster.domain.stations import Station, StationKind
from broadcaster.store.engine.engine import Store, Unit
from broadcaster.store.people import people
from broadcaster.store.stations import stations
from broadcaster.synthetic import GROUPS, Town
from broadcaster.territory import NO_SEA, of_commune
from zones import Area

INSEE = "61214"
SLUG = "laigle"
RESIDENTS = 6000
RANDOM_SEED = 61214
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Sown:
    """What was seeded."""

    station: Station
    residents: int


async def sow(store: Store, clock: Clock, *, residents: int = RESIDENTS, random_seed: int = RANDOM_SEED) -> Sown | None:
    """Add the station and its residents; return None without doing anything if there is any station.

    One transaction, so that a killed seed leaves nothing and can be repeated. Raises ``zones.CommunesMissing`` without
    the communes' data.
    """
    async with store.read() as unit:
        if await stations.all_stations(unit):
            return None
    fields = {**of_commune(INSEE), "sea": NO_SEA}  # L'Aigle is a day's walk from it
    commune_area = Area.from_json({"polygons": fields["boundary"]})
    town = Town(commune_area, (fields["lon"], fields["lat"]), random_seed)
    drawn = list(town.residents(residents))
    async with store.write() as unit:
        if await stations.all_stations(unit):  # another process was faster
            return None
        made = await stations.add(
            unit,
            {"slug": SLUG, "kind": StationKind.AUTHORITY, "languages": ("fr", "en"), "margin_m": 1000.0, **fields},
            clock.now(),
        )
        if made is None:
            return None
        await _register(unit, made.id, drawn, clock)
    return Sown(made, len(drawn))


async def _register(unit: Unit, station_id: int, drawn: list[NewSubscriber], clock: Clock) -> None:
    groups = await stations.ensure_groups(unit, station_id, GROUPS)
    for start in range(0, len(drawn), _BATCH):
        batch = drawn[start : start + _BATCH]
        tokens = [people.new_token() for _ in batch]
        await people.register(unit, station_id, batch, tokens, groups_by_slug=groups, now=clock.now())
