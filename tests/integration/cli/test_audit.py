"""``tocsin audit``: the log is listed and verified from the terminal, and what was touched is found."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from typing import TYPE_CHECKING, Any

from broadcaster.app import open_store
from broadcaster.config import Settings
from broadcaster.store.operations import audit

if TYPE_CHECKING:
    from pathlib import Path


async def chained(data: Path) -> None:
    """Do what the leading scheduler does."""
    store = open_store(Settings(data_dir=data))
    while await store.run_read(audit.waits):
        await store.run_write(audit.chain)
    await store.close()


def test_the_log_is_listed_and_verified_and_what_was_touched_is_found(seeded: Any):
    seeded("operator", "invite", "Rose Martin", "--admin")
    listed = json.loads(seeded("audit", "list", "--action", "operator_invited", "--json").stdout)
    assert [(each["action"], each["actor"]) for each in listed] == [("operator_invited", "machine")]
    said = " ".join(seeded("audit", "list", "--limit", "5").stdout.split())
    assert "invited somebody" in said, said
    assert "operator_invited" in said, said
    assert "Rose Martin" in said, said
    asyncio.run(chained(seeded.data))
    told = seeded("audit", "verify")
    assert (told.exit_code, "the log is whole" in told.stdout) == (0, True), told.stdout
    head = told.stdout.partition("newest hash: ")[2].split()[0]
    assert seeded("audit", "verify", "--head", head).exit_code == 0
    assert seeded("audit", "verify", "--head", "nothing").exit_code == 2
    assert seeded("audit", "erase-reason", str(listed[0]["id"])).exit_code == 2, "it has none"
    with sqlite3.connect(seeded.data / "tocsin.db") as database:
        database.execute("UPDATE audit_entries SET about = about + 1 WHERE id = ?", (listed[0]["id"],))
    told = seeded("audit", "verify")
    assert (told.exit_code, "does not fit its hash" in told.stdout) == (2, True), told.stdout
    with sqlite3.connect(seeded.data / "tocsin.db") as database:
        database.execute("DELETE FROM audit_entries WHERE seq = (SELECT max(seq) FROM audit_entries)")
    told = seeded("audit", "verify", "--head", head)
    assert (told.exit_code, "cut off or rewritten" in told.stdout) == (2, True), told.stdout
