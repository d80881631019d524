"""A store in its newest shape to try things on, and residents to fill it with.

Another database is another entry in ``URLS`` and ``EMPTY``: the contract suites and the integration tests of the store
run over all.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from broadcaster.domain.alerts import Alert, Category, Certainty, MsgType, Severity, Status, Text, Urgency
from broadcaster.domain.audience import Audience
from broadcaster.domain.audit import Actor, ActorKind
from broadcaster.domain.people import CHANNELS, ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.ids import new_id, new_token
from broadcaster.store import Store, Vault
from broadcaster.store.people import people
from broadcaster.store.stations import stations
from tests.servers.postgres import driven
from tests.servers.shaped import shape, shaped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    import pytest

    from broadcaster.domain.stations import Station
    from broadcaster.store import Unit

SECRET = b"a secret of tests, 32 bytes long"
NOW = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=UTC)
BY = Actor(ActorKind.SERVICE, NOW)
BOUNDARY = {"type": "Polygon", "coordinates": [[[0.5, 48.6], [0.8, 48.6], [0.8, 48.9], [0.5, 48.9], [0.5, 48.6]]]}


def sqlite_url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'tocsin.db'}"


URLS: dict[str, Callable[[pytest.FixtureRequest, Path], str]] = {
    "sqlite": lambda _, folder: sqlite_url(folder),
    "postgresql": lambda request, _: driven(shaped(request.getfixturevalue("postgres"))),
}
EMPTY = {**URLS, "postgresql": lambda request, _: driven(request.getfixturevalue("postgres").fresh())}
"""Not even migrated."""


@asynccontextmanager
async def opened(url: str, secrets: Sequence[bytes] = (SECRET,)) -> AsyncIterator[Store]:
    """Open a store in the newest shape, and close it."""
    store = Store(url, Vault(secrets))
    try:
        await shape(store, url)
        yield store
    finally:
        await store.close()


async def add_station(unit: Unit, slug: str, **changes: Any) -> Station:
    fields = {
        "slug": slug,
        "name": slug.title(),
        "kind": "authority",
        "languages": ("fr", "en"),
        "boundary": BOUNDARY,
        "margin_m": 1000.0,
        "region": "FR",
        **changes,
    }
    station = await stations.add(unit, fields, NOW)
    assert station is not None
    return station


def mail(text: str) -> NewContact:
    return NewContact(ChannelName.EMAIL, text, text)


def phone(text: str, channel: ChannelName = ChannelName.SMS) -> NewContact:
    return NewContact(channel, text, text)


def push(endpoint: str, keys: str = "k") -> NewContact:
    return NewContact(ChannelName.PUSH, endpoint, f'{{"endpoint":"{endpoint}","p256dh":"{keys}","auth":"a"}}')


def resident(*contacts: NewContact, at: tuple[float, float] | None = None, **changes: Any) -> NewSubscriber:
    places = () if at is None else (NewPlace("home", *at),)
    return NewSubscriber(**{"locale": "fr", "contacts": contacts, "places": places, **changes})


async def register(
    unit: Unit, station_id: int, *persons: NewSubscriber, themselves: bool = False, now: datetime = NOW
) -> list[int]:
    """Register residents; the groups they name are made where they are not there."""
    slugs = {slug: slug for person in persons for slug in person.groups}
    return await people.register(
        unit,
        station_id,
        persons,
        [people.new_token() for _ in persons],
        groups_by_slug=await stations.ensure_groups(unit, station_id, slugs),
        now=now,
        themselves=themselves,
    )


def an_alert(station_id: int, **changes: Any) -> Alert:
    fields: dict[str, Any] = {
        "id": new_id(),
        "token": new_token(),
        "station_id": station_id,
        "msg_type": MsgType.ALERT,
        "status": Status.ACTUAL,
        "severity": Severity.SEVERE,
        "urgency": Urgency.IMMEDIATE,
        "certainty": Certainty.OBSERVED,
        "category": Category.MET,
        "event": "Flood",
        "texts": {"fr": Text("Crue de la Risle")},
        "area": None,
        "audience": Audience(),
        "channels": CHANNELS,
        "sent_at": NOW,
        "expires_at": NOW + timedelta(hours=6),
    }
    return Alert(**{**fields, **changes})
