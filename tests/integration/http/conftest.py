"""The whole service on a free port over a fresh store, and a client that speaks HTTP to it."""

from __future__ import annotations

import asyncio
import io
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import pytest_asyncio

from broadcaster.app import Running, open_store, serving
from broadcaster.clock import SystemClock
from broadcaster.config import Settings
from broadcaster.domain.people import CHANNELS
from broadcaster.domain.permissions import KeyRole, Role
from broadcaster.http.sessions import COOKIE, csrf_made_of
from broadcaster.server import application as server
from broadcaster.store.people import people
from broadcaster.store.stations import stations
from tests.servers.made_once import made_once
from tests.servers.shaped import shape
from tests.servers.signed_in import add_operator, session_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from broadcaster.domain.people import NewSubscriber
    from broadcaster.store import Store

ROLES = {"read": Role.VIEWER, "publish": Role.WRITER, "admin": Role.OWNER}
"""Of a person who may what a key may."""

LAIGLE = (0.6283, 48.7631)
BOUNDARY = {
    "type": "Polygon",
    "coordinates": [[[0.56, 48.72], [0.70, 48.72], [0.70, 48.80], [0.56, 48.80], [0.56, 48.72]]],
}


def circle(radius_m: Any = 1500, lon: Any = LAIGLE[0], lat: Any = LAIGLE[1]) -> dict[str, Any]:
    return {"circles": [{"lon": lon, "lat": lat, "radius_m": radius_m}]}


def an_alert(**changes: Any) -> dict[str, Any]:
    """A sound alert by all channels at once, changed; a change to ``...`` takes the field away."""
    whole = {
        "station": "laigle",
        "severity": "severe",
        "event": "Inondation",
        "headline": "La Risle déborde",
        "description": "Le niveau monte vite.",
        "instruction": "Montez à l'étage.",
        "channels": list(CHANNELS),
        "area": circle(),
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


@dataclass
class Api:
    """A client of one running service; each call gives (status, headers, JSON or text)."""

    running: Running
    http: aiohttp.ClientSession
    keys: dict[str, str]
    operators: dict[str, int] = field(default_factory=dict)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = "admin",
        raw: bytes | str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any, Any]:
        sent = dict(headers or {})
        if key is not None:
            sent["Authorization"] = f"Bearer {self.keys.get(key, key)}"
        options: dict[str, Any] = {"json": body} if body is not None else {}
        if raw is not None:
            options = {"data": io.BytesIO(raw.encode() if isinstance(raw, str) else raw)}
            sent.setdefault("Content-Type", "application/json")
        async with self.http.request(
            method, self.running.url + path, headers=sent, allow_redirects=False, **options
        ) as answer:
            if answer.content_type.endswith("json"):
                return answer.status, answer.headers, await answer.json(content_type=None)
            return answer.status, answer.headers, await answer.text()

    async def sign_in(self, key: str = "admin") -> dict[str, str]:
        """Sign in somebody who may what the holder of a key may, the same person each time.

        Give the headers of a page's script: the cookie, and the proof that it is ours.
        """
        store, now = self.running.services.store, self.running.services.clock.now()
        if key not in self.operators:
            slug, _, role = key.partition("-")
            async with store.read() as unit:
                station = await stations.by_slug(unit, slug)
            roles = {} if station is None else {station.id: ROLES.get(role) or Role(role)}
            self.operators[key] = await add_operator(store, now, name=key, admin=station is None, roles=roles)
        name = await session_of(store, now, self.operators[key])
        return {"Cookie": f"{COOKIE}={name}", "X-CSRF": csrf_made_of(name)}

    async def enrol(self, person: NewSubscriber, station: str = "laigle") -> str:
        """Register somebody as the station does; give the token, which only the person has."""
        services, token = self.running.services, people.new_token()
        async with services.store.write() as unit:
            found = await stations.by_slug(unit, station)
            assert found is not None
            await people.register(unit, found.id, [person], [token], groups_by_slug={}, now=services.clock.now())
        return token

    async def counts(self) -> dict[str, int]:
        """How many rows there are of all that a request could leave behind."""
        from sqlalchemy import text  # noqa: PLC0415

        found = {}
        async with self.running.services.store.read() as unit:
            for table in (
                *("stations", "subscribers", "contacts", "alerts", "deliveries", "groups", "positions", "schedules"),
                *("approvals", "volunteers", "visits", "duty_weeks", "help_duties", "households", "vulnerable_people"),
            ):
                found[table] = await unit.conn.scalar(text(f"SELECT count(*) FROM {table}"))
        return found


async def _two_stations(store: Store) -> dict[str, str]:
    """Add L'Aigle and Rugles; return a key for each of their roles, and the administrator's."""
    keys, now = {}, SystemClock().now()
    async with store.write() as unit:
        for slug, name in (("laigle", "L'Aigle"), ("rugles", "Rugles")):
            fields = {
                "slug": slug,
                "name": name,
                "kind": "authority",
                "languages": ("fr", "en"),
                "boundary": BOUNDARY,
                "margin_m": 1000.0,
                "region": "FR",
                "lon": LAIGLE[0],
                "lat": LAIGLE[1],
                "phone": "+33233841616",
            }
            station = await stations.add(unit, fields, now)
            assert station is not None
            for role in KeyRole:
                keys[f"{slug}-{role}"] = await stations.add_key(unit, role, station.id, role, now)
        keys["admin"] = await stations.add_key(unit, KeyRole.ADMIN, None, "all", now)
    return keys


async def _begin(settings: Settings) -> dict[str, str]:
    store = open_store(settings)
    try:
        await shape(store, settings.store_url)
        return await _two_stations(store)
    finally:
        await store.close()


@cache
def _begun() -> tuple[bytes, str, dict[str, str]]:
    """Return a database with both stations, the secret that seals it, and the keys: made once, copied for each test."""
    return made_once("two-stations", _make)


def _make() -> tuple[bytes, str, dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="tocsin-begun-") as folder:
        settings = Settings(data_dir=Path(folder))
        with ThreadPoolExecutor(1) as beside:  # a test's own loop is running
            keys = beside.submit(asyncio.run, _begin(settings)).result()
        return settings.store_path.read_bytes(), (Path(folder) / "secret.key").read_text(), keys


async def open_api(settings: Settings) -> AsyncIterator[Api]:
    if settings.embedded:
        database, secret, keys = _begun()
        settings.store_path.write_bytes(database)
        (settings.data_dir / "secret.key").write_text(secret)
    else:
        keys = await _begin(settings)
    if "quiet_hours" not in settings.model_fields_set:  # or tests would end otherwise at night
        settings = settings.model_copy(update={"quiet_hours": "00:00-00:00"})
    async with serving(settings) as running, aiohttp.ClientSession() as http:
        yield Api(running, http, dict(keys))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals for asking too often are given at once."""
    monkeypatch.setattr(server, "PATIENCE_S", 0.0)


def _settings(data_dir: Path) -> Settings:
    alone = {"tiles_url": "off", "geocoder_url": "off"}
    return Settings(host="127.0.0.1", port=0, data_dir=data_dir, requests_per_minute=10_000, **alone)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def refusing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """One service for all tests of a module that leave nothing behind."""
    async for each in open_api(_settings(tmp_path_factory.mktemp("refusing"))):
        yield each


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async for each in open_api(_settings(tmp_path)):
        yield each
