"""Many people quickly, written as an import writes them: sealed rows of the product's own, in a store of one's own."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from broadcaster.app import open_store
from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.domain.permissions import KeyRole
from broadcaster.register.contacts import mail_contact, push_contact
from broadcaster.store.operations.migrate import migrate
from broadcaster.store.people import feed
from broadcaster.store.register import intake, preparing
from broadcaster.store.stations import stations
from channels.webpush import PushSubscription

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from broadcaster.config import Settings
    from broadcaster.store import Store

CENTRE = (0.6283, 48.7631)
_BOUNDARY = {"type": "Polygon", "coordinates": [[[-5.0, 42.0], [9.0, 42.0], [9.0, 51.0], [-5.0, 51.0], [-5.0, 42.0]]]}
_PART = 20_000
_KEYS = 256
SLUG = "laigle"


@dataclass(frozen=True)
class Crowd:
    """``inside`` of the ``people`` live within ``radius_m`` of the centre; ``key`` may do everything."""

    people: int
    inside: int
    radius_m: float
    key: str

    def alert(self, **changes: Any) -> dict[str, Any]:
        """Return an alert to everyone inside."""
        lon, lat = CENTRE
        area = {"circles": [{"lon": lon, "lat": lat, "radius_m": self.radius_m}]}
        words = {"headline": "La Risle déborde", "instruction": "Montez à l'étage. Ne prenez pas la voiture."}
        return {"station": SLUG, "severity": "severe", "area": area, **words, **changes}


def browser_keys() -> list[tuple[str, str]]:
    """Return (p256dh, auth) of some browsers: real points of P-256, so that sealing for them costs what it does."""
    found = []
    for _ in range(_KEYS):
        point = ec.generate_private_key(ec.SECP256R1()).public_key()
        raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        found.append((_base64url(raw), _base64url(os.urandom(16))))
    return found


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_push(endpoint: str) -> Callable[[int], tuple[NewContact, ...]]:
    keys = browser_keys()

    def contacts(number: int) -> tuple[NewContact, ...]:
        p256dh, auth = keys[number % _KEYS]
        return (push_contact(PushSubscription(f"{endpoint}{number}", p256dh, auth)),)

    return contacts


def by_sms(number: int) -> tuple[NewContact, ...]:
    phone = f"+336{number:08d}"
    return (NewContact(ChannelName.SMS, phone, phone),)


def by_mail(number: int) -> tuple[NewContact, ...]:
    return (mail_contact(f"resident{number:07d}@town.example"),)


async def gather(
    settings: Settings,
    people: int,
    contacts: Callable[[int], tuple[NewContact, ...]],
    *,
    inside: int | None = None,
    radius_m: float = 5000.0,
) -> Crowd:
    """Fill the store of ``settings``: ``inside`` of the ``people`` (all, by default) live in the circle."""
    within = people if inside is None else inside
    store = open_store(settings)
    try:
        await migrate(store)
        return await _filled(store, people, within, radius_m, contacts)
    finally:
        await store.close()


async def _filled(
    store: Store, people: int, inside: int, radius_m: float, contacts: Callable[[int], tuple[NewContact, ...]]
) -> Crowd:
    async with store.write() as unit:
        now = datetime.now(UTC)
        fields = {"slug": SLUG, "name": "L'Aigle", "kind": "authority", "languages": ("fr", "en")}
        place = {"boundary": _BOUNDARY, "margin_m": 1000.0, "region": "FR", "lon": CENTRE[0], "lat": CENTRE[1]}
        station = await stations.add(unit, {**fields, **place}, now)
        if station is None:
            message = "the store was not empty"
            raise RuntimeError(message)
        key = await stations.add_key(unit, KeyRole.ADMIN, None, "bench", now)
    homes = _homes(people, inside, radius_m)
    for start in range(0, people, _PART):
        count = min(_PART, people - start)
        async with store.write() as unit:
            ids = await preparing.reserve(unit, count)
        entries = [
            preparing.Entry(NewSubscriber("fr", contacts(number), (NewPlace("home", *next(homes)),)), b"\0" * 16)
            for number in range(start, start + count)
        ]
        ready = preparing.make_ready(store.vault, station.id, entries, ids)
        async with store.write() as unit:
            await intake.write(unit, station.id, [ready], groups_by_slug={}, now=now)
    async with store.write() as unit:  # they came long ago, and were looked at for the alerts of then
        await feed.move_entrants_cursor(unit, await feed.newest(unit))
    return Crowd(people, inside, radius_m, key)


def _homes(people: int, inside: int, radius_m: float) -> Iterator[tuple[float, float]]:
    """Points in the circle (drawn a little smaller, so that no edge decides), and the rest all over France."""
    rng = np.random.default_rng(61214)
    turns, reach = rng.uniform(0, 2 * np.pi, inside), 0.98 * radius_m * np.sqrt(rng.uniform(0, 1, inside))
    degree_m = 111_500.0
    lons = CENTRE[0] + reach * np.sin(turns) / degree_m / np.cos(np.radians(CENTRE[1]))
    lats = CENTRE[1] + reach * np.cos(turns) / degree_m
    yield from zip(lons.tolist(), lats.tolist(), strict=True)
    far_lons, far_lats = rng.uniform(-4, 7, people - inside), rng.uniform(43, 48, people - inside)
    yield from zip(far_lons.tolist(), far_lats.tolist(), strict=True)
