"""Keys from before their maker was kept get the one that the audit log names."""

from __future__ import annotations

from sqlalchemy import text

from broadcaster.store import Store, Vault
from broadcaster.store.operations.migrate import migrate, upgrade
from broadcaster.store.stations import stations
from tests.contract.stores import SECRET


async def test_a_key_made_in_the_console_names_its_maker_and_one_made_on_the_machine_nobody(empty_url):
    store = Store(empty_url, Vault([SECRET]))
    try:
        await store.run_sync(lambda connection: upgrade(connection, "0074", vault=store.vault))
        async with store.write() as unit:
            for number in (5, 6):
                await unit.conn.execute(
                    text(
                        "INSERT INTO api_keys (id, role, label, hash, created_at) VALUES (:id, 'publish', '', :hash, 0)"
                    ),
                    {"id": number, "hash": bytes([number]) * 32},
                )
            for number, kind, actor, about in ((1, "operator", 3, 5), (2, "machine", None, 6), (3, "operator", 4, 7)):
                await unit.conn.execute(
                    text(
                        "INSERT INTO audit_entries (id, at, actor_kind, actor_id, origin, action, about, params)"
                        " VALUES (:id, 0, :kind, :actor, '', 'key_made', :about, '{}')"
                    ),
                    {"id": number, "kind": kind, "actor": actor, "about": about},
                )
        await migrate(store)
        async with store.read() as unit:
            assert [await stations.behind_key(unit, number) for number in (5, 6)] == [3, 6]
    finally:
        await store.close()
