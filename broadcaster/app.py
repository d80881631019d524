"""The composition root: everything is built here and passed on."""

import asyncio
import fcntl
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
import uvloop
from aiohttp import web

from broadcaster import collector
from broadcaster.atlas import ActiveAlerts, Atlas
from broadcaster.bus import BadAddress, Bus, LocalBus, StreamsBus
from broadcaster.clock import Clock, SystemClock
from broadcaster.config import Settings
from broadcaster.errors import AlreadyRunning, BadSetting, BadSettings
from broadcaster.http.connections import watch
from broadcaster.http.keys import CONNECTIONS
from broadcaster.logs import set_up_logs
from broadcaster.pipeline.move import Movements
from broadcaster.pipeline.services import ProcessRole, Services
from broadcaster.pipeline.track import Ledger
from broadcaster.sending.providers import open_senders
from broadcaster.server.application import build
from broadcaster.store import Store, StoreUnavailable, Vault
from broadcaster.store.engine.grouping import Grouped
from broadcaster.store.operations import rotating, upkeep
from broadcaster.store.operations.migrate import current, newest, wrong
from broadcaster.store.register.registering import register_all
from broadcaster.workers import warm_up, working
from schedules import BadSchedule, SchoolCalendar

_SHUTDOWN_S = 2.0
_AT_ONCE = 100
"""The most registrations in one transaction."""
_BACKLOG = 4096
"""Connections waiting to be accepted, enough that in a sudden crowd nobody needs a second attempt."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A running service; ``url``: where it listens."""

    services: Services
    url: str


def open_store(settings: Settings) -> Store:
    """Open the database, creating its folder if needed."""
    if settings.embedded:
        settings.make_folder()
    return Store(settings.store_url, Vault(settings.sealing_secrets()))


def open_bus(settings: Settings) -> Bus:
    """Make this process's bus client; it connects on first use. Raises ``BadSettings``."""
    if settings.redis_url is None:
        return LocalBus()
    try:
        return StreamsBus(settings.redis_url.get_secret_value(), claim_s=settings.lease_s)
    except BadAddress as error:
        raise BadSettings(BadSetting("url-unusable", "TOCSIN_REDIS_URL", reason=error)) from error


async def open_services(settings: Settings, *, clock: Clock | None = None) -> Services:
    """Open store, channels and indexes; start nothing. Raises ``BadSettings``, ``Conflict``, ``StoreUnavailable``."""
    time = clock or SystemClock()
    bus = open_bus(settings)
    senders = open_senders(settings, None if settings.redis_url is None else bus)
    roles = frozenset(ProcessRole(name) for name in settings.roles)
    store = open_store(settings)
    try:
        await _check_migrated(store)
        await rotating.adopt(store)
        services = Services(
            settings=settings,
            store=store,
            clock=time,
            bus=bus,
            atlas=Atlas(store) if ProcessRole.RESOLVER in roles else None,
            active=ActiveAlerts(store, time),
            ledger=Ledger(store, bus, time),
            movements=Movements(store, bus),
            registrations=Grouped(
                lambda wanted: store.run_write(lambda unit: register_all(unit, wanted)), _AT_ONCE, StoreUnavailable
            ),
            school=open_school(settings),
            senders=senders,
            base_url=settings.url,
            roles=roles,
        )
        await services.active.follow()
        if services.atlas is not None:
            await services.atlas.load()
    except BaseException:
        await store.close()
        raise
    return services


def open_school(settings: Settings) -> SchoolCalendar:
    """Load the school holidays. Raises ``BadSettings``."""
    try:
        return SchoolCalendar.load(settings.school_holidays_file)
    except BadSchedule as error:
        found = BadSetting(error.code, f"TOCSIN_SCHOOL_HOLIDAYS_FILE, {error.field}", **error.params)
        raise BadSettings(found) from error
    except OSError as error:
        found = BadSetting("file-unreadable", "TOCSIN_SCHOOL_HOLIDAYS_FILE", reason=error.strerror)
        raise BadSettings(found) from error


async def _check_migrated(store: Store) -> None:
    at = await current(store)
    if problem := wrong(at):
        raise problem
    if at != newest():
        # Expanded by a newer version during a rolling update: compatible.
        _log.warning("the database has the shape of a newer version", at=at, ours=newest())


async def close_services(services: Services) -> None:
    await asyncio.gather(*(sender.channel.close() for sender in services.senders.values()))
    await services.bus.close()
    await services.store.close()


@asynccontextmanager
async def serving(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Running]:
    """Serve within the block: indexes, loops, pages and API. Port 0 takes any free one.

    Raises ``AlreadyRunning`` if another process serves from the same SQLite file.
    """
    with alone(settings):
        services = await open_services(settings, clock=clock)
        try:
            if settings.embedded:
                async with services.store.write() as unit:
                    await upkeep.free_leases(unit)
            app = build(services)
            # Compressed bodies are refused without decompressing them.
            runner = web.AppRunner(
                app, access_log=None, handle_signals=False, shutdown_timeout=_SHUTDOWN_S, auto_decompress=False
            )
            await runner.setup()
            watching = asyncio.create_task(watch(app[CONNECTIONS], runner))
            try:
                await warm_up(services)
                site = web.TCPSite(runner, settings.host, settings.port, reuse_address=True, backlog=_BACKLOG)
                await site.start()
                port = runner.addresses[0][1]
                url = settings.model_copy(update={"public_url": "", "port": port}).url
                services.base_url = settings.public_url or url
                async with working(services):
                    yield Running(services, url)
            finally:
                watching.cancel()
                await runner.cleanup()
        finally:
            await close_services(services)


class alone:  # noqa: N801  read as a word in a with statement
    """Holds the lock of an embedded instance, since two would each believe that all leases are theirs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file: int | None = None

    def __enter__(self) -> None:
        if not self._settings.embedded:
            return
        database = self._settings.store_path
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise AlreadyRunning(str(database)) from None

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)


def run(settings: Settings, ready: Callable[[Running], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is called once it listens."""
    set_up_logs(settings)
    collector.share_memory()
    collector.spare()  # most objects are there by now, and looked at once: the second time takes little
    uvloop.run(_until_stopped(settings, ready))


async def _until_stopped(settings: Settings, ready: Callable[[Running], None] | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serving(settings) as running:
        collector.spare()
        if ready is not None:
            ready(running)
        await stop.wait()
