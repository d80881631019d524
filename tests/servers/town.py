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
import math
import os
import random
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import aiohttp

from broadcaster import config
from broadcaster.app import open_store, serving
from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.domain.permissions import KeyRole
from broadcaster.register.contacts import mail_contact, push_contact
from broadcaster.store.people import people as people_rows
from broadcaster.store.stations import stations
from channels.webpush import PushSubscription, VapidKey
from tests.servers.forked import started
from tests.servers.ports import free_port
from tests.servers.push import PushService
from tests.servers.shaped import shape
from tests.servers.smtp import SmtpServer
from tests.servers.town_api import Api, Process
from tests.servers.town_facts import BOUNDARY, CENTRE, NAMES, OTHER_STATION, RADIUS_M, SENDER, STATION
from tests.servers.twilio import TwilioServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from broadcaster.config import Settings
    from broadcaster.store import Store
    from tests.servers.push import Received, Subscriber

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
    vulnerable: bool | None = None
    name: str | None = None
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
        return NewSubscriber(
            self.locale,
            tuple(contacts),
            places,
            self.groups,
            self.external_id,
            vulnerable=self.vulnerable,
            name=self.name,
        )


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
        self.push_services: list[PushService] = [self.push]
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
            "TOCSIN_TILES_URL": "off",
            "TOCSIN_GEOCODER_URL": "off",
            "TOCSIN_LOG_LEVEL": "error",
            "TOCSIN_QUIET_HOURS": "00:00-00:00",  # or tests would end otherwise at night
        } | {f"TOCSIN_{name.upper()}": str(value) for name, value in self.changes.items()}
        self.settings: Settings = config.load(self.environment)
        self.store: Store = open_store(self.settings)
        await shape(self.store, self.settings.store_url)
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
            self.key = await stations.add_key(unit, KeyRole.ADMIN, None, "all", now)

    @property
    def pushed(self) -> list[Received]:
        """Return every push that a push service took."""
        return [message for service in self.push_services for message in service.messages]

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
            self.environment["TOCSIN_PORT"] = str(free_port())
        around = {name: each for name, each in os.environ.items() if not name.startswith("TOCSIN_")}
        log = self.data_dir / "serve.log"
        with log.open("ab") as errors:
            child = await started("serve", env=around | self.environment, errors=errors.fileno())
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


def ids(residents: Sequence[Resident]) -> set[int]:
    return {each.id for each in residents}
