"""A rolling upgrade: a process goes on while the database is brought to the shape of the next version."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from broadcaster.app import serving
from broadcaster.errors import BadSettings
from tests.servers.shaped import shaped
from tests.servers.town import Town

EXPANDED = (
    "ALTER TABLE alerts ADD COLUMN next_version TEXT",
    "ALTER TABLE deliveries ADD COLUMN next_version BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE subscribers ADD COLUMN next_version TEXT",
    "ALTER TABLE contacts ADD COLUMN next_version TEXT",
    "ALTER TABLE batches ADD COLUMN next_version TEXT",
    "ALTER TABLE recipients ADD COLUMN next_version TEXT",
    "CREATE TABLE next_version (id INTEGER PRIMARY KEY)",
    "UPDATE alembic_version SET version_num = '9999'",
)
"""What a migration of the next version does: it only adds."""


@pytest.fixture(params=["sqlite", "postgresql"])
def changes(request):
    return {} if request.param == "sqlite" else {"database_url": shaped(request.getfixturevalue("postgres"))}


async def test_an_alert_goes_out_before_and_after_the_database_is_expanded_under_a_running_process(tmp_path, changes):
    async with Town(tmp_path, **changes) as town, town.serving() as api:
        await town.settle(*[town.resident("push", "email") for _ in range(5)])
        before = await api.issue()
        await api.finished(before["id"])
        async with api.running.services.store.write() as unit:
            for statement in EXPANDED:
                await unit.conn.execute(text(statement))
        await town.settle(town.resident("push"))
        after = await api.issue()
        account = await api.finished(after["id"])
        assert (account["matched"], account["unaccounted"], account["people"]["accepted"]) == (6, 0, 6)


async def at(town, version):
    async with town.store.write() as unit:
        await unit.conn.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


async def test_a_process_that_is_started_on_an_older_shape_refuses_and_says_what_to_do(tmp_path):
    async with Town(tmp_path) as town:
        await at(town, "0001")
        with pytest.raises(BadSettings, match=r"not-migrated.*0001"):
            async with serving(town.settings):
                pass


async def test_a_process_of_the_old_version_is_started_again_while_the_new_one_is_rolled_out(tmp_path):
    async with Town(tmp_path) as town:
        await at(town, "9999")
        async with town.serving() as api:
            await town.settle(town.resident("push"))
            account = await api.finished((await api.issue())["id"])
        assert account["people"]["accepted"] == 1
