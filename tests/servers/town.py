"""A town, its residents' real devices and mailboxes, and the service between them; all on loopback.

In a test::

    async with Town(tmp_path) as town:
        people = town.draw(200, share_inside=0.7)
        await town.settle(people)
        async with town.serving() as api:               # in this process; or town.process(), the real `tocsin serve`
            alert = await api.issue()
            account = await api.finished(alert["id"])
        await audit(town, alert["id"])                  # tests/servers/town_audit.py

Push, mail and telephone are the servers of ``tests.servers``: they verify, decrypt and keep what they get.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import socket
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import aiohttp

from broadcaster import config
from broadcaster.app import open_store, serving
from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.domain.stations import Role
from broadcaster.register.contacts import mail_contact, push_contact
from broadcaster.store import people as people_rows
from broadcaster.store import stations
from broadcaster.store.migrate import migrate
from channels.webpush import PushSubscription, VapidKey
from tests.servers.push import PushService
from tests.servers.smtp import SmtpServer
from tests.servers.twilio import TwilioServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from broadcaster.app import Running
    from broadcaster.config import Settings
    from broadcaster.store import Store
    from tests.servers.push import Subscriber

CENTRE = (0.6283, 48.7631)
RADIUS_M = 1500
STATION, OTHER_STATION = "laigle", "rugles"
NAMES = {STATION: "L'Aigle", OTHER_STATION: "Rugles"}
BOUNDARY = {
    "type": "Polygon",
    "coordinates": [[[0.50, 48.68], [0.76, 48.68], [0.76, 48.85], [0.50, 48.85], [0.50, 48.68]]],
}
SENDER = "+33199000000"
TEXTS = {
    "fr": {
        "headline": "La Risle déborde",
        "description": "Le niveau monte vite.",
        "instruction": "Montez à l'étage.",
    },
    "en": {"headline": "The Risle floods", "description": "It rises fast.", "instruction": "Go upstairs."},
}
_METRES_A_DEGREE = 111_320.0
_BATCH = 2000
_READY_S = 40.0


@dataclass
class MovableClock:
    """The real time, and what it was moved on by."""

    offset: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)


@dataclass(eq=False)
class Resident:
    """A person of the town; ``devices`` are the push service's own, so that it can open what they get."""

    number: int
    locale: str = "fr"
    places: list[tuple[float, float]] = field(default_factory=list)
    devices: list[Subscriber] = field(default_factory=list)
    mobile: str | None = None
    landline: str | None = None
    mail: str | None = None
    groups: tuple[str, ...] = ()
    station: str = STATION
    id: int = 0
    token: str = ""

    @property
    def external_id(self) -> str:
        return f"r{self.number:06d}"

    @property
    def contacts(self) -> list[tuple[str, str]]:
        """(channel, what is unique of the address)."""
        found = [("push", device.endpoint) for device in self.devices]
        found += [(name, each) for name, each in (("sms", self.mobile), ("voice", self.landline)) if each]
        return found + ([("email", self.mail)] if self.mail else [])

    def registration(self) -> NewSubscriber:
        contacts = [
            push_contact(PushSubscription(said["endpoint"], said["keys"]["p256dh"], said["keys"]["auth"]))
            for said in (device.json for device in self.devices)
        ]
        if self.mobile:
            contacts.append(NewContact(ChannelName.SMS, self.mobile, self.mobile))
        if self.landline:
            contacts.append(NewContact(ChannelName.VOICE, self.landline, self.landline))
        if self.mail:
            contacts.append(mail_contact(self.mail))
        places = tuple(NewPlace("home", lon, lat) for lon, lat in self.places)
        return NewSubscriber(self.locale, tuple(contacts), places, self.groups, self.external_id)


def away(metres: float, bearing_deg: float = 90.0, centre: tuple[float, float] = CENTRE) -> tuple[float, float]:
    """A point (lon, lat) about so far from the centre: good to a metre or so at this scale, which no test relies on."""
    angle = math.radians(bearing_deg)
    lat = centre[1] + metres * math.cos(angle) / _METRES_A_DEGREE
    lon = centre[0] + metres * math.sin(angle) / (_METRES_A_DEGREE * math.cos(math.radians(centre[1])))
    return lon, lat


INSIDE, OUTSIDE = away(400), away(4000)


