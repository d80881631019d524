"""Role × route × station, over HTTP: what each caller may do, and what they may not do elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from broadcaster.config import Settings
from broadcaster.domain.permissions import PERMISSIONS, Permission, Role
from broadcaster.domain.vulnerable import Details
from broadcaster.http.route import PERMITTED, Access
from broadcaster.server import application as server
from broadcaster.server.routes import ROUTES
from broadcaster.store.operators import operators
from broadcaster.store.register import vulnerable
from broadcaster.store.stations import stations
from tests.integration.http.conftest import Api, an_alert, open_api
from tests.integration.http.test_alerts import until_finished

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from broadcaster.http.route import Route

KEYS = {"read": Role.VIEWER, "publish": Role.WRITER, "approver": Role.APPROVER, "admin": Role.OWNER}
"""What a key and an operator of that name may; there is no key of an approver."""
GUARDED = [route for route in ROUTES if route.access in PERMITTED and route.path != "/console/sign-out"]
"""Without the end of the session that the test goes on with."""

REFUSED, HIDDEN, SIGNED_OUT = 403, (403, 404), 401


@dataclass
class Town:
    """A service with something of L'Aigle's at every address that takes an id."""

    api: Api
    facts: dict[str, str]
    sessions: dict[str, dict[str, str]]

    async def ask(self, route: Route, key: str) -> tuple[int, str]:
        """Ask for L'Aigle's thing at a route; give the status and, of what is not a stream, the text."""
        query = "?alert={alert}" if route.path == "/v1/sandbox" else "?station=laigle"
        headers = {"Last-Event-ID": "end", "Accept-Language": "en"}
        options: dict[str, Any] = {}
        if route.access is Access.OPERATOR:
            headers |= self.sessions[key]
        else:
            headers["Authorization"] = f"Bearer {self.api.keys[key]}"
        if route.method in ("POST", "PUT", "PATCH"):
            if route.body is not None or not route.page:
                options["json"] = {"station": "laigle"}
            else:
                options["data"] = {"station": "laigle"}
        url = self.api.running.url + self.path(route) + query.format(**self.facts)
        async with self.api.http.request(route.method, url, headers=headers, allow_redirects=False, **options) as came:
            streamed = came.content_type == "text/event-stream"
            return came.status, "" if streamed else (await came.read()).decode(errors="replace")

    def path(self, route: Route) -> str:
        return re.sub(r"{(\w+)}", lambda found: self.facts.get(self._which(route, found[1]), "1"), route.path)

    @staticmethod
    def _which(route: Route, name: str) -> str:
        if name == "slug":
            return "group" if "/groups/" in route.path else "station"
        if name == "id":
            path = route.path.replace("/subscribers/", "/people/")
            return next(
                (each for each in ("alert", "schedule", "people", "sandbox", "vulnerable") if f"/{each}" in path),
                "nothing",
            )
        return name


class Unprinted:
    """In place of the printer: whoever may have a PDF is decided before it is made, which takes a second of CPU."""

    async def pdf_of(self, _html: str) -> bytes:
        return b"%PDF"


async def register_of_vulnerable(api: Api) -> tuple[int, list[str]]:
    """Enter somebody in L'Aigle's; open each station's to somebody who may nothing else. Return its id, their names."""
    now, granted = api.running.services.clock.now(), []
    async with api.running.services.store.write() as unit:
        for slug in ("rugles", "laigle"):
            station = await stations.by_slug(unit, slug)
            assert station is not None
            granted.append(f"{slug}-granted")
            reader = await operators.add(unit, granted[-1], now, roles={station.id: Role.VIEWER})
            assert reader is not None
            await operators.grant(unit, reader, station.id, granted=True)
            api.operators[granted[-1]] = reader
        return await vulnerable.add(unit, station.id, Details("Zoé R-1"), asked_at=None, now=now), granted


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """On SQLite: what a caller may do is decided without the store."""
    monkeypatch.setattr(server, "Printer", Unprinted)
    alone = {"tiles_url": "off", "geocoder_url": "off"}
    async for api in open_api(
        Settings(host="127.0.0.1", port=0, data_dir=tmp_path, requests_per_minute=100_000, **alone)
    ):
        person = {"external_id": "R-1", "locale": "fr", "groups": ["Digue"], "contacts": [
            {"channel": "sms", "phone": "+33639980001"}], "places": [{"lon": 0.6283, "lat": 48.7631}]}  # fmt: skip
        status, _, made = await api.call("POST", "/v1/stations/laigle/subscribers", person)
        assert status == 201, made
        _, _, alert = await api.call("POST", "/v1/alerts", an_alert(headline="La digue cède"))
        later = {
            **an_alert(headline="La digue cède"),
            "at": "2030-01-01T10:00",
            "lasts_minutes": 60,
            "reason": "rehearsed",
        }
        status, _, schedule = await api.call("POST", "/v1/schedules", later)
        assert status == 201, schedule
        await until_finished(api, alert["id"])  # before that, the list of visits is empty
        visiting = {"name": "Luc R-1", "phone": "+33639980077", "who": "unconfirmed", "streets": ["||"]}
        status, _, volunteer = await api.call("POST", f"/v1/alerts/{alert['id']}/volunteers", visiting)
        assert status == 201, volunteer
        me = await api.sign_in("admin")
        _, _, page = await api.call("GET", "/console/people?station=laigle", key=None, headers=me)
        entry, granted = await register_of_vulnerable(api)
        facts = {
            "station": "laigle",
            "alert": alert["id"],
            "schedule": schedule["id"],
            "people": re.search(r"/console/people/(\d+)", page)[1],
            "group": "digue",
            "contact": "1",
            "sandbox": "1",
            "token": "nothing",
            "insee": "61214",
            "name": "flood",
            "volunteer": volunteer["id"],
            "vulnerable": str(entry),
            "nothing": "999999",
        }
        names = [f"{slug}-{each}" for slug, each in product(("laigle", "rugles"), KEYS)] + ["admin"]
        yield Town(api, facts, {name: await api.sign_in(name) for name in (*names, *granted)})


