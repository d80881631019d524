"""Applies a whole plan in one short transaction."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import fields

from broadcaster.domain.audit import Action, Actor
from broadcaster.domain.consents import Consent, Way
from broadcaster.register.packing import unpacked
from broadcaster.register.planning import Plan
from broadcaster.register.spool import Spool
from broadcaster.store.engine.engine import Store
from broadcaster.store.operations import audit
from broadcaster.store.register import intake, preparing
from broadcaster.store.register.listed import Edit
from broadcaster.store.stations import stations

_BATCH = 4000
_PARTS = [part.name for part in fields(preparing.Rows)]


async def apply(store: Store, plan: Plan, actor: Actor, *, progress: Callable[[int], None] = lambda _: None) -> None:
    """Register new and update changed people of ``plan``; its refused lines are left out.

    Everything is sealed first (``progress`` counts prepared entries), to keep the transaction, which blocks all other
    writers on SQLite, as short as possible: some 5 s for 100,000 people. Raises ``Conflict`` if another import came
    first; nothing is changed then.
    """
    if plan.new + plan.changed == 0:
        return
    async with store.write() as unit:
        ids = await preparing.reserve(unit, plan.new)
    with Spool(store.vault) as ready:
        begun = done = enrolled = 0
        for entries in _batches(plan):
            fresh = sum(isinstance(entry, preparing.Entry) for entry in entries)
            rows = await asyncio.to_thread(
                preparing.make_ready, store.vault, plan.station.id, entries, ids[begun : begun + fresh]
            )
            ready.append([getattr(rows, name) for name in _PARTS])
            begun += fresh
            done += len(entries)
            enrolled += len(rows.enrolled)
            progress(done)
        if done != plan.new + plan.changed:
            message = f"{done} people are ready of {plan.new + plan.changed}"
            raise AssertionError(message)
        async with store.write() as unit:
            groups = await stations.ensure_groups(unit, plan.station.id, _new_groups(plan))
            await intake.write(
                unit,
                plan.station.id,
                (preparing.Rows(*parts) for parts in ready),
                groups_by_slug=groups,
                now=actor.at,
                consent=Consent(Way.LIST, actor),
            )
            await audit.record(
                unit,
                actor,
                Action.LIST_IMPORTED,
                station_id=plan.station.id,
                added=plan.new,
                changed=plan.changed,
                vulnerable=enrolled,
            )


def _batches(plan: Plan) -> Iterator[list[preparing.Entry | Edit]]:
    """Yield the entries in batches of a few thousand: few statements, and little memory."""
    batch: list[preparing.Entry | Edit] = []
    for piece in plan.entries:
        batch.extend(unpacked(packed) for external_id, packed in piece if external_id not in plan.duplicates)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _new_groups(plan: Plan) -> dict[str, str]:
    return {slug: plan.group_names[slug] for slug in plan.new_groups}
