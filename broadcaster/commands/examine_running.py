"""``tocsin doctor``'s checks of the running system: service, roles, bus, public address, geocoder, clock."""

import ctypes
import socket
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from mercantile import Tile

from broadcaster.app import open_bus, open_school
from broadcaster.bus import BusUnavailable
from broadcaster.commands.api import Api
from broadcaster.commands.reached import local_url, named_url
from broadcaster.commands.wording import reader
from broadcaster.config import Settings
from broadcaster.domain.health import Code, Grade, Trouble, in_order
from broadcaster.domain.refusals import located
from broadcaster.errors import BadSettings
from broadcaster.geocoding.client import Geocoder, GeocoderAway
from broadcaster.health import absent_roles, stored_troubles
from broadcaster.store import Store
from broadcaster.store.operations import processes
from broadcaster.store.operations.processes import Process
from broadcaster.tiles import TilesAway
from broadcaster.tiles.source import tiles_of
from channels.base import Finding

_ANSWER_S = 5.0
_CLOCK_OFF_S = 30.0
_OK = 200
_STA_UNSYNC = 0x0040


def of_troubles(found: Iterable[Trouble]) -> list[Finding]:
    """Return the service's troubles as findings."""
    return [
        Finding(
            "error" if each.grade is Grade.ERROR else "warning",
            f"{each.said} ({each.detail})" if each.detail else each.said,
            each.to_do,
        )
        for each in found
    ]


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
    if settings.embedded:
        return of_troubles(in_order(troubles))
    if not living and not were_there:
        roles = {each.code for each in absent_roles([])}
        rest = of_troubles(in_order(each for each in troubles if each.code not in roles))
        return [Finding("warning", "no process of this service is running", "`tocsin serve` starts one"), *rest]
    return [*_by_role(living), *of_troubles(in_order(troubles))]


def _of_settings(error: BadSettings) -> list[Finding]:
    return [Finding("error", located(each, reader()), "correct this setting") for each in error.findings]


def _by_role(living: Sequence[Process]) -> list[Finding]:
    where: defaultdict[str, list[str]] = defaultdict(list)
    for process in living:
        for role in process.roles:
            where[role].append(f"{process.host} (pid {process.pid})")
    return [Finding("ok", f"{role}: {', '.join(each)}") for role, each in sorted(where.items())]


async def bus(settings: Settings) -> list[Finding]:
    """Ping the bus."""
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
            return [Finding("ok", f"a service answers at {url}"), *await _ready(url)]
    if named:
        return [Finding("error", f"no service answers at TOCSIN_URL, {url}", "correct the address, or start it there")]
    if settings.port == 0:
        return [Finding("ok", "the port will be any that is free")]
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            hint = "another program has it: set TOCSIN_PORT, or stop that one"
            return [Finding("error", f"port {settings.port} of {settings.host} can't be had: {error.strerror}", hint)]
    if settings.embedded:
        return [Finding("ok", f"port {settings.port} is free; no service runs there now")]
    hint = "set TOCSIN_URL, or TOCSIN_PORT, to the address of one of its processes to have that one asked"
    return [Finding("warning", f"no service answers at {url}: none was asked whether it is ready", hint)]


async def _ready(url: str) -> list[Finding]:
    try:
        told = await _asked_json(url + "/readyz")
        findings = [(each["severity"], each) for each in told["findings"]]
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError) as error:
        return [Finding("warning", f"it does not say whether it is ready ({error.__class__.__name__})", "read its log")]
    return [
        Finding(level, f"{each['what']} ({each['detail']})" if each["detail"] else each["what"], each["to_do"])
        for level, each in findings
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
        return [Finding("warning", f"{settings.public_url} does not answer from here ({_plain(error)})", hint)]
    if answer.status != _OK:
        hint = "the address leads to something else than this service: look at the proxy in front of it"
        return [Finding("error", f"{settings.public_url}/healthz answers {answer.status}", hint)]
    found = [Finding("ok", f"{settings.public_url} answers"), *_compared(answer.headers.get("Date"))]
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
        return [Finding("warning", f"its clock and this one are {off:.0f} s apart", "set up NTP on both")]
    return []


async def addresses(settings: Settings) -> list[Finding]:
    """Query the geocoder for an address that exists everywhere."""
    if not settings.geocoder_url:
        return [Finding("ok", "no addresses are looked up (TOCSIN_GEOCODER_URL is off)")]
    try:
        await Geocoder(settings.geocoder_url).find("place de la mairie", None)
    except GeocoderAway:
        hint = "check TOCSIN_GEOCODER_URL and the network; operators can show places on the map meanwhile"
        return [Finding("warning", f"the geocoder at {settings.geocoder_url} does not answer as it should", hint)]
    return [Finding("ok", f"the geocoder at {settings.geocoder_url} answers")]


async def map_tiles(settings: Settings) -> list[Finding]:
    """Fetch the tile of the whole world."""
    if settings.tiles_file is not None or not settings.tiles_url:
        return []
    tiles = tiles_of(settings)
    try:
        await tiles.fetched(Tile(0, 0, 0))
    except TilesAway:
        hint = "check TOCSIN_TILES_URL and the network; `tocsin map fetch` keeps a territory's map on this machine"
        return [Finding("warning", f"no map tiles come from {_host(settings.tiles_url)}", hint)]
    finally:
        await tiles.close()
    return [Finding("ok", f"map tiles come from {_host(settings.tiles_url)}")]


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
