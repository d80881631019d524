"""``tocsin map fetch``."""

import click

from broadcaster.commands.failing import Stop, wait_for
from broadcaster.commands.opened import opened, settings, station_of
from broadcaster.commands.progress import bar
from broadcaster.commands.showing import number
from broadcaster.commands.wording import say, words
from broadcaster.tiles import TilesUnavailable
from broadcaster.tiles.source import tiles_of
from broadcaster.tiles.territory import TerritoryFetch, wanted_of


@click.group("map")
def map_() -> None:
    """The map under alerts."""


@map_.command("fetch")
@click.option("--station", "slug", required=True, help="Short name of the station.")
@click.option("--yes", is_flag=True, help="Do not ask before fetching.")
def fetch(slug: str, *, yes: bool) -> None:
    """Fetch the map of a station's territory and 5 km around it, so that it is there when the network is down.

    Kept in the data folder of this machine, on top of TOCSIN_TILES_CACHE_MB: run it where the service runs. Cut short,
    it goes on where it stopped; after a year it fetches anew.
    """
    where = settings()

    async def work() -> None:
        async with opened(where) as store, store.read() as unit:
            station = await station_of(unit, slug)
        tiles = tiles_of(where)
        try:
            wanted = wanted_of(station)
            if not where.tiles_url:
                raise Stop("no-map")
            if not wanted:
                raise Stop("station-nowhere", slug=slug)
            fetching = TerritoryFetch(tiles, wanted)
            missing = len(await fetching.missing())
            _, more_mb = await fetching.megabytes(missing)
            gaps = {"wanted": number(fetching.total), "held": number(fetching.held)}
            say("%(wanted)s tiles, %(held)s of them here", **gaps)
            say("%(missing)s to fetch, about %(mb)s MB", missing=number(missing), mb=number(round(more_mb)))
            if missing and not yes:
                click.confirm(words("Fetch them?"), abort=True, default=True)
            with bar(words("fetching"), fetching.total) as shown:
                await fetching.run(shown)
            say("all %(wanted)s tiles are here", wanted=number(fetching.total))
        except TilesUnavailable as error:
            raise Stop("tiles-away", held=number(fetching.held), all=number(fetching.total)) from error
        finally:
            await tiles.close()

    wait_for(work())
