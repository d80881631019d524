"""``tocsin migrate`` and ``tocsin seed``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from broadcaster import seed as seeding
from broadcaster.clock import SystemClock
from broadcaster.commands.failing import wait_for
from broadcaster.commands.opened import OPERATOR_KEY, opened, settings
from broadcaster.commands.operator_key import ensure_key
from broadcaster.store import migrate as migration
from broadcaster.synthetic import MOST

if TYPE_CHECKING:
    from broadcaster.config import Settings


@click.command()
def migrate() -> None:
    """Bring the database to the newest shape; makes it where there is none.

    What is there stays. May be run as often as you like; `make run` does at every start.
    """
    where = settings()

    async def work() -> str | None:
        async with opened(where, migrated=False) as store:
            return await migration.migrate(store)

    newest = wait_for(work())
    click.echo(f"the database has the newest shape ({newest})")


@click.command()
@click.option("--residents", default=seeding.RESIDENTS, show_default=True, type=click.IntRange(0, MOST))
@click.option("--random-seed", default=seeding.RANDOM_SEED, show_default=True, help="One seed, one town.")
def seed(residents: int, random_seed: int) -> None:
    """Fill an empty database with the station of L'Aigle and synthetic residents, to try everything on.

    No real person can be reached: the telephone numbers are of the ranges that ARCEP keeps for fiction, mail goes to
    a domain that can't exist (RFC 2606), pushes to a host that can't either. Does nothing where a station exists.
    """
    where = settings()
    wait_for(_seed(where, residents, random_seed))


async def _seed(where: Settings, residents: int, random_seed: int) -> None:
    clock = SystemClock()
    async with opened(where) as store:
        began = time.perf_counter()
        sown = await seeding.sow(store, clock, residents=residents, random_seed=random_seed)
        if sown is None:
            click.echo("there are stations already: nothing was seeded")
        else:
            took = time.perf_counter() - began
            click.echo(
                f"seeded {sown.station.name} (INSEE {sown.station.insee}) with {sown.residents} synthetic residents in"
                f" {took:.1f} s: no real person, number or address"
            )
        key = await ensure_key(store, where.data_dir / OPERATOR_KEY, clock)
    click.echo(f"address         {where.url}")
    click.echo(f"operator's key  {key}  (kept in {where.data_dir / OPERATOR_KEY})")
