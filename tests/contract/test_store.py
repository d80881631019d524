"""What every database does beneath the store. A further one is a further entry in ``stores.URLS``."""

from __future__ import annotations

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from broadcaster.domain.alerts import MsgType
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.store import Store, Vault
from broadcaster.store.alerts import alerts
from broadcaster.store.engine import outbox
from broadcaster.store.operations import migrate
from broadcaster.store.tables import groups, metadata, stations
from tests.contract.stores import NOW, SECRET, add_station, an_alert


async def slugs(store):
    async with store.read() as unit:
        return list(await unit.conn.scalars(select(stations.c.slug).order_by(stations.c.slug)))


async def test_the_migrations_make_exactly_the_tables_that_the_code_knows(store):
    found = []

    def look(connection):
        options = {"compare_type": True, "compare_server_default": True}
        found.append(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    await store.run_sync(look)
    assert found == [[]]


async def test_there_is_no_table_that_the_code_does_not_know(store):
    found = []
    await store.run_sync(lambda connection: found.extend(inspect(connection).get_table_names()))
    assert set(found) == {*metadata.tables, "alembic_version"}


def test_migrations_are_numbered_and_follow_one_another():
    scripts = ScriptDirectory.from_config(migrate._config())
    line = list(scripts.walk_revisions())[::-1]
    assert all(script.revision.isdecimal() and len(script.revision) == 4 for script in line)
    assert sorted(script.revision for script in line) == [script.revision for script in line]
    assert [script.down_revision for script in line] == [None, *(script.revision for script in line[:-1])]
    assert len(scripts.get_heads()) == 1
    for script in line:
        assert script.path.rpartition("/")[2].startswith(f"{script.revision}_")


async def test_a_migration_done_again_changes_nothing(store):
    async with store.write() as unit:
        await add_station(unit, "laigle")
    assert await migrate.migrate(store) == migrate.newest() == await migrate.current(store)
    assert await slugs(store) == ["laigle"]


async def test_a_store_that_is_empty_says_that_it_is_at_no_migration(empty_url):
    store = Store(empty_url, Vault([SECRET]))
    assert await migrate.current(store) is None
    await store.close()


async def test_migrations_by_several_at_once_do_it_once_and_none_fails(empty_url):
    async def one():
        store = Store(empty_url, Vault([SECRET]))
        try:
            return await migrate.migrate(store)
        finally:
            await store.close()

    assert await asyncio.gather(*(one() for _ in range(5))) == [migrate.newest()] * 5


async def test_a_migration_that_fails_leaves_nothing_of_itself(empty_url, monkeypatch):
    from alembic import command  # noqa: PLC0415

    upgrade = command.upgrade

    def failing(config, revision):
        upgrade(config, revision)
        raise RuntimeError

    store = Store(empty_url, Vault([SECRET]))
    monkeypatch.setattr(command, "upgrade", failing)
    with pytest.raises(RuntimeError):
        await migrate.migrate(store)
    monkeypatch.undo()
    found = []
    await store.run_sync(lambda connection: found.extend(inspect(connection).get_table_names()))
    assert found == []
    assert await migrate.migrate(store) == migrate.newest()
    await store.close()


async def test_what_a_block_wrote_is_there_after_it(store):
    async with store.write() as unit:
        await add_station(unit, "laigle")
    assert await slugs(store) == ["laigle"]


async def test_a_block_that_raises_leaves_nothing_behind(store):
    async def failing():
        async with store.write() as unit:
            await add_station(unit, "laigle")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    assert await slugs(store) == []


async def test_a_block_that_is_cancelled_leaves_nothing_behind_and_the_store_goes_on(store):
    inside = asyncio.Event()

    async def write():
        async with store.write() as unit:
            await add_station(unit, "laigle")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(30):
        async with store.write() as unit:
            await add_station(unit, "rugles")
        assert await slugs(store) == ["rugles"]


@pytest.mark.parametrize("turns", range(0, 60, 4))
async def test_a_write_cancelled_at_any_moment_is_there_whole_or_not_at_all(store, turns):
    async def write():
        async with store.write() as unit:
            station = await add_station(unit, "laigle")
            await unit.conn.execute(groups.insert().values(station_id=station.id, slug="g", name="g"))

    task = asyncio.create_task(write())
    for _ in range(turns):
        await asyncio.sleep(0.0002)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(30):
        async with store.read() as unit:
            there = await unit.conn.scalar(text("SELECT count(*) FROM stations"))
            members = await unit.conn.scalar(text("SELECT count(*) FROM groups"))
        assert there == members
        async with store.write() as unit:
            await add_station(unit, "rugles")
    assert "rugles" in await slugs(store)


_MANY = text(
    "INSERT INTO cursors (name, seq) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
    " SELECT 'c' || i, i FROM n RETURNING seq"
)


@pytest.mark.parametrize("turn", range(5))
async def test_a_cancelled_statement_releases_its_locks_though_its_traceback_is_kept(store, turn):
    running = asyncio.Event()

    async def write():
        async with store.write() as unit:
            await unit.conn.execute(text("SELECT 1"))
            running.set()
            await unit.conn.execute(_MANY)

    task = asyncio.create_task(write())
    await running.wait()
    for _ in range(turn):
        await asyncio.sleep(0)
    task.cancel()
    (kept,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(kept, asyncio.CancelledError)
    async with asyncio.timeout(30), store.write() as unit:
        await add_station(unit, "laigle")
        assert await unit.conn.scalar(text("SELECT count(*) FROM cursors")) == 0


async def test_a_mistake_of_ours_is_not_taken_for_a_store_that_is_away(store):
    async with store.write() as unit:
        await add_station(unit, "laigle")
    with pytest.raises(IntegrityError):
        async with store.write() as unit:
            await unit.conn.execute(groups.insert().values(station_id=999, slug="g", name="g"))


async def test_a_reader_sees_nothing_of_a_block_that_is_not_at_its_end(store):
    async with store.write() as unit:
        await add_station(unit, "laigle")
        async with asyncio.timeout(30):
            assert await slugs(store) == []


async def test_a_reader_cannot_write(store):
    if not store.sqlite:
        pytest.skip("PostgreSQL reads by the connections that write")
    with pytest.raises(Exception, match="readonly"):
        async with store.read() as unit:
            await unit.conn.execute(groups.delete())


async def test_anybody_who_reads_within_one_block_sees_one_state_of_things(store):
    async with store.read() as unit:
        before = await unit.conn.scalar(text("SELECT count(*) FROM stations"))
        async with store.write() as other:
            await add_station(other, "laigle")
        assert await unit.conn.scalar(text("SELECT count(*) FROM stations")) == before == 0


async def test_writers_wait_for_each_other_and_none_fails(store):
    async def one(n):
        async with store.write() as unit:
            await add_station(unit, f"s{n:02d}")

    await asyncio.gather(*(one(n) for n in range(20)))
    assert len(await slugs(store)) == 20


async def test_two_stores_on_one_database_wait_for_each_other(store, store_url):
    other = Store(store_url, Vault([SECRET]))

    async def one(where, n):
        async with where.write() as unit:
            await add_station(unit, f"s{n:02d}")

    await asyncio.gather(*(one(store if n % 2 else other, n) for n in range(20)))
    await other.close()
    assert len(await slugs(store)) == 20


async def test_what_is_told_is_heard_only_after_it_is_committed(store):
    heard = []

    async def count():
        async with store.read() as unit:
            return len(await outbox.waiting(unit, 10))

    store.on_publish = lambda: heard.append("told")
    async with store.write() as unit:
        await unit.publish("alert", 1)
        assert heard == []
        assert await count() == 0
    assert heard == ["told"]
    assert await count() == 1


async def test_what_was_not_committed_is_never_told(store):
    heard = []
    store.on_publish = lambda: heard.append("told")

    async def failing():
        async with store.write() as unit:
            await unit.publish("alert", 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    async with store.write():
        pass
    assert heard == []
    async with store.read() as unit:
        assert await outbox.waiting(unit, 10) == []


async def test_a_rehearsal_leaves_nothing_and_none_waits_for_another(store):
    heard, backends = [], []
    store.on_publish = lambda: heard.append("told")

    async def work(unit):
        if not store.sqlite:
            backends.append(await unit.conn.scalar(text("SELECT pg_backend_pid()")))
        await add_station(unit, "laigle")  # of two open transactions the second would wait for the first
        await unit.publish("alert", 1)

    async with asyncio.timeout(30):
        await store.rehearse(work, 3)
    assert len(set(backends)) == (0 if store.sqlite else 3), "each on a connection of its own"
    async with store.read() as unit:
        assert await outbox.waiting(unit, 9) == []
    assert (await slugs(store), heard) == ([], [])


async def test_events_are_relayed_in_the_order_in_which_they_were_told(store):
    async with store.write() as unit:
        await unit.publish_many("batch", [(f"sms:{n}", 12) for n in range(5)])
        await unit.publish("alert", 77, 0)
        await unit.publish_many("batch", [])
    async with store.write() as unit:
        await unit.publish("people", 0)
    async with store.read() as unit:
        waiting = await outbox.waiting(unit, 100)
    assert [each[1:] for each in waiting] == [
        *(("batch", f"sms:{n}", 12) for n in range(5)),
        ("alert", "77", 0),
        ("people", "0", 0),
    ]
    async with store.write() as unit:
        await outbox.relayed(unit, [each[0] for each in waiting[:4]])
    async with store.read() as unit:
        assert await outbox.waiting(unit, 2) == waiting[4:6]


async def test_the_number_of_a_relayed_event_is_never_given_again(store):
    async with store.write() as unit:
        await unit.publish("alert", 1)
    async with store.read() as unit:
        ((first, *_),) = await outbox.waiting(unit, 10)
    async with store.write() as unit:
        await outbox.relayed(unit, [first])
        await unit.publish("alert", 2)
        ((second, *_),) = await outbox.waiting(unit, 10)
    assert second > first


async def test_a_store_that_answers_says_so(store):
    await store.ping()


async def test_a_moment_is_kept_to_the_microsecond(store):
    async with store.write() as unit:
        await add_station(unit, "laigle")
        found = await unit.conn.scalar(select(stations.c.created_at))
    assert found == NOW
    assert found.tzinfo is not None


async def test_the_list_for_strangers_has_what_holds_and_nothing_that_is_a_groups(store):
    async with store.write() as unit:
        station = (await add_station(unit, "laigle")).id
    public, of_group = an_alert(station), an_alert(station, audience=Audience(AudienceKind.GROUPS, ("cm2-b",)))
    over, clear = an_alert(station, expires_at=NOW), an_alert(station, msg_type=MsgType.CANCEL)
    async with store.write() as unit:
        for alert in (public, of_group, over, clear):
            await alerts.add(unit, alert, key_id=None, idempotency_key=None, request_hash=None)
    async with store.read() as unit:
        listed = await alerts.page(unit, stations=None, before=None, limit=10, public_at=NOW)
        every = await alerts.page(unit, stations=None, before=None, limit=10)
    assert [each.id for each in listed] == [public.id]
    assert len(every) == 4
