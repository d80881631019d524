"""An import costs what its list costs, however many people there are, and so does a look for dead contacts."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import event

from broadcaster.store.people import trials
from broadcaster.store.register import intake
from broadcaster.store.tables import FORGOTTEN_ONLY, GONE_ONLY


async def lost(unit):
    await trials.is_lost(unit, datetime.now(UTC))


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (partial(intake._known, which=GONE_ONLY), "ix_contacts_gone"),
        (partial(intake._known, which=FORGOTTEN_ONLY), "ix_contacts_forgotten"),
        (lost, "ix_contacts_gone"),
    ],
)
async def test_the_few_dead_contacts_are_found_without_a_look_at_all(store, ask, index):
    if not store.sqlite:
        pytest.skip("PostgreSQL plans by what there is")
    asked = []
    event.listen(store._reader.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
    async with store.read() as unit:
        await ask(unit)
        statement, given = asked[-1]
        plan = await unit.conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
        told = " ".join(row[-1] for row in plan)
    assert f"USING INDEX {index}" in told
