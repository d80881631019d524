"""A rolling upgrade: a process goes on while the database is brought to the shape of the next version."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from broadcaster.app import serving
from broadcaster.domain.refusals import Conflict
from broadcaster.store.operations.migrate import current, migrate, newest
from tests.servers.next_version import NUMBER, next_version
from tests.servers.shaped import shaped
from tests.servers.town import Town


@pytest.fixture(params=["sqlite", "postgresql"])
def changes(request):
    return {} if request.param == "sqlite" else {"database_url": shaped(request.getfixturevalue("postgres"))}


async def test_an_alert_goes_out_before_and_after_the_database_is_migrated_under_a_running_process(tmp_path, changes):
    async with Town(tmp_path, **changes) as town, town.serving() as api:
        await town.settle(*[town.resident("push", "email") for _ in range(5)])
        before = await api.issue()
        await api.finished(before["id"])
        with next_version():
            assert await migrate(town.store) == NUMBER
        async with town.store.read() as unit:
            filled = await unit.conn.scalar(text("SELECT count(*) FROM subscribers WHERE next_version = 'filled'"))
            assert filled == 5
        await town.settle(town.resident("push"))
        after = await api.issue()
        account = await api.finished(after["id"])
        assert (account["matched"], account["unaccounted"], account["people"]["accepted"]) == (6, 0, 6)


async def refused(town):
    with pytest.raises(Conflict) as caught:
        async with serving(town.settings):
            pass
    return caught.value.code, dict(caught.value.params)


async def test_a_process_that_is_started_on_an_older_shape_refuses_and_says_what_to_do(tmp_path):
    async with Town(tmp_path) as town:
        ours = newest()
        with next_version():
            assert await refused(town) == ("not-migrated", {"at": ours, "needed": NUMBER})
        async with town.store.write() as unit:
            await unit.conn.execute(text("UPDATE alembic_version SET version_num = '0074'"))
        assert await refused(town) == ("database-too-old", {"at": "0074", "first": "0075"})


async def test_a_process_of_the_old_version_is_started_again_while_the_new_one_is_rolled_out(tmp_path):
    async with Town(tmp_path) as town:
        with next_version():
            await migrate(town.store)
        assert await migrate(town.store) == await current(town.store) == NUMBER, "as its service does at each start"
        async with town.serving() as api:
            await town.settle(town.resident("push"))
            account = await api.finished((await api.issue())["id"])
        assert account["people"]["accepted"] == 1
