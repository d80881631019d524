"""``tocsin doctor``'s checks of the running system: service, roles, bus, public address, geocoder, clock."""

import ctypes
import socket
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
from mercantile import Tile

from broadcaster.app import open_bus, open_school
from broadcaster.bus import BusUnavailable
from broadcaster.commands.api import Api
from broadcaster.commands.reached import local_url, named_url
from broadcaster.commands.wording import reader
from broadcaster.config import PREFIX, Settings
from broadcaster.domain.health import SENTENCES, Code, Grade, Trouble, in_order
from broadcaster.domain.people import CHANNEL_WORDS
from broadcaster.domain.refusals import located
from broadcaster.domain.retention import GRACE, PERIODS
from broadcaster.errors import BadSettings
from broadcaster.geocoding.client import Geocoder, GeocoderUnavailable
from broadcaster.health import absent_roles, stored_troubles
from broadcaster.store import Store, Unit
from broadcaster.store.operations import processes, retention
from broadcaster.store.operations.processes import Process
from broadcaster.tiles import TilesUnavailable
from broadcaster.tiles.source import tiles_of
from channels.base import Finding

_ANSWER_S = 5.0
_CLOCK_OFF_S = 30.0
_OK = 200
_STA_UNSYNC = 0x0040


def of_troubles(found: Iterable[Trouble]) -> list[Finding]:
    return [_of_trouble("error" if each.grade is Grade.ERROR else "warning", each) for each in found]


def _of_trouble(level: Literal["error", "warning"], trouble: Trouble) -> Finding:
    sentence, params = SENTENCES[trouble.code], dict(trouble.params)
    if trouble.channel is not None:
        params["channel"] = CHANNEL_WORDS.get(trouble.channel, trouble.channel)
    return Finding(level, sentence.said, sentence.to_do, params, trouble.reason(reader()))


async def of_the_work(store: Store, settings: Settings) -> list[Finding]:
    """Return the running processes and the store's troubles, even if no process answers."""
    now = datetime.now(UTC)
    try:
        school = open_school(settings)
    except BadSettings as error:
        return _of_settings(error)
    async with store.read() as unit:
        troubles = await stored_troubles(unit, now, school, embedded=settings.embedded)
        living = await processes.living(unit, now)
        were_there = await processes.any_known(unit)
        soon = await _deleted_soon(unit, settings, now)
    if settings.embedded:
        return [*of_troubles(in_order(troubles)), *soon]
    if not living and not were_there:
        roles = {each.code for each in absent_roles([])}
        rest = of_troubles(in_order(each for each in troubles if each.code not in roles))
        return [Finding("warning", "no process of this service is running", "`tocsin serve` starts one"), *rest, *soon]
    return [*_by_role(living), *of_troubles(in_order(troubles)), *soon]


async def _deleted_soon(unit: Unit, settings: Settings, now: datetime) -> list[Finding]:
    """Return the new periods that soon begin to delete, if the service is older than they are long."""
    begun, known = await retention.begun(unit), await retention.enforced(unit)
    soon: dict[str, datetime] = {}
    for kind, period in PERIODS.items():
        starts_at = known[kind].starts_at if kind in known else now + GRACE
        months = getattr(settings, period.setting) if period.has_grace else 0
        if months and begun and begun < now - period.length(months) and starts_at and starts_at > now:
            soon[f"{PREFIX}{period.setting.upper()}={months}"] = starts_at
    if not soon:
        return []
    gaps = {"settings": ", ".join(soon), "day": min(soon.values()).date().isoformat()}
    said = "data older than these periods, in months, is deleted from %(day)s on: %(settings)s"
    return [Finding("warning", said, "to keep it longer, raise these settings before", gaps)]


def _of_settings(error: BadSettings) -> list[Finding]:
    return [Finding("error", located(each, reader()), "correct this setting") for each in error.findings]


def _by_role(living: Sequence[Process]) -> list[Finding]:
    where: defaultdict[str, list[str]] = defaultdict(list)
    for process in living:
        for role in process.roles:
            where[role].append(f"{process.host} (pid {process.pid})")
    return [
        Finding("ok", "%(role)s: %(processes)s", params={"role": role, "processes": ", ".join(each)})
        for role, each in sorted(where.items())
    ]


async def bus(settings: Settings) -> list[Finding]:
    if settings.redis_url is None:
        return []
    try:
        bus = open_bus(settings)
    except BadSettings as error:
        return _of_settings(error)
    try:
        await bus.ping()
    except BusUnavailable as error:
        return of_troubles([Trouble(Code.BUS_AWAY, detail=str(error))])
    finally:
        await bus.close()
    return [Finding("ok", "the bus answers")]