async def read_by_who_was_granted(town: Town) -> list[str]:
    """No role opens the register of vulnerable people; whom an owner named reads that of their station alone."""
    wrong = []
    routes = [route for route in GUARDED if route.permission is Permission.VULNERABLE]
    for route, name in product(routes, ("rugles-granted", "laigle-granted")):
        status, text = await town.ask(route, name)
        if (status in HIDDEN) is (name == "laigle-granted") or (name == "rugles-granted" and "R-1" in text):
            wrong.append(f"{name}: {route.method} {route.path}: {status}")
    return wrong


@pytest.mark.timeout(600)
async def test_role_by_route_by_station(town):
    wrong = []
    before = await town.api.counts()
    for route, name in product(GUARDED, KEYS):
        if name == "approver" and route.access is not Access.OPERATOR:
            continue
        status, text = await town.ask(route, f"rugles-{name}")
        held = route.permission in PERMISSIONS[KEYS[name]]
        if not held and status != REFUSED:
            wrong.append(f"{name} of another station: {route.method} {route.path}: {status}")
        if "La digue" in text or "R-1" in text or "+3363998" in text or "06\u00a039" in text:
            wrong.append(f"{name} of another station read it: {route.method} {route.path}")
    assert await town.api.counts() == before, "an operator of another station changed something"
    for name in (*KEYS, "everywhere"):
        role = KEYS.get(name, Role.ADMIN)
        key = "admin" if name == "everywhere" else f"laigle-{name}"
        for route in GUARDED:
            no_key = name == "approver" and route.access is not Access.OPERATOR
            if no_key or (name == "everywhere" and route.access is Access.KEYED):
                continue
            held = route.permission in PERMISSIONS[role]
            status, text = await town.ask(route, key)
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                wrong.append(f"{key}: {route.method} {route.path}: {status}")
            if held is (status in (REFUSED, SIGNED_OUT)):
                wrong.append(f"{key}: {route.method} {route.path}: {status} {text[:200] if held else ''}")
    wrong += await read_by_who_was_granted(town)
    assert not wrong, "\n".join(wrong)