class HeldPush(PushService):
    """A push service that can be told to take its time: what came while it is held is answered when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.held = 0
        self._go = asyncio.Event()
        self._go.set()

    def hold(self) -> None:
        self._go.clear()

    def let_go(self) -> None:
        self._go.set()

    async def _answer(self, *asked: Any) -> Any:
        self.held += 1
        await self._go.wait()
        self.held -= 1
        return await super()._answer(*asked)


class Town:
    """The peers, a data folder and settings; ``changes`` are further settings, by their names in lower case."""

    def __init__(self, data_dir: Path, *, smtp: SmtpServer | None = None, **changes: Any) -> None:
        self.data_dir = data_dir
        self.changes = changes
        self.push = HeldPush()
        self.smtp = smtp or SmtpServer()
        self.twilio = TwilioServer()
        self.clock = MovableClock()
        self.vapid = VapidKey.generate()
        self.residents: list[Resident] = []
        self.key = ""
        self._random = random.Random(11)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            for peer in (self.push, self.smtp, self.twilio):
                await opening.enter_async_context(peer)
            await self._found()
            opening.push_async_callback(self.store.close)
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._open.aclose()

    async def _found(self) -> None:
        self.environment = {
            "TOCSIN_HOST": "127.0.0.1",
            "TOCSIN_PORT": "0",
            "TOCSIN_DATA_DIR": str(self.data_dir),
            "TOCSIN_VAPID_PRIVATE_KEY": self.vapid.to_raw(),
            "TOCSIN_VAPID_SUBJECT": "mailto:alertes@laigle.fr",
            "TOCSIN_PUSH_ORIGINS": self.push.origin,
            "TOCSIN_SMTP_URL": f"{self.smtp.url}from=Mairie <alerte@town.example>",
            "TOCSIN_TWILIO_ACCOUNT_SID": self.twilio.account_sid,
            "TOCSIN_TWILIO_AUTH_TOKEN": self.twilio.auth_token,
            "TOCSIN_TWILIO_FROM": SENDER,
            "TOCSIN_TWILIO_BASE_URL": self.twilio.url,
            "TOCSIN_PUSH_PER_SECOND": "5000",
            "TOCSIN_SMTP_PER_SECOND": "5000",
            "TOCSIN_SMS_PER_SECOND": "5000",
            "TOCSIN_VOICE_PER_SECOND": "500",
            "TOCSIN_REQUESTS_PER_MINUTE": "100000",
            "TOCSIN_LOG_LEVEL": "error",
        } | {f"TOCSIN_{name.upper()}": str(value) for name, value in self.changes.items()}
        self.settings: Settings = config.load(self.environment)
        self.store: Store = open_store(self.settings)
        await migrate(self.store)
        now = self.clock.now()
        self.stations: dict[str, int] = {}
        async with self.store.write() as unit:
            for slug, name in NAMES.items():
                fields = {
                    "slug": slug,
                    "name": name,
                    "kind": "authority",
                    "languages": ("fr", "en"),
                    "boundary": BOUNDARY,
                    "margin_m": 1000.0,
                    "region": "FR",
                }
                station = await stations.add(unit, fields, now)
                assert station is not None
                self.stations[slug] = station.id
            self.key = await stations.add_key(unit, Role.ADMIN, None, "all", now)

    def resident(self, *ways: str, at: tuple[float, float] | None = INSIDE, **more: Any) -> Resident:
        """A new resident with these channels, who lives at a point; not in the register yet (``settle``)."""
        number = len(self.residents)
        made = Resident(number, places=[at] if at else [], **more)
        for way in ways:
            match way:
                case "push":
                    made.devices.append(self.push.subscribe(self.vapid.public)[1])
                case "sms":
                    made.mobile = f"+3363998{number:04d}"
                case "voice":
                    made.landline = f"+3326191{number:04d}"
                case "email":
                    made.mail = f"r{number}@town.example"
        self.residents.append(made)
        return made

    def draw(self, count: int, *, share_inside: float = 0.75, without: float = 0.03) -> list[Resident]:
        """So many residents at random, the same each time: several ways, shared numbers and mails, or none at all."""
        chance, made, neighbour = self._random, [], None
        for _ in range(count):
            inside = chance.random() < share_inside
            share = math.sqrt(chance.random())
            metres = RADIUS_M * share if inside else RADIUS_M * (1 + 1.8 * share)
            each = self.resident(at=away(metres, chance.uniform(0, 360)), locale=chance.choice(("fr", "fr", "en-GB")))
            if chance.random() < 0.2:
                each.places.append(away(RADIUS_M * 2.5 * chance.random(), chance.uniform(0, 360)))
            if chance.random() >= without:
                self._equip(each, neighbour)
            if chance.random() < 0.02:
                each.station = OTHER_STATION
            neighbour = each
            made.append(each)
        return made

    def _equip(self, each: Resident, neighbour: Resident | None) -> None:
        chance = self._random
        if chance.random() < 0.55:
            each.devices = [self.push.subscribe(self.vapid.public)[1] for _ in range(1 + (chance.random() < 0.1))]
        if chance.random() < 0.3:
            each.mobile = f"+3363998{each.number % 10_000:04d}"
        if chance.random() < 0.25:
            each.mail = f"r{each.number}@town.example"
        if chance.random() < 0.03:
            each.landline = f"+3326191{each.number % 10_000:04d}"
        if neighbour is not None and chance.random() < 0.04:  # they share a house: its mail box and its telephone
            each.mail, each.landline = neighbour.mail, neighbour.landline
        if not each.contacts:
            each.devices = [self.push.subscribe(self.vapid.public)[1]]

    async def settle(self, *residents: Resident) -> None:
        """Write residents into the register of their stations."""
        for slug, station_id in self.stations.items():
            whole = [each for each in residents if each.station == slug]
            for start in range(0, len(whole), _BATCH):
                part = whole[start : start + _BATCH]
                slugs = {group: group for each in part for group in each.groups}
                tokens = [people_rows.new_token() for _ in part]
                async with self.store.write() as unit:
                    ids = await people_rows.register(
                        unit,
                        station_id,
                        [each.registration() for each in part],
                        tokens,
                        groups_by_slug=await stations.ensure_groups(unit, station_id, slugs),
                        now=self.clock.now(),
                    )
                for each, subscriber_id, token in zip(part, ids, tokens, strict=True):
                    each.id, each.token = subscriber_id, token

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Api]:
        """The service in this process, with the town's clock."""
        async with serving(self.settings, clock=self.clock) as running, aiohttp.ClientSession() as http:
            yield Api(running.url, http, self.key, running)

    @asynccontextmanager
    async def process(self) -> AsyncIterator[Process]:
        """The real ``tocsin serve`` on these data, killed at the end of the block where it still runs."""
        if self.environment["TOCSIN_PORT"] == "0":  # the same after each restart: links and callbacks lead to it
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.environment["TOCSIN_PORT"] = str(probe.getsockname()[1])
        program = Path(sys.executable).parent / "tocsin"
        around = {name: each for name, each in os.environ.items() if not name.startswith("TOCSIN_")}
        log = self.data_dir / "serve.log"
        with log.open("ab") as errors:
            child = await asyncio.create_subprocess_exec(
                str(program), "serve", env=around | self.environment, stdout=asyncio.subprocess.PIPE, stderr=errors
            )
        assert child.stdout is not None
        try:
            async with asyncio.timeout(_READY_S):
                line = await child.stdout.readline()
            assert line.startswith(b"address"), log.read_text()[-2000:]
            async with aiohttp.ClientSession() as http:
                yield Process(child, Api(f"http://127.0.0.1:{self.environment['TOCSIN_PORT']}", http, self.key))
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()


