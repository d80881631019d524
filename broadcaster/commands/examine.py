"""Checks of ``tocsin doctor``. They return findings, and never raise."""

import asyncio
import os
import shutil
import stat
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from broadcaster.commands import examine_running
from broadcaster.commands.examine_identities import identities
from broadcaster.commands.showing import number
from broadcaster.commands.wording import reader
from broadcaster.config import Settings
from broadcaster.domain.health import Code, Trouble
from broadcaster.domain.people import CHANNELS
from broadcaster.domain.refusals import located, sentence
from broadcaster.errors import BadSettings
from broadcaster.sending.providers import open_senders
from broadcaster.sending.sender import Sender
from broadcaster.store import Store, StoreUnavailable, Vault
from broadcaster.store.engine.sealing import SealBroken
from broadcaster.store.operations.migrate import current, wrong
from broadcaster.store.register import intake
from broadcaster.store.stations import stations
from channels.base import Finding
from zones import Communes, CommunesMissing

_LOW_DISK = 1 << 30
_NO_DISK = 100 << 20
PROBE_S = 9.0
"""Time limit per check, so that the whole report takes less than ten seconds."""

_ANSWER_S = 5.0
# A clock before this is wrong: the newest release is later.
_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Examined:
    """A finding and its subject."""

    subject: str
    finding: Finding


def asked() -> tuple[str, ...]:
    """Return the subjects that something else is asked about: channels by name, the others in English."""
    return (*_ASKED, *CHANNELS)


async def examine(settings: Settings) -> AsyncIterator[Examined]:
    """Check everything, from the bottom up: folder, secret, database, clock, port, channels."""
    for subject, look in _LOCAL.items():
        for finding in look(settings):
            yield Examined(subject, finding)
    # Concurrently, so that a hanging channel does not delay the others.
    asking = {subject: asyncio.create_task(_in_time(ask(settings))) for subject, ask in _ASKED.items()}
    channels = asyncio.create_task(_channels(settings))
    for subject, asked in asking.items():
        for finding in await asked:
            yield Examined(subject, finding)
    for examined in await channels:
        yield examined


async def _in_time(asking: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        async with asyncio.timeout(PROBE_S):
            return await asking
    except TimeoutError:
        return [
            Finding("error", "no answer within %(s)s s", "look at the network and the firewall", {"s": round(PROBE_S)})
        ]


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    there = folder
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK | os.X_OK):
        hint = "set TOCSIN_DATA_DIR to a folder that the service's user may write to, or change its owner"
        yield Finding("error", "%(path)s can't be written to", hint, {"path": folder.resolve()})
        return
    sure = "%(path)s can be written to" if folder.exists() else "%(path)s can be written to (it will be made)"
    yield Finding("ok", sure, params={"path": folder.resolve()})
    free = shutil.disk_usage(there).free
    gap = {"gib": number(round(free / (1 << 30), 1))}
    if free < _NO_DISK:
        yield Finding("error", "%(gib)s GiB free", "make room: an alert that can't be written down can't be sent", gap)
    elif free < _LOW_DISK:
        yield Finding("warning", "%(gib)s GiB free", "make room: deliveries and sandboxed messages are kept here", gap)
    else:
        yield Finding("ok", "%(gib)s GiB free", params=gap)


def _secret(settings: Settings) -> Iterator[Finding]:
    if settings.secret_key is None:
        path = settings.data_dir / "secret.key"
        if not path.exists():
            if not settings.embedded or not settings.store_path.exists():
                yield Finding("warning", "there is no secret key yet: one is made at the first start", "back it up")
            else:
                hint = "put it back from your copy: without it no address can be read"
                yield Finding("error", "%(path)s is gone, and the database is there", hint, {"path": path})
            return
        yield from _private(path)
        yield Finding(
            "ok",
            "addresses and homes are sealed with it",
            "back it up, apart from the database: without it all is lost",
        )
    try:
        settings.sealing_secrets()
    except BadSettings as error:
        for each in error.findings:
            hint = "put the right key back: what was sealed opens with no other"
            yield Finding("error", located(each, reader()), hint)
    except OSError as error:
        gap = {"reason": error.strerror}
        yield Finding("error", "the secret key can't be read: %(reason)s", "let the service's user read it", gap)
    else:
        if settings.secret_key is not None:
            yield Finding("ok", "TOCSIN_SECRET_KEY is set")


def _private(path: Path) -> Iterator[Finding]:
    mode = path.stat().st_mode
    if mode & _OTHERS:
        gap = {"mode": stat.filemode(mode), "path": path}
        yield Finding("error", "the secret key can be read by others (%(mode)s)", "chmod 600 %(path)s", gap)
    else:
        yield Finding("ok", "the secret key is %(path)s, for its owner only", params={"path": path})


def _clock(settings: Settings) -> Iterator[Finding]:  # noqa: ARG001  every examination takes the settings
    now = datetime.now(UTC)
    gap = {"time": f"{now:%Y-%m-%d %H:%M}", "zone": time.strftime("%Z")}
    if now < _EARLIEST:
        yield Finding("error", "the clock says %(time)s UTC", "set it: alerts would expire in the past", gap)
    else:
        yield Finding("ok", "the clock says %(time)s UTC (this machine's zone: %(zone)s)", params=gap)
    kept_right = examine_running.synchronised()
    if kept_right is not None:
        hint = (
            "set up NTP (systemd-timesyncd, chrony): times of alerts and receipts, and sign-in codes, go by this clock"
        )
        told = "the clock is kept right (NTP)" if kept_right else "the clock is not synchronised"
        yield Finding("ok" if kept_right else "warning", told, hint)


