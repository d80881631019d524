"""What a backup holds is what the database held, whichever store it comes from or goes to."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import zipfile
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, text

from broadcaster import timetable
from broadcaster.backup import Archive, back_up, erasures, restore
from broadcaster.config import Settings
from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.refusals import Conflict
from broadcaster.store import SealBroken, Vault
from broadcaster.store.alerts import alerts, batches, dispatching
from broadcaster.store.engine import outbox
from broadcaster.store.operations import copying, migrate, rotating
from broadcaster.store.people import people, profiles, suppression
from broadcaster.store.register import erasing
from broadcaster.store.tables import batches as batch_rows
from broadcaster.store.tables import (
    deliveries,
    lasting_keys,
    leases,
    lifts,
    metadata,
    stations,
    subscribers,
    suppressions,
)
from tests.contract.stores import NOW, SECRET, add_station, an_alert, mail, register, resident
from tests.contract.test_residents import SIZES
from tests.servers.next_version import NUMBER, next_version

HELD = {"lease_owner": None, "lease_until": None}
FROM_EITHER = pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
INTO_EITHER = pytest.mark.parametrize("full_url", ["sqlite"], indirect=True)
"""Where the one side alone matters: a restore runs all migrations, from the first."""


async def everything(store):
    """All rows of all tables, but leases, the processes that were there, and votes that wait for their group."""
    found = {}
    async with store.read() as unit:
        for name, table in metadata.tables.items():
            rows = (await unit.conn.execute(select(table).order_by(*table.primary_key.columns))).mappings()
            held = HELD if "lease_owner" in table.c else {}
            found[name] = [{**row, **held} for row in rows]
    del found["leases"], found["processes"], found["poll_pending"]
    return found


async def copied(full, empty, path, **options):
    await back_up(full, path, now=NOW)
    with Archive(path) as archive:
        archive.check_secret(empty.vault)
        archive.verify()
        return await restore(empty, archive, now=datetime.now(UTC), **options)


async def test_every_row_is_there_after_it_to_the_byte_and_nobody_holds_anything(full, empty, tmp_path):
    restored = await copied(full, empty, tmp_path / "b")
    before = await everything(full)
    assert await everything(empty) == before
    assert await migrate.current(empty) == migrate.newest()
    assert (restored.stations, restored.subscribers, restored.in_flight) == (2, 29, 1)
    assert {name for name, rows in before.items() if not rows} <= {"cursors", "sandbox_messages", "channel_stops"}
    for store in (full, empty):
        async with store.read() as unit:
            null = await unit.conn.scalar(text("SELECT count(*) FROM alerts WHERE area IS NULL"))
            assert null == 0
            assert await unit.conn.scalar(select(func.count()).where(stations.c.insee.is_(None))) == 2
    async with full.read() as unit:
        assert await copying.count_of(unit, "poll_pending") == 1
        queued = select(func.count()).where(deliveries.c.state == DeliveryState.QUEUED)
        assert restored.queued == await unit.conn.scalar(queued) > 0
        taken = await unit.conn.scalar(select(func.count()).where(batch_rows.c.lease_owner.is_not(None)))
        assert taken == 1
        assert await alerts.unresolved(unit, NOW) == []
        due_before = {each.id for each in await batches.due(unit, NOW, 100)}
    async with empty.read() as unit:
        assert len(await alerts.unresolved(unit, NOW)) == 1
        assert len({each.id for each in await batches.due(unit, NOW, 100)} - due_before) == 1
        assert await unit.conn.scalar(select(func.count()).select_from(leases)) == 0
        assert await copying.count_of(unit, "poll_pending") == 0, "no backup joins a vote to a person"


async def test_no_number_is_given_twice_after_it_not_even_of_who_was_erased_before(full, empty, tmp_path):
    async with full.read() as unit:
        newest = await unit.conn.scalar(select(func.max(subscribers.c.id)))
        gone = await outbox.waiting(unit, 1000)
    async with full.write() as unit:
        await outbox.relayed(unit, [each[0] for each in gone])
    await copied(full, empty, tmp_path / "b")
    async with empty.write() as unit:
        station = await add_station(unit, "third")
        (new,) = await register(unit, station.id, resident(groups=("other",)))
        assert new > newest + 1, "the last one was erased, and its number is not given again"
        assert min(each[0] for each in await outbox.waiting(unit, 10)) > max(each[0] for each in gone)


@INTO_EITHER
async def test_a_link_that_the_lost_database_sent_after_it_is_nobody_elses(full, empty, tmp_path):
    """Links have numbers: a message's to leave, answer and report, a person's to stay, a contact's of its welcome."""

    async def sent(store):
        alert = an_alert(1)
        async with store.write() as unit:
            (who,) = await register(unit, 1, resident(mail("late@town.example")))
            await alerts.add(unit, alert, key_id=1, idempotency_key=None, request_hash=None)
            await dispatching.write_chunk(unit, alert, [who], since=NOW, now=NOW, batch_sizes=SIZES)
            row = (await unit.conn.execute(select(deliveries).where(deliveries.c.alert_id == alert.id))).one()
            return row.id, who, row.contact_id

    await copied(full, empty, tmp_path / "b")
    numbers = zip(await sent(empty), await sent(full), strict=True)
    assert all(ours > theirs for ours, theirs in numbers)


