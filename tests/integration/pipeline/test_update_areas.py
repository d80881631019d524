"""Whatever areas follow each other, and wherever a resolver dies: an update reaches nobody outside the shape that was
shown, and tells new, still inside and now outside each once. A judge of its own says who is inside.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from broadcaster.domain.alerts import ThreadRole
from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.people import ChannelName
from broadcaster.domain.refusals import Refusal
from broadcaster.pipeline import dispatch
from broadcaster.pipeline import update as updating
from broadcaster.pipeline.end import end
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.resolve import resolve
from broadcaster.pipeline.update import Change, update
from broadcaster.store.alerts import threads, tracking
from broadcaster.store.tables import batches, deliveries, recipients
from tests.contract.service import command, service
from tests.contract.stores import BY, URLS, add_station, mail, register, resident
from tests.servers.town_facts import CENTRE
from zones import Area, ZoneError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadcaster.domain.alerts import Alert
    from broadcaster.domain.stations import Station
    from broadcaster.pipeline.services import Services

STEP = 0.01
"""Degrees between people; outlines run midway between them."""
SIDE = 4
POINTS = [(CENTRE[0] + STEP * x, CENTRE[1] + STEP * y) for x in range(SIDE) for y in range(SIDE)]

_centres = st.sampled_from(POINTS)
_radii = st.sampled_from([300.0, 900.0, 1600.0, 2400.0])
_spans = st.tuples(st.integers(0, SIDE), st.integers(0, SIDE)).map(sorted)


def rectangle(xs: list[int], ys: list[int]) -> list[list[float]]:
    (west, east), (south, north) = (
        [at + STEP * (each - 0.5) for each in span] for at, span in zip(CENTRE, (xs, ys), strict=True)
    )
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


_circles = st.builds(lambda at, radius: {"lon": at[0], "lat": at[1], "radius_m": radius}, _centres, _radii)
_outlines = st.builds(rectangle, _spans, _spans)
_shapes = st.fixed_dictionaries(
    {},
    optional={
        "circles": st.lists(_circles, max_size=2),
        "polygons": st.builds(lambda rings: {"type": "Polygon", "coordinates": rings}, st.lists(_outlines, max_size=3)),
    },
)
_areas = st.one_of(st.none(), _shapes)
_people = st.sets(st.integers(0, len(POINTS) - 1), max_size=4)


@dataclass(frozen=True)
class Edit:
    """``dies``: the resolver dies at this write; ``deaf``: whose messages fail; ``bounded``: the station has bounds."""

    area: dict[str, Any] | None
    dies: int
    deaf: set[int]
    bounded: bool


_edits = st.lists(st.builds(Edit, _areas, st.integers(0, 5), _people, st.booleans()), min_size=1, max_size=4)


def inside(area: dict[str, Any]) -> set[int]:
    """The judge: geodesics from geographiclib, and rings counted edge by edge."""
    found = set()
    for number, (lon, lat) in enumerate(POINTS):
        near = any(
            Geodesic.WGS84.Inverse(each["lat"], each["lon"], lat, lon, Geodesic.DISTANCE)["s12"] <= each["radius_m"]
            for each in area.get("circles") or ()
        )
        rings = (area.get("polygons") or {}).get("coordinates", [])
        outlined = (
            bool(rings) and _within(rings[0], lon, lat) and not any(_within(hole, lon, lat) for hole in rings[1:])
        )
        if near or outlined:
            found.add(number)
    return found


def _within(ring: list[list[float]], lon: float, lat: float) -> bool:
    crossed = 0
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) * (x2 - x1) / (y2 - y1):
            crossed += 1
    return crossed % 2 == 1


class _Died(Exception):
    """The resolver's end."""


@dataclass
class World:
    """One town for all examples; each has an alert of its own."""

    services: Services
    station: Station
    ids: list[int]
    writes: Any = field(default_factory=count)
    dies: int | None = None
    updates: int = 0
    deaths: int = 0

    async def tell(self, alert_id: int, deaf: set[int]) -> dict[bool, set[int]]:
        """Send all that is queued for an alert; give the people by whether they get it as told before."""
        query = select(deliveries.c.id, deliveries.c.subscriber_id, deliveries.c.state, batches.c.again).join(
            batches, batches.c.id == deliveries.c.batch_id
        )
        async with self.services.store.write() as unit:
            rows = (await unit.conn.execute(query.where(deliveries.c.alert_id == alert_id))).all()
            now, refused = self.services.clock.now(), {self.ids[each] for each in deaf}
            await tracking.apply(
                unit,
                [
                    Outcome(
                        row.id,
                        DeliveryState.FAILED if row.subscriber_id in refused else DeliveryState.ACCEPTED,
                        now,
                        tried=True,
                        code="x:1",
                    )
                    for row in rows
                ],
            )
        assert len({row.subscriber_id for row in rows}) == len(rows), "one message each"
        assert {row.state for row in rows} <= {DeliveryState.QUEUED}, "and it was not sent before"
        numbers = {each: number for number, each in enumerate(self.ids)}
        return {again: {numbers[row.subscriber_id] for row in rows if row.again is again} for again in (False, True)}

    async def resolve(self, alert: Alert, dies: int) -> None:
        self.writes, self.dies = count(1), dies or None
        try:
            await resolve(self.services, alert.id)
        except _Died:
            self.dies = None
            self.deaths += 1
            await resolve(self.services, alert.id)

    async def left(self, alert: Alert) -> int | None:
        async with self.services.store.read() as unit:
            return next(
                (each.id for each in await threads.alerts_of(unit, alert) if each.audience.told == alert.id), None
            )

    async def told(self, alert_id: int) -> set[int]:
        async with self.services.store.read() as unit:
            rows = await unit.conn.scalars(select(recipients.c.subscriber_id).where(recipients.c.alert_id == alert_id))
            return {self.ids.index(each) for each in rows}


