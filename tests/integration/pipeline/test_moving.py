"""Devices that move: a fix inside an active area is an entry, whatever follows, on both stores."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from geographiclib.geodesic import Geodesic
from sqlalchemy import func, select

from broadcaster.domain.fixes import Fix
from broadcaster.store.alerts import dispatching
from broadcaster.store.people import fixes
from broadcaster.store.tables import changes
from tests.servers.postgres import driven
from tests.servers.shaped import shaped
from tests.servers.town import INSIDE, OUTSIDE, Resident, Town, away
from tests.servers.town_api import Api, eventually
from tests.servers.town_audit import audit, quiet
from tests.servers.town_facts import CENTRE, RADIUS_M

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

Point = tuple[float, float]


@pytest.fixture(params=["sqlite", "postgresql"])
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    changes: dict[str, Any] = {"requests_per_minute": 1_000_000}
    if request.param == "postgresql":
        changes["database_url"] = driven(shaped(request.getfixturevalue("postgres")))
    async with Town(tmp_path, **changes) as made:
        yield made


def away_m(lon: float, lat: float) -> float:
    return Geodesic.WGS84.Inverse(CENTRE[1], CENTRE[0], lat, lon, Geodesic.DISTANCE)["s12"]


def moved(point: Point, bearing_deg: float, metres: float) -> Point:
    there = Geodesic.WGS84.Direct(point[1], point[0], bearing_deg, metres, Geodesic.LATITUDE | Geodesic.LONGITUDE)
    return there["lon2"], there["lat2"]


def walk(dice: random.Random, steps: int) -> list[Point]:
    """Someone on the way past the circle or through a corner of it: turns now and then, GPS 8 m off."""
    at = moved(CENTRE, dice.uniform(0, 360), dice.uniform(RADIUS_M * 1.02, RADIUS_M * 1.2))
    bearing, pace_m = dice.uniform(0, 360), dice.choice((1.4, 5.0, 13.0)) * 12
    trace = []
    for _ in range(steps):
        trace.append(moved(at, dice.uniform(0, 360), abs(dice.gauss(0, 8))))
        bearing += dice.gauss(0, 25)
        at = moved(at, bearing, pace_m * dice.uniform(0.5, 1.5))
    return trace


async def report(api: Api, who: Resident, to: Point, **more: Any) -> None:
    body = {"lon": to[0], "lat": to[1], **more}
    await api.call("PUT", "/v1/subscribers/me/position", body, expect=204, key=who.token)


async def test_of_many_who_move_at_once_exactly_those_who_were_inside_are_told_once(town: Town) -> None:
    dice = random.Random(29)
    movers = [town.resident("push", at=None) for _ in range(40)]
    traces = [walk(dice, 25) for _ in movers]
    await town.settle(*movers)
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])

        async def go(who: Resident, trace: list[Point]) -> None:
            for point in trace:
                await report(api, who, point)
            await report(api, who, OUTSIDE)

        await asyncio.gather(*(go(*each) for each in zip(movers, traces, strict=True)))
        await quiet(town)
    entered = [
        who for who, trace in zip(movers, traces, strict=True) if min(away_m(*each) for each in trace) <= RADIUS_M
    ]
    assert 8 <= len(entered) <= 32, "some enter, and some only come near"
    await audit(town, alert["id"], entered)


async def test_a_fix_that_was_not_looked_at_before_a_restart_is_an_entry_though_others_followed(town: Town) -> None:
    mover, other = town.resident("push", at=OUTSIDE), town.resident("push", at=OUTSIDE)
    await town.settle(mover, other)
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])
    now = town.clock.now()
    route = [Fix(mover.id, *point, None, now) for point in (OUTSIDE, INSIDE, OUTSIDE, away(9000))]
    await town.store.run_write(lambda unit: fixes.record(unit, [*route, Fix(other.id, *OUTSIDE, None, now)]))
    async with town.serving():
        await eventually(lambda: bool(mover.devices[0].messages), "the device is told")
        await quiet(town)
    await audit(town, alert["id"], [mover])


async def test_where_devices_were_is_forgotten_once_it_was_looked_at(town: Town) -> None:
    mover = town.resident("push", at=OUTSIDE)
    await town.settle(mover)
    async with town.serving() as api:
        for point in (OUTSIDE, INSIDE, OUTSIDE):
            await report(api, mover, point)
        await quiet(town)
        async with town.store.read() as unit:
            assert await unit.conn.scalar(select(func.count()).where(func.length(changes.c.fix) > 0)) == 0
            assert await unit.conn.scalar(select(func.count()).where(changes.c.fix.is_not(None))) == 3


async def test_the_token_of_a_device_is_refused_once_its_owner_was_erased(town: Town) -> None:
    mover = town.resident("push", at=None)
    await town.settle(mover)
    async with town.serving() as api:
        for _ in range(2):
            await report(api, mover, INSIDE)
        await api.call("DELETE", "/v1/subscribers/me", expect=200, key=mover.token)
        await api.call("PUT", "/v1/subscribers/me/position", {"lon": 0.6, "lat": 48.7}, expect=401, key=mover.token)


@pytest.mark.parametrize("town", ["sqlite"], indirect=True)  # PostgreSQL has a clock of its own
async def test_a_late_fix_is_an_entry_only_if_taken_after_the_alert_began_and_not_long_ago(town: Town) -> None:
    names = ("before it began", "long ago", "after it began", "from the future", "now, of a device that went on")
    people = {name: town.resident("push", at=None) for name in names}
    await town.settle(*people.values())
    async with town.serving() as api:
        await quiet(town)
        earlier = await api.issue()
        await api.finished(earlier["id"])
        town.clock.advance(20 * 60)
        alert = await api.issue()
        await api.finished(alert["id"])
        town.clock.advance(5 * 60)
        now = town.clock.now()

        def ago(**time: float) -> str:
            return (now - timedelta(**time)).isoformat()

        await report(api, people["before it began"], INSIDE, at=ago(minutes=6))
        await report(api, people["long ago"], INSIDE, at=ago(minutes=16))
        await report(api, people["after it began"], INSIDE, at=ago(minutes=4))
        await report(api, people["from the future"], INSIDE, at=ago(hours=-3))
        went_on = people["now, of a device that went on"]
        await report(api, went_on, OUTSIDE)
        await report(api, went_on, INSIDE, at=ago(minutes=2))
        await quiet(town)
        kept = await api.call("GET", "/v1/subscribers/me", key=went_on.token)
        future = await api.call("GET", "/v1/subscribers/me", key=people["from the future"].token)
    assert (kept["position"]["lon"], kept["position"]["lat"]) == pytest.approx(OUTSIDE)
    assert future["position"]["at"] < ago(hours=-1), "it counts as taken now"
    told = [people["after it began"], people["from the future"], went_on]
    await audit(town, alert["id"], told)
    await audit(town, earlier["id"], [*told, people["before it began"]])


async def test_a_device_on_the_edge_is_told_once_and_asks_for_no_more(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    mover = town.resident("push", at=None)
    await town.settle(mover)
    written = []
    write_chunk = dispatching.write_chunk

    async def counted(*given: Any, **more: Any) -> int:
        written.append(given[1].id)
        return await write_chunk(*given, **more)

    edge = [moved(CENTRE, 70, RADIUS_M + metres) for metres in (-1, 1)]
    async with town.serving() as api:
        alert = await api.issue()
        await api.finished(alert["id"])
        await report(api, mover, edge[0])
        await quiet(town)
        monkeypatch.setattr(dispatching, "write_chunk", counted)
        for _ in range(20):
            for point in edge:
                await report(api, mover, point)
        await quiet(town)
    await audit(town, alert["id"], [mover])
    # At its start a service rehearses with alerts of its own.
    assert int(alert["id"]) not in written, "each fix was a write beside all others"