async def test_who_was_erased_after_it_is_erased_again_and_stays_out(full, empty, tmp_path):
    """A removed station too, with those who followed no other; unless it is to come back."""
    async with full.write() as unit:
        await register(unit, 2, resident(mail("alone@town.example")))
    await back_up(full, tmp_path / "b", now=NOW)
    async with full.write() as unit:
        await erasing.erase_station(unit, 2, NOW)
        zoe, ann = list(await unit.conn.scalars(select(subscribers.c.id).order_by(subscribers.c.id).limit(2)))
        assert await erasing.erase(unit, zoe, erasing.Way.THEMSELVES, NOW) is not None
        assert await erasing.leave(unit, ann, 1, erasing.Way.REQUEST, NOW) is not None
    lists = await full.run_read(erasures.read)
    assert erasures.write(tmp_path / "e.json", lists)
    assert not erasures.write(tmp_path / "e.json", lists), "nothing new"
    with Archive(tmp_path / "b") as archive:
        restored = await restore(empty, archive, now=datetime.now(UTC), erasures=erasures.load(tmp_path / "e.json"))
        found = restored.stations, restored.removed, restored.subscribers, restored.erased
        assert found == (1, 1, 28, 3)
        async with empty.write() as unit:
            assert await erasures.read(unit) == lists
            (again,) = await register(unit, 1, resident(mail("new@town.example")))
            assert again > ann
            with pytest.raises(Conflict):
                await register(unit, 1, resident(mail("é0@town.example")))
        # Without the file, what the replaced database says is done again.
        second = await restore(empty, archive, now=datetime.now(UTC), force=True, keep_stations=True)
        assert (second.stations, second.removed, second.subscribers, second.erased) == (2, 0, 29, 2)
        done = (await empty.run_read(erasures.read)).done
        assert done == [each for each in lists.done if each.way is not erasing.Way.STATION]


@FROM_EITHER
async def test_an_empty_database_takes_over_the_list_of_erasures_that_lies_beside_it(full, empty, tmp_path):
    """So that the list still has them when the lost database comes back from a backup."""
    path = tmp_path / erasures.FILE
    beside = SimpleNamespace(store=empty, settings=Settings(data_dir=tmp_path))
    async with full.write() as unit:
        await erasing.erase_station(unit, 2, NOW)
        zoe = await unit.conn.scalar(select(func.min(subscribers.c.id)))
        await erasing.erase(unit, zoe, erasing.Way.THEMSELVES, NOW)
    lists = await full.run_read(erasures.read)
    erasures.write(path, lists)
    await migrate.migrate(empty)
    async with empty.write() as unit:
        station = await add_station(unit, "laigle")
        (new,) = await register(unit, station.id, resident(mail("new@town.example")))
        await erasing.erase(unit, new, erasing.Way.THEMSELVES, NOW)
    await timetable.keep_erasures(beside)
    kept = erasures.load(path)
    assert not kept.lacks(lists)
    assert len(kept.done) == len(lists.done) + 1
    assert set(kept.left_out) > set(lists.left_out)
    assert kept == await empty.run_read(erasures.read)
    path.write_text("torn")
    await timetable.keep_erasures(beside)
    assert path.read_text() == "torn", "somebody may still mend it"