async def service(settings: Settings) -> list[Finding]:
    """Query the service at TOCSIN_URL, else at its configured address."""
    named = named_url()
    url = named or local_url(settings)
    async with Api(url, "", tries=1) as api:
        if await api.answers():
            return [Finding("ok", "a service answers at %(url)s", params={"url": url}), *await _ready(url)]
    if named:
        told, hint = "no service answers at TOCSIN_URL, %(url)s", "correct the address, or start it there"
        return [Finding("error", told, hint, {"url": url})]
    if settings.port == 0:
        return [Finding("ok", "the port will be any that is free")]
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            hint = "another program has it: set TOCSIN_PORT, or stop that one"
            gaps = {"port": settings.port, "host": settings.host, "reason": error.strerror}
            return [Finding("error", "port %(port)s of %(host)s can't be had: %(reason)s", hint, gaps)]
    if settings.embedded:
        return [Finding("ok", "port %(port)s is free; no service runs there now", params={"port": settings.port})]
    hint = "set TOCSIN_URL, or TOCSIN_PORT, to the address of one of its processes to have that one asked"
    return [Finding("warning", "no service answers at %(url)s: none was asked whether it is ready", hint, {"url": url})]


async def _ready(url: str) -> list[Finding]:
    try:
        told = await _asked_json(url + "/readyz")
        found = [
            (each["severity"], each, Trouble.from_json(each) if "code" in each else None) for each in told["findings"]
        ]
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError) as error:
        gap = {"reason": error.__class__.__name__}
        return [Finding("warning", "it does not say whether it is ready (%(reason)s)", "read its log", gap)]
    return [
        # A newer service may have troubles that this version can't name.
        _of_trouble(level, known) if known else Finding(level, each["what"], each["to_do"], detail=each["detail"])
        for level, each, known in found
    ] or [Finding("ok", "it says that it is ready")]


async def _asked_json(url: str) -> Any:
    timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
        return await answer.json(content_type=None)


async def public(settings: Settings) -> list[Finding]:
    """Query the public address like a resident's browser."""
    if not settings.public_url:
        return []
    timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(settings.public_url + "/healthz") as answer,
        ):
            await answer.read()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        hint = "start the service, and look at DNS, the proxy in front of it and its certificate"
        gaps = {"url": settings.public_url, "reason": _plain(error)}
        return [Finding("warning", "%(url)s does not answer from here (%(reason)s)", hint, gaps)]
    if answer.status != _OK:
        hint = "the address leads to something else than this service: look at the proxy in front of it"
        gaps = {"url": settings.public_url, "status": str(answer.status)}
        return [Finding("error", "%(url)s/healthz answers %(status)s", hint, gaps)]
    found = [
        Finding("ok", "%(url)s answers", params={"url": settings.public_url}),
        *_compared(answer.headers.get("Date")),
    ]
    if settings.public_url.startswith("https:") and "Strict-Transport-Security" not in answer.headers:
        hint = "let the proxy pass the header on (RFC 6797): without it, visits by http:// can be read and altered"
        found.append(Finding("warning", "its answers lack Strict-Transport-Security (HSTS)", hint))
    return found


def _compared(dated: str | None) -> list[Finding]:
    try:
        there = datetime.strptime(dated or "", "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    except ValueError:
        return []
    off = abs((datetime.now(UTC) - there).total_seconds())
    if off > _CLOCK_OFF_S:
        return [Finding("warning", "its clock and this one are %(s)s s apart", "set up NTP on both", {"s": round(off)})]
    return []


async def addresses(settings: Settings) -> list[Finding]:
    """Query the geocoder for an address that exists everywhere."""
    if not settings.geocoder_url:
        return [Finding("ok", "no addresses are looked up (TOCSIN_GEOCODER_URL is off)")]
    gap = {"url": settings.geocoder_url}
    try:
        await Geocoder(settings.geocoder_url).find("place de la mairie", None)
    except GeocoderUnavailable:
        hint = "check TOCSIN_GEOCODER_URL and the network; operators can show places on the map meanwhile"
        return [Finding("warning", "the geocoder at %(url)s does not answer as it should", hint, gap)]
    return [Finding("ok", "the geocoder at %(url)s answers", params=gap)]


async def map_tiles(settings: Settings) -> list[Finding]:
    """Fetch the tile of the whole world."""
    if settings.tiles_file is not None or not settings.tiles_url:
        return []
    tiles = tiles_of(settings)
    try:
        await tiles.fetched(Tile(0, 0, 0))
    except TilesUnavailable:
        hint = "check TOCSIN_TILES_URL and the network; `tocsin map fetch` keeps a territory's map on this machine"
        return [Finding("warning", "no map tiles come from %(host)s", hint, {"host": _host(settings.tiles_url)})]
    finally:
        await tiles.close()
    return [Finding("ok", "map tiles come from %(host)s", params={"host": _host(settings.tiles_url)})]


def _host(url: str) -> str:
    return urlsplit(url.split("{", 1)[0]).netloc


class _Timex(ctypes.Structure):
    """Start of Linux's ``struct timex`` (adjtimex(2)), with room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def synchronised() -> bool | None:
    """Return whether this machine's clock is synchronized (NTP); None if the kernel does not say."""
    told = _Timex()
    try:
        if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(told)) < 0:
            return None
    except (AttributeError, OSError):
        return None
    return not told.status & _STA_UNSYNC


def _plain(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or error.__class__.__name__
