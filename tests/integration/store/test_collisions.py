"""PostgreSQL, where writers work side by side: whoever collides tries again; a server that is away is said to be."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from broadcaster.domain.fixes import Fix
from broadcaster.domain.refusals import Conflict
from broadcaster.store import Collided, Store, StoreUnavailable, Vault
from broadcaster.store.people import fixes, people
from broadcaster.store.stations import stations
from broadcaster.store.tables import contacts, follows, groups, positions
from tests.contract.stores import NOW, SECRET, add_station, mail, opened, register, resident
from tests.servers.postgres import driven
from tests.servers.shaped import shaped


@pytest.fixture
def url(postgres):
    return driven(shaped(postgres))


@pytest.fixture
async def store(url):
    async with opened(url) as fresh:
        yield fresh


class Meeting:
    """Those who come the first time wait until all have come; later they pass."""

    def __init__(self, n):
        self.barrier = asyncio.Barrier(n)
        self.come = set()

    async def __call__(self, who):
        if who not in self.come:
            self.come.add(who)
            async with asyncio.timeout(30):
                await self.barrier.wait()


async def test_two_that_lock_each_other_out_both_get_through(store, station):
    async with store.write() as unit:
        for slug in ("a", "b"):
            await unit.conn.execute(groups.insert().values(station_id=station.id, slug=slug, name=""))
    both = Meeting(2)

    def writing(first, second):
        async def work(unit):
            for slug in (first, second):
                name = groups.update().where(groups.c.slug == slug)
                await unit.conn.execute(name.values(name=groups.c.name + first))
                await both(first)

        return work

    async with asyncio.timeout(20):
        await asyncio.gather(store.transact(writing("a", "b")), store.transact(writing("b", "a")))
    async with store.read() as unit:
        names = list(await unit.conn.scalars(select(groups.c.name)))
    assert [sorted(name) for name in names] == [["a", "b"], ["a", "b"]], "each wrote each row once"


async def test_a_deadlock_without_another_try_is_a_store_that_is_away_for_a_moment(store, station):
    async with store.write() as unit:
        for slug in ("a", "b"):
            await unit.conn.execute(groups.insert().values(station_id=station.id, slug=slug, name=""))
    both = Meeting(2)

    async def work(*slugs):
        async with store.write() as unit:
            for slug in slugs:
                await unit.conn.execute(groups.update().where(groups.c.slug == slug).values(name="x"))
                await both(slugs)

    ends = await asyncio.gather(work("a", "b"), work("b", "a"), return_exceptions=True)
    assert sorted(type(each) for each in ends if each is not None) == [Collided]
    assert issubclass(Collided, StoreUnavailable)


async def test_those_that_could_not_have_come_one_after_the_other_are_tried_again(store, station):
    both = Meeting(2)

    def counting(who):
        async def work(unit):
            await unit.conn.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
            n = await unit.conn.scalar(select(func.count()).select_from(groups))
            await both(who)
            await unit.conn.execute(groups.insert().values(station_id=station.id, slug=f"{who}{n}", name=""))
            return n

        return work

    found = await asyncio.gather(store.transact(counting("a")), store.transact(counting("b")))
    assert sorted(found) == [0, 1]


async def test_an_external_id_that_many_register_at_once_is_taken_once_and_the_others_get_a_conflict(store, station):
    """And all of them bring the same new mail address and the same new group."""
    all_ = Meeting(6)

    def registering(n):
        async def work(unit):
            if await people.by_external_ids(unit, station.id, ["R1"]):
                raise Conflict("there is one")
            await all_(n)
            person = resident(mail("one@town.example"), external_id="R1", groups=("club",))
            await register(unit, station.id, person)

        return work

    ends = await asyncio.gather(*(store.transact(registering(n)) for n in range(6)), return_exceptions=True)
    assert sorted(str(each) for each in ends) == ["None", *["there is one"] * 5]
    async with store.read() as unit:
        for table in (follows, contacts, groups):
            assert await unit.conn.scalar(select(func.count()).select_from(table)) == 1


async def test_one_address_that_many_new_people_share_is_one_row(store, station):
    all_ = Meeting(6)

    def registering(n):
        async def work(unit):
            await all_(n)
            await register(unit, station.id, resident(mail("one@town.example"), external_id=f"R{n}"))

        return work

    await asyncio.gather(*(store.transact(registering(n)) for n in range(6)))
    async with store.read() as unit:
        assert await unit.conn.scalar(select(func.count()).select_from(contacts)) == 1
        assert await unit.conn.scalar(select(func.count()).select_from(follows)) == 6


async def test_a_device_that_moves_twice_at_once_has_one_position(store, station):
    async with store.write() as unit:
        (one,) = await register(unit, station.id, resident())
    all_ = Meeting(2)

    def moving(n):
        async def work(unit):
            await all_(n)
            await fixes.keep(unit, [Fix(one, 0.6 + n, 48.7, None, NOW)])

        return work

    await asyncio.gather(*(store.transact(moving(n)) for n in range(2)))
    async with store.read() as unit:
        assert await unit.conn.scalar(select(func.count()).select_from(positions)) == 1


async def test_a_mistake_is_not_tried_for_ever(store, station):
    tries = []

    async def work(unit):
        tries.append(1)
        await unit.conn.execute(groups.insert().values(station_id=999_999, slug="g", name="g"))

    with pytest.raises(IntegrityError):
        await store.transact(work)
    assert len(tries) == 5


async def test_a_killed_connection_is_store_unavailable_and_the_next_one_works(store, station):
    async def write():
        async with store.write() as unit:
            await add_station(unit, "half")
            own = await unit.conn.scalar(text("SELECT pg_backend_pid()"))
            async with store.write() as other:
                await other.conn.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
            await add_station(unit, "done")

    with pytest.raises(StoreUnavailable):
        await write()
    async with store.write() as unit:
        await add_station(unit, "next")
    async with store.read() as unit:
        assert [each.slug for each in await stations.all_stations(unit)] == ["laigle", "next"]


async def test_a_server_that_only_reads_is_unavailable_to_writers(store, station, url):
    async with store.write() as unit:
        name = await unit.conn.scalar(text("SELECT current_database()"))
        await unit.conn.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    reading = Store(url, Vault([SECRET]))
    try:
        with pytest.raises(StoreUnavailable, match="read-only"):
            async with reading.write() as unit:
                await add_station(unit, "next")
        await reading.ping()
    finally:
        await reading.close()


@pytest.mark.parametrize("wrong", [{"query": {"host": "/nowhere"}}, {"database": "no_such"}, {"username": "no_such"}])
async def test_a_server_that_is_not_there_or_does_not_let_us_in_is_unavailable(store, url, wrong):
    away = Store(make_url(url).set(**wrong).render_as_string(hide_password=False), Vault([SECRET]))
    for asked in (away.ping(), people_of(away)):
        with pytest.raises(StoreUnavailable):
            await asked
    await away.close()


async def people_of(store):
    async with store.write() as unit:
        return await people.by_token(unit, "x")