@dataclass
class Process:
    """A running ``tocsin serve``."""

    child: asyncio.subprocess.Process
    api: Api

    async def kill(self) -> None:
        self.child.kill()
        await self.child.wait()

    async def terminate(self, timeout_s: float = 30.0) -> int:
        """SIGTERM, and its exit code."""
        self.child.terminate()
        async with asyncio.timeout(timeout_s):
            return await self.child.wait()


class Api:
    """A client of the service, as an operator's program would be; ``running`` where it is in this process."""

    def __init__(self, url: str, http: aiohttp.ClientSession, key: str, running: Running | None = None) -> None:
        self.url, self.http, self.key = url, http, key
        self._running = running

    @property
    def running(self) -> Running:
        assert self._running is not None, "the service is in another process"
        return self._running

    async def ready(self) -> dict[str, Any]:
        return await self.call("GET", "/readyz")

    async def receipt(self, link: str, event: str) -> None:
        """As a device's service worker tells that it displayed a push, or that it was opened."""
        async with self.http.post(link, json={"event": event}) as answer:
            assert answer.status == 204, await answer.text()

    async def call(self, method: str, path: str, body: Any = None, *, expect: int = 200, key: str | None = None) -> Any:
        """Ask, and give the answer's JSON (or text); fails unless the status is ``expect``."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        async with self.http.request(method, self.url + path, json=body, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == expect, f"{method} {path}: {answer.status} {text[:500]}"
            return json.loads(text) if answer.content_type.endswith("json") else text

    async def issue(self, **changes: Any) -> dict[str, Any]:
        """POST /v1/alerts: a sound alert in two languages about the centre, changed; ``...`` takes a field away."""
        whole = {
            "station": STATION,
            "severity": "severe",
            "event": "Inondation",
            "texts": TEXTS,
            "area": {"circles": [{"lon": CENTRE[0], "lat": CENTRE[1], "radius_m": RADIUS_M}]},
            **changes,
        }
        return await self.call(
            "POST", "/v1/alerts", {name: each for name, each in whole.items() if each is not ...}, expect=202
        )

    async def account(self, alert_id: str) -> dict[str, Any]:
        return await self.call("GET", f"/v1/alerts/{alert_id}/account")

    async def cancel(self, alert_id: str) -> dict[str, Any]:
        return await self.call("POST", f"/v1/alerts/{alert_id}/cancel", expect=202)

    async def deliveries(self, alert_id: str, query: str = "") -> list[dict[str, Any]]:
        return await self._pages(f"/v1/alerts/{alert_id}/deliveries?limit=500{query}", "deliveries")

    async def unreached(self, alert_id: str) -> list[dict[str, Any]]:
        return await self._pages(f"/v1/alerts/{alert_id}/unreached?limit=500", "unreached")

    async def _pages(self, path: str, name: str) -> list[dict[str, Any]]:
        found, cursor = [], ""
        while True:
            page = await self.call("GET", path + cursor)
            found += page[name]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    async def events(self, alert_id: str) -> AsyncIterator[tuple[str, Any]]:
        """(event, data) of the live stream, until it ends."""
        headers = {"Authorization": f"Bearer {self.key}"}
        timeout = aiohttp.ClientTimeout(total=None)
        url = f"{self.url}/v1/alerts/{alert_id}/events"
        async with self.http.get(url, headers=headers, timeout=timeout) as stream:
            assert stream.status == 200, await stream.text()
            event, data = "", ""
            async for raw in stream.content:
                line = raw.decode().rstrip("\r\n")
                if line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:"):
                    data = line[5:].strip()
                elif not line and event:
                    yield event, json.loads(data)
                    event, data = "", ""

    async def until(
        self, alert_id: str, holds: Callable[[dict[str, Any]], bool], timeout_s: float = 30.0
    ) -> dict[str, Any]:
        """Follow the live stream until an account holds it, or the alert is finished; give that account."""
        account: dict[str, Any] = {}
        try:
            async with asyncio.timeout(timeout_s):
                async for event, data in self.events(alert_id):
                    if event == "account":
                        account = data
                        if holds(account):
                            return account
        except TimeoutError:
            raise AssertionError(f"not within {timeout_s} s: {account}") from None
        return account

    async def finished(self, alert_id: str, timeout_s: float = 30.0) -> dict[str, Any]:
        """Follow the live stream to its end; give the last account."""
        account = await self.until(alert_id, lambda each: each["finished_at"] is not None, timeout_s)
        assert account["finished_at"] is not None, account
        return account


async def eventually(
    holds: Callable[[], bool] | Callable[[], Awaitable[bool]], what: str, timeout_s: float = 20.0
) -> None:
    """Return as soon as it holds; fail, saying ``what`` was waited for, when it never does."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while True:
        found = holds()
        if found if isinstance(found, bool) else await found:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"{what}: not within {timeout_s} s")
        await asyncio.sleep(0.02)


def ids(residents: Sequence[Resident]) -> set[int]:
    return {each.id for each in residents}
