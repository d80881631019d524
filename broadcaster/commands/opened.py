"""Opens settings and database for one command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from broadcaster import config
from broadcaster.clock import SystemClock
from broadcaster.commands.failing import Stop, wait_for
from broadcaster.commands.showing import SAID_AFTER_S
from broadcaster.commands.wording import note
from broadcaster.config import Settings
from broadcaster.domain.audit import Actor, ActorKind
from broadcaster.domain.stations import Station

if TYPE_CHECKING:  # imported on use: the commands that ask a service need neither geometry nor a database
    from broadcaster.store.engine.engine import Store, Unit

T = TypeVar("T")


@asynccontextmanager
async def opened(settings: Settings, *, migrated: bool = True) -> AsyncIterator[Store]:
    """Open the settings' database. Stops with a sentence unless it is fully migrated (or ``migrated`` is False)."""
    # Imported on demand: commands that only query a service need no database.
    from broadcaster.logs import set_up_logs  # noqa: PLC0415
    from broadcaster.store.engine.engine import Store  # noqa: PLC0415
    from broadcaster.store.engine.sealing import Vault  # noqa: PLC0415
    from broadcaster.store.operations.rotating import adopt  # noqa: PLC0415

    set_up_logs(settings)
    if settings.embedded:
        settings.make_folder()
    store = Store(settings.store_url, Vault(settings.sealing_secrets()))
    try:
        await _answering(store)
        if migrated:
            await _require_newest(store)
            await adopt(store)
        yield store
    finally:
        await store.close()


def in_store(work: Callable[[Unit], Awaitable[T]], *, write: bool = False) -> T:
    """Return ``work(unit)``'s result, from a transaction in the database that the settings name."""

    async def run() -> T:
        async with opened(settings()) as store, store.write() if write else store.read() as unit:
            return await work(unit)

    return wait_for(run())


async def _answering(store: Store) -> None:
    """Wait until the database answers, with a notice if that takes long. Raises ``StoreUnavailable``."""
    asked = asyncio.create_task(store.ping())
    done, _ = await asyncio.wait({asked}, timeout=SAID_AFTER_S)
    if not done:
        note("the database does not answer yet: waiting for it")
    await asked


async def _require_newest(store: Store) -> None:
    from broadcaster.store.operations.migrate import current, wrong  # noqa: PLC0415

    if problem := wrong(await current(store)):
        raise problem


async def station_of(unit: Unit, slug: str) -> Station:
    """Return the station with that slug; stops with the existing ones."""
    from broadcaster.store.stations import stations  # noqa: PLC0415

    found = await stations.by_slug(unit, slug.lower())
    if found is not None:
        return found
    names = ", ".join(each.slug for each in await stations.all_stations(unit))
    raise Stop("no-such-station" if names else "no-station-yet", slug=slug, names=names)


def machine() -> Actor:
    """Return the actor of a command. Anybody who may run it could change the database anyway."""
    return Actor(ActorKind.MACHINE, SystemClock().now())


def settings(**given: Any) -> Settings:
    """Read the settings from the environment, overridden by ``given``."""
    return config.load(**given)