def _communes(settings: Settings) -> Iterator[Finding]:  # noqa: ARG001  every examination takes the settings
    try:
        path = Communes().path
    except CommunesMissing as error:
        yield Finding("warning", "the communes of France are not there", sentence(error, reader()))
    else:
        yield Finding("ok", "the communes of France are in %(file)s", params={"file": path.name})


def _links(settings: Settings) -> Iterator[Finding]:
    real = settings.vapid_private_key, settings.smtp_url, settings.twilio_account_sid, settings.smpp_url
    level: Literal["error", "warning"] = "error" if any(real) else "warning"
    hint = "set TOCSIN_PUBLIC_URL to the https:// address that residents reach this service by"
    if not settings.public_url:
        told = "no public address is set: links in messages lead to %(url)s"
        yield Finding(level, told, hint, {"url": settings.url})
    elif urlsplit(settings.public_url).scheme != "https":
        yield Finding(level, "%(url)s is not https", hint, {"url": settings.public_url})
    else:
        yield Finding("ok", "links begin with %(url)s", params={"url": settings.public_url})


async def _database(settings: Settings) -> list[Finding]:
    found: list[Finding] = []
    if settings.embedded and not settings.store_path.exists():
        gap = {"path": settings.store_path}
        return [Finding("error", "there is no database at %(path)s", "run `tocsin migrate`", gap)]
    if settings.secret_key is None and not (settings.data_dir / "secret.key").exists():
        return []  # reported above; opening the database would make a new key
    try:
        store = Store(settings.store_url, Vault(settings.sealing_secrets()))
    except Exception as error:  # noqa: BLE001  whatever is wrong with the address, it is a finding
        told, hint = "the database's address can't be used: %(reason)s", "look at TOCSIN_DATABASE_URL"
        return [Finding("error", told, hint, {"reason": error})]
    try:
        async with asyncio.timeout(_ANSWER_S):
            await store.ping()
        there = await current(store)
        if problem := wrong(there):
            return [Finding("error", located(problem, reader()))]
        found.append(
            Finding("ok", "the database answers and can be written to (shape %(there)s)", params={"there": there})
        )
        found.extend(await _kept(store))
        found.extend(await examine_running.of_the_work(store, settings))
    except (StoreUnavailable, OSError) as error:  # TimeoutError is an OSError
        found += examine_running.of_troubles([Trouble(Code.STORE_AWAY, detail=str(error) or "no answer in time")])
    finally:
        await store.close()
    return found


async def _kept(store: Store) -> list[Finding]:
    """Check that stored data opens with the configured key, and list keys that never expire."""
    found: list[Finding] = []
    async with store.read() as unit:
        every = await stations.all_stations(unit)
        if every:
            counts = [await stations.followers_count(unit, each.id) for each in every]
            gaps = {"stations": len(every), "follows": number(sum(counts))}
            found.append(Finding("ok", "stations: %(stations)s, followed %(follows)s times", params=gaps))
            for each in every:
                if each.boundary is None:
                    hint = "give it a boundary, so that it can't alert elsewhere by mistake"
                    found.append(Finding("warning", "station %(slug)s may alert anywhere", hint, {"slug": each.slug}))
        else:
            found.append(Finding("warning", "there is no station", "`tocsin station add --insee …` or `tocsin seed`"))
        try:
            any_sealed = await intake.open_one(unit)
        except SealBroken as error:
            hint = "put the right TOCSIN_SECRET_KEY (or secret.key) back: no address can be read without it"
            gap = {"reason": located(error, reader())}
            found.append(Finding("error", "what is kept does not open: %(reason)s", hint, gap))
        else:
            if any_sealed:
                found.append(Finding("ok", "what is sealed opens with the secret key"))
        for key in await stations.keys_that_hold(unit, datetime.now(UTC)):
            if key.slug is None and key.expires_at is None:
                hint = "`tocsin key revoke %(id)s` ends it; `tocsin key operator` makes one that expires"
                told = "key %(id)s is good for every station, and never expires"
                found.append(Finding("warning", told, hint, {"id": key.id}))
    return found


async def _channels(settings: Settings) -> list[Examined]:
    try:
        senders = open_senders(settings)
    except BadSettings as error:
        hint = "correct the setting; docs/operating.md has the table"
        return [Examined("channels", Finding("error", located(each, reader()), hint)) for each in error.findings]

    async def probed(sender: Sender) -> list[Examined]:
        try:
            return [Examined(str(sender.name), each) for each in await _in_time(sender.channel.probe())]
        finally:
            await sender.channel.close()

    return [each for found in await asyncio.gather(*map(probed, senders.values())) for each in found]


_LOCAL: dict[str, Callable[[Settings], Iterator[Finding]]] = {
    "data folder": _folder,
    "secret key": _secret,
    "clock": _clock,
    "communes": _communes,
    "public address": _links,
}
_ASKED: dict[str, Callable[[Settings], Awaitable[list[Finding]]]] = {
    "database": _database,
    "bus": examine_running.bus,
    "service": examine_running.service,
    "public address": examine_running.public,
    "geocoder": examine_running.addresses,
    "map": examine_running.map_tiles,
    "identities": identities,
}
