"""``tocsin migrate`` and ``tocsin seed``."""

import time

import click

from broadcaster import seed as seeding
from broadcaster.clock import SystemClock
from broadcaster.commands.failing import wait_for
from broadcaster.commands.opened import opened, settings
from broadcaster.commands.wording import many, reader, say, words
from broadcaster.config import Settings
from broadcaster.store.operations import migrate as migration
from broadcaster.synthetic import MOST


@click.command()
@click.option("--demo", is_flag=True, help="Where there was no database, fill the new one as `tocsin seed` does.")
def migrate(*, demo: bool) -> None:
    """Migrate the database, creating it if needed. Data is kept.

    May be run as often as you like; `make run` does at every start.
    """
    where = settings()

    async def work() -> bool:
        async with opened(where, migrated=False) as store:
            is_new = await migration.current(store) is None
            newest = await migration.migrate(store)
            say("the database has the newest shape (%(newest)s)", newest=newest)
            return is_new

    if wait_for(work()) and demo:
        wait_for(_seed(where, seeding.RESIDENTS, seeding.RANDOM_SEED))


@click.command()
@click.option("--residents", default=seeding.RESIDENTS, show_default=True, type=click.IntRange(0, MOST))
@click.option("--random-seed", default=seeding.RANDOM_SEED, show_default=True, help="One seed, one town.")
def seed(residents: int, random_seed: int) -> None:
    """Fill an empty database with the station of L'Aigle and synthetic residents, to try everything on.

    No real person can be reached: the telephone numbers are of the ranges that ARCEP keeps for fiction, e-mail goes
    to a domain that can't exist (RFC 2606), pushes to a host that can't either. Does nothing where a station exists.
    """
    where = settings()
    wait_for(_seed(where, residents, random_seed))


async def _seed(where: Settings, residents: int, random_seed: int) -> None:
    clock = SystemClock()
    async with opened(where) as store:
        began = time.perf_counter()
        sown = await seeding.sow(store, clock, residents=residents, random_seed=random_seed)
        if sown is None:
            say("there are stations already: nothing was seeded")
        else:
            took = words("%(s)s s", s=reader().number(round(time.perf_counter() - began, 1)))
            station = f"{sown.station.name} (INSEE {sown.station.insee})"
            say("seeded %(station)s in %(took)s: no real person, number or address", station=station, took=took)
            click.echo(many("%(n)s synthetic resident", "%(n)s synthetic residents", sown.residents))