@contextmanager
def opened(folder: Path, **changes: Any) -> Iterator[tuple[World, asyncio.Runner]]:
    """The town, and the loop that runs it."""
    with asyncio.Runner() as runner:
        opening = service(folder, **changes)
        services = runner.run(opening.__aenter__())

        async def found() -> World:
            async with services.store.write() as unit:
                station = await add_station(unit, "laigle", margin_m=20_000.0)
                people = [resident(mail(f"r{number}@town.example"), at=at) for number, at in enumerate(POINTS)]
                return World(services, station, await register(unit, station.id, *people))

        made = runner.run(found())
        written = dispatch.dispatching.write_chunk

        async def write_chunk(*args: Any, **more: Any) -> int:
            done = await written(*args, **more)
            if next(made.writes) == made.dies:
                raise _Died  # what it wrote is rolled back
            return done

        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(dispatch.dispatching, "write_chunk", write_chunk)
                patch.setattr(updating, "_HEAD_START_S", 0.0)  # nothing sends here
                yield made, runner
        finally:
            runner.run(opening.__aexit__(None, None, None))


async def follow(world: World, first: list[int], edits: list[Edit]) -> int:
    services, station = world.services, world.station
    lon, lat = POINTS[first[0]]
    shown = {"circles": [{"lon": lon, "lat": lat, "radius_m": 1600.0}]}
    said = command(station, channels=(ChannelName.EMAIL,), area=Area.from_json(shown))
    alert, _ = await issue(services, said)
    await world.resolve(alert, 0)
    got = await world.tell(alert.id, set())
    assert got == {False: inside(shown), True: set()}
    informed, updates = inside(shown), 0
    for edit in edits:
        ground = station if edit.bounded else replace(station, boundary=None)
        try:
            area = None if edit.area is None else Area.from_json(edit.area)
            new, _ = await update(services, alert, ground, Change(area=area), BY)
        except (ZoneError, Refusal):
            continue  # it fails closed: what was shown before still holds
        assert edit.area is not None
        updates += 1
        world.updates += 1
        within = inside(edit.area)
        await world.resolve(new, edit.dies)
        left = await world.left(new)
        outside = set() if left is None else await world.told(left)
        got = await world.tell(new.id, edit.deaf)
        assert got == {False: within - informed, True: within & informed}
        assert outside == informed - within
        assert await world.told(new.id) <= within
        if left is not None:
            await world.tell(left, edit.deaf)
        informed = (informed - (outside - edit.deaf)) | (within - edit.deaf)
        alert = new
    ended = await end(services, alert, station, BY, role=ThreadRole.MISTAKE)
    await world.resolve(ended, 0)
    assert await world.told(ended.id) == informed
    return updates


_AT_A_TIME = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_no_sequence_of_areas_reaches_anybody_outside_what_was_shown_and_each_is_told_once(tmp_path: Path) -> None:
    with opened(tmp_path) as (town, runner):

        @_AT_A_TIME
        @given(st.lists(st.integers(0, len(POINTS) - 1), min_size=1, max_size=1), _edits)
        def holds(first, edits) -> None:
            runner.run(follow(town, first, edits))

        holds()
    assert town.updates, "the areas above were not all refused"


@pytest.mark.parametrize("kind", URLS)
def test_a_resolver_that_dies_between_the_parts_of_an_update_tells_each_person_once(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    east = {"circles": [{"lon": POINTS[-1][0], "lat": POINTS[-1][1], "radius_m": 2400.0}]}
    with opened(tmp_path, database_url=URLS[kind](request, tmp_path)) as (town, runner):
        for dies in (1, 2, 3, 4):
            moved = Edit(east, dies, set(), bounded=True)
            edits = [moved, replace(moved, area={"circles": []})]
            assert runner.run(follow(town, [len(POINTS) // 2], edits)) == 1
    assert town.deaths == 4