@FROM_EITHER
async def test_what_was_lifted_stays_lifted_whichever_machines_list_is_older(full, empty, tmp_path):
    """Two machines lead by turns, each with a file of its own: the newer act about a contact counts, in both orders."""

    def beside(store, name):
        (tmp_path / name).mkdir(exist_ok=True)
        return SimpleNamespace(store=store, settings=Settings(data_dir=tmp_path / name))

    async with full.write() as unit:
        rose, paul = (suppression.mark_of(full.vault, mail(f"{name}@town.example")) for name in ("rose", "paul"))
        await suppression.add(unit, 1, [rose, paul], NOW)
    await timetable.keep_erasures(beside(full, "one"))
    async with full.write() as unit:
        await suppression.lift(unit, [rose, paul], NOW + timedelta(hours=1), [1])
        await suppression.add(unit, 1, [paul], NOW + timedelta(hours=2))
    await timetable.keep_erasures(beside(full, "two"))
    lists = [erasures.load(tmp_path / name / erasures.FILE) for name in ("one", "two")]
    assert (lists[1].lacks(lists[0]), lists[0].lacks(lists[1])) == (False, True)
    await migrate.migrate(empty)
    async with empty.write() as unit:
        await add_station(unit, "laigle")
    for each in ("two", "one", "two"):
        await timetable.keep_erasures(beside(empty, each))
        found = await empty.run_read(lambda unit: suppression.listed(unit, 1, [rose, paul]))
        assert found == {paul}, each
    for order in (lists, lists[::-1]):
        async with empty.write() as unit:
            await unit.conn.execute(suppressions.delete())
            await unit.conn.execute(lifts.delete())
            await erasures.do_again(unit, *order, keep_stations=True)
            assert await suppression.listed(unit, 1, [rose, paul]) == {paul}
            assert await erasures.read(unit) == lists[1]


@FROM_EITHER
async def test_a_backup_is_of_one_moment_while_others_write(full, empty, tmp_path, monkeypatch):
    """Between one table and the next, people come and go: none of it is in the file."""
    before = await everything(full)
    rows = copying.rows

    async def with_others(unit, name):
        async for part in rows(unit, name):
            yield part
        async with full.write() as other:
            await register(other, 1, resident(groups=(f"g-{name}",), external_id=f"late-{name}"))

    monkeypatch.setattr(copying, "rows", with_others)
    await back_up(full, tmp_path / "b", now=NOW)
    monkeypatch.undo()
    with Archive(tmp_path / "b") as archive:
        await restore(empty, archive, now=datetime.now(UTC))
    assert await everything(empty) == before
    assert await everything(full) != before


async def test_a_file_of_the_backup_tells_nothing_of_anybody(full, tmp_path):
    await back_up(full, tmp_path / "b", now=NOW)
    with zipfile.ZipFile(tmp_path / "b") as file:
        whole = b"".join(file.read(name) for name in file.namelist())
    with Archive(tmp_path / "b") as archive:
        for name in archive.manifest.tables:
            for row in (row for part in archive.rows(name) for row in part):
                whole += b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    for told in ("Zoé".encode(), b"town.example", b"+336", b"push.example", SECRET, SECRET.hex().encode()):
        assert told not in whole
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600


async def test_a_full_disk_is_said_to_be_one_and_leaves_no_file(full, tmp_path):
    """The kernel's own complaint, at a limit that is set for this process."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            await back_up(full, tmp_path / "b", now=NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, heard)
    assert not list(tmp_path.glob("b*"))
    await full.ping()


async def test_one_that_is_cancelled_leaves_no_file_and_none_is_written_over(full, tmp_path):
    task = asyncio.create_task(back_up(full, tmp_path / "b", now=NOW, progress=lambda _: task.cancel()))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not list(tmp_path.glob("b*"))
    await back_up(full, tmp_path / "b", now=NOW)
    with pytest.raises(FileExistsError):
        await back_up(full, tmp_path / "b", now=NOW)


@INTO_EITHER
async def test_one_of_an_older_version_is_brought_to_the_newest_shape(full, empty, tmp_path):
    await back_up(full, tmp_path / "b", now=NOW)
    with next_version(), Archive(tmp_path / "b") as archive:
        archive.check_secret(empty.vault)
        archive.verify()
        restored = await restore(empty, archive, now=datetime.now(UTC))
    assert await migrate.current(empty) == NUMBER
    assert await everything(empty) == await everything(full)
    async with empty.read() as unit:
        filled = await unit.conn.scalar(text("SELECT count(*) FROM subscribers WHERE next_version = 'filled'"))
    assert filled == restored.subscribers > 0, "it migrates with the rows there"


@INTO_EITHER
async def test_anybody_who_restores_with_force_has_nothing_of_what_was_there(full, empty, tmp_path):
    await migrate.migrate(empty)
    async with empty.write() as unit:
        await add_station(unit, "another")
        await unit.conn.execute(text("CREATE TABLE somebody_elses (n INTEGER)"))
        await unit.conn.execute(text("INSERT INTO somebody_elses VALUES (7)"))
    await copied(full, empty, tmp_path / "b", force=True)
    assert await everything(empty) == await everything(full)
    async with empty.read() as unit:
        assert await unit.conn.scalar(text("SELECT n FROM somebody_elses")) == 7


async def test_the_manifest_says_what_is_in_it(full, tmp_path):
    made = await back_up(full, tmp_path / "b", now=NOW)
    with zipfile.ZipFile(tmp_path / "b") as file:
        said = json.loads(file.read("manifest.json"))
        lines = {name: len(file.read(f"tables/{name}.jsonl").splitlines()) for name in said["tables"]}
    assert {name: each["rows"] for name, each in said["tables"].items()} == lines
    assert set(lines) == set(metadata.tables) - {"poll_pending"}
    assert (said["migration"], said["store"]) == (migrate.newest(), "sqlite" if full.sqlite else "postgresql")
    assert made.rows == sum(lines.values())


async def test_secrets_that_were_changed_meanwhile_restore_as_they_are(full, empty, tmp_path, monkeypatch):
    """The new secret is put before the old one; rows of either open. Which is older counts until a rotation begins."""
    new, old, other = b"n" * 32, SECRET, b"o" * 32
    full.vault = Vault([new, old])
    async with full.write() as unit:
        await unit.conn.execute(lasting_keys.delete())
        (last,) = await register(unit, 1, resident(name="Sealed with the new one", at=(0.6, 48.7)))
    await back_up(full, tmp_path / "before", now=NOW)
    begun = [each for each in rotating.SEALED if each.table.name in {"contacts", "places", "positions"}]
    with monkeypatch.context() as patch:
        patch.setattr(rotating, "SEALED", begun)
        await rotating.rotate(full)
    await back_up(full, tmp_path / "begun", now=NOW)
    both = [new, old], [old, new]
    for name, right, wrong in (("before", both[:1], ([old], [new], [old, new])), ("begun", both, ([old], [other]))):
        with Archive(tmp_path / name) as archive:
            for secrets in wrong:
                with pytest.raises(SealBroken):
                    archive.check_secret(Vault(secrets))
            for secrets in right:
                archive.check_secret(Vault(secrets))
    with Archive(tmp_path / "begun") as archive:
        empty.vault = Vault([new])
        archive.check_secret(empty.vault)
        with pytest.raises(SealBroken):  # what the rotation had not got to yet
            await restore(empty, archive, now=datetime.now(UTC))
        assert await migrate.current(empty) is None, "nothing of it stays"
        empty.vault = Vault([old, new])
        archive.check_secret(empty.vault)
        await restore(empty, archive, now=datetime.now(UTC))
    async with empty.read() as unit:
        for person in (4, last):
            assert await profiles.read(unit, person) == await profile_of(full, person)
        assert await people.by_external_ids(unit, 1, ["R3"]), "found by its blind index"


async def profile_of(store, person):
    async with store.read() as unit:
        return await profiles.read(unit, person)
