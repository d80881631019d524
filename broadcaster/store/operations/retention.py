"""Deletes data past its period (``domain.retention``), in batches; records each run."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Table,
    bindparam,
    delete,
    exists,
    func,
    select,
    text,
    update,
)

from broadcaster.domain.deliveries import PersonState
from broadcaster.domain.people import ContactStatus
from broadcaster.domain.retention import GRACE, PERIODS, Kind
from broadcaster.store import help_requests
from broadcaster.store.alerts import alerts as alert_rows
from broadcaster.store.alerts import breakdown, by_step, retiring
from broadcaster.store.engine.among import among
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.operators import operators as operator_rows
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.people import people
from broadcaster.store.stations.labels import open_label, sealed_label
from broadcaster.store.tables import (
    ANY_ID,
    alerts,
    answers,
    api_keys,
    approvals,
    contacts,
    corrections,
    deliveries,
    enforcements,
    escalations,
    inbox_messages,
    links,
    occurrences,
    operators,
    poll_voters,
    polls,
    raw,
    recipients,
    schedules,
    shares,
    signed_requests,
    stations,
    subscribers,
    to_micros,
    trials,
    visits,
    volunteers,
)
from broadcaster.store.tables import help_requests as help_rows
from broadcaster.store.tables import positions as fixes

AT_ONCE = 500
"""Rows a transaction, so that an alert never waits long for the writer."""
PART = 2000
"""Recipients of an old alert a transaction."""
_MARK = 16


async def unanswered(unit: Unit, before: datetime) -> int:
    """Erase people whose only contacts are devices that never answered."""
    old = select(subscribers.c.id).where(subscribers.c.unconfirmed_at < before).limit(AT_ONCE)
    ids = (await unit.conn.scalars(old)).all()
    for each in ids:
        await people.erase(unit, each)
    return len(ids)


async def dead_contacts(unit: Unit, before: datetime) -> int:
    """Take dead contacts off their people."""
    gone = (contacts.c.status == ContactStatus.GONE) & (contacts.c.status_at < before)
    held = select(contacts.c.id).where(gone, contacts.c.id.in_(select(links.c.contact_id))).limit(AT_ONCE)
    ids = (await unit.conn.scalars(held)).all()
    mine = links.c.contact_id.in_(ids)
    owners = (await unit.conn.scalars(select(links.c.subscriber_id).where(mine).distinct())).all()
    await unit.conn.execute(delete(links).where(mine))
    await contact_rows.drop_orphans(unit, ids)
    await people.touched(unit, owners)
    return len(ids)


async def positions(unit: Unit, before: datetime) -> int:
    """Delete devices' last positions."""
    old = select(fixes.c.subscriber_id).where(fixes.c.at < before).limit(AT_ONCE)
    ids = (await unit.conn.scalars(old)).all()
    await unit.conn.execute(delete(fixes).where(fixes.c.subscriber_id.in_(ids)))
    await people.touched(unit, ids)
    return len(ids)


async def names(unit: Unit, before: datetime) -> int:
    """Erase what names operators who were disabled, and labels of keys that ended; numbers stay, for the audit log."""
    over = func.coalesce(raw(api_keys.c.revoked_at), raw(api_keys.c.expires_at)) < to_micros(before)
    persons = set(await unit.conn.scalars(select(operators.c.id)))
    done = 0
    for row in (await unit.conn.execute(select(api_keys).where(over))).all():
        number = f"#{row.id}"
        if open_label(unit.vault, row) != number:
            sealed = sealed_label(unit.vault, row.hash, number)
            await unit.conn.execute(update(api_keys).where(api_keys.c.id == row.id).values(sealed=sealed, label=""))
            if row.id in persons:
                await operator_rows.forget(unit, row.id)
            done += 1
    return done


async def reports(unit: Unit, before: datetime) -> int:
    """Forget whom one old alert was for, a part at a time; return how many rows. The report's figures stay.

    An alert whose thread goes on is not old. Its people's last sign of life is kept.
    """
    later = alerts.alias()
    thread = func.coalesce(later.c.thread_id, later.c.id) == func.coalesce(alerts.c.thread_id, alerts.c.id)
    old = alerts.c.forgotten_at.is_(None), alerts.c.expires_at < before, alerts.c.resolved_at.is_not(None)
    query = select(alerts.c.id).where(*old, ~exists().where(thread, later.c.expires_at >= before))
    found = await alert_rows.by_ids(unit, (await unit.conn.scalars(query.order_by(alerts.c.id).limit(1))).all())
    if not found:
        return 0
    (alert,) = found
    if await breakdown.kept(unit, alert.id) is None:
        figures = {**await breakdown.counts(unit, alert.id), "steps": await by_step.counts(unit, alert)}
        await unit.conn.execute(update(alerts).where(alerts.c.id == alert.id).values(figures=figures))
    part = await _forget_part(unit, alert.id, alert.sent_at)
    if part:
        return part
    for table in (shares, escalations, answers):
        await unit.conn.execute(delete(table).where(table.c.alert_id == alert.id))
    await unit.conn.execute(
        update(help_rows).where(help_rows.c.alert_id == alert.id).values(subscriber_id=0, sealed=None)
    )
    seen = visits.c.alert_id == alert.id
    await _unname(unit, visits, seen, lambda number: {"subscriber_id": -number, "volunteer_id": 0})
    voted = poll_voters.c.poll_id.in_(select(polls.c.id).where(polls.c.alert_id == alert.id))
    await _unname(unit, poll_voters, voted, lambda _: {"mark": secrets.token_bytes(_MARK)})
    await unit.conn.execute(update(alerts).where(alerts.c.id == alert.id).values(forgotten_at=before))
    return 1


async def _forget_part(unit: Unit, alert_id: int, sent_at: datetime) -> int:
    """Delete some recipients and deliveries of an alert; return how many."""
    some = select(recipients.c.subscriber_id, recipients.c.state).where(recipients.c.alert_id == alert_id)
    rows = (await unit.conn.execute(some.limit(PART))).all()
    seen = [row.subscriber_id for row in rows if row.state >= PersonState.DISPLAYED]
    await unit.conn.execute(_SEEN, {"ids": seen, "at": to_micros(sent_at)})
    theirs = {"ids": [row.subscriber_id for row in rows], "alert_id": alert_id}
    for statement in _FORGET_RECIPIENTS, _FORGET_DELIVERIES:
        await unit.conn.execute(statement, theirs)
    if rows:
        return len(rows)
    left = select(deliveries.c.id).where(deliveries.c.alert_id == alert_id, text(f"deliveries.{ANY_ID}")).limit(PART)
    ids = (await unit.conn.scalars(left)).all()
    await unit.conn.execute(_FORGET_BY_ID, {"ids": ids})
    return len(ids)


_SEEN = (
    update(subscribers)
    .where(
        among(subscribers.c.id, "ids"),
        func.coalesce(raw(subscribers.c.active_at), raw(subscribers.c.created_at)) < bindparam("at", type_=BigInteger),
    )
    .values({subscribers.c.active_at: bindparam("at", type_=BigInteger)})
)
_OF_ALERT: BindParameter[int] = bindparam("alert_id", type_=BigInteger)
_FORGET_RECIPIENTS = delete(recipients).where(
    recipients.c.alert_id == _OF_ALERT, among(recipients.c.subscriber_id, "ids")
)
_FORGET_DELIVERIES = delete(deliveries).where(
    deliveries.c.alert_id == _OF_ALERT, among(deliveries.c.subscriber_id, "ids")
)
_FORGET_BY_ID = delete(deliveries).where(among(deliveries.c.id, "ids"))


async def _unname(
    unit: Unit, table: Table, which: ColumnElement[bool], others: Callable[[int], dict[str, Any]]
) -> None:
    """Write rows anew with other values in place of what names people: their number counts, not whose they are."""
    rows = [dict(row) for row in (await unit.conn.execute(select(table).where(which))).mappings()]
    if rows:
        await unit.conn.execute(delete(table).where(which))
        await unit.conn.execute(table.insert(), [row | others(at) for at, row in enumerate(rows, 1)])


Step = Callable[[Unit, datetime], Awaitable[int]]


def _older(*kept: tuple[Table, str]) -> Step:
    """Return a step that deletes all rows of tables whose time, a column, is before another."""

    async def step(unit: Unit, before: datetime) -> int:
        old = [delete(table).where(table.c[column] < before) for table, column in kept]
        return sum([(await unit.conn.execute(each)).rowcount for each in old])

    return step


STEPS: Mapping[Kind, Step] = {
    Kind.UNANSWERED: unanswered,
    Kind.DEAD_CONTACTS: dead_contacts,
    Kind.POSITIONS: positions,
    Kind.REPORTS: reports,
    Kind.PROOFS: _older((signed_requests, "at")),
    Kind.NAMES: names,
    Kind.HELP_POSITIONS: help_requests.forget_positions,
    Kind.VOLUNTEERS: _older((volunteers, "added_at")),
    Kind.INBOX: _older((inbox_messages, "at")),
    Kind.CORRECTIONS: _older((corrections, "decided_at")),
    Kind.TRIALS: _older((trials, "created_at")),
    Kind.REFUSALS: retiring.trim,
    Kind.SCHEDULES: _older((occurrences, "at"), (schedules, "ended_at")),
    Kind.APPROVALS: _older((approvals, "expires_at")),
}
"""By kind, what deletes what is older than a time, and returns how much; it is called until nothing is left."""


@dataclass(frozen=True, slots=True)
class Enforcement:
    """When a period was last enforced, and when it last removed something, and how much.

    ``at``: None: not yet. ``starts_at``: before that it deletes nothing.
    """

    at: datetime | None
    removed: int
    removed_at: datetime | None
    starts_at: datetime | None


async def record(unit: Unit, kind: Kind, removed: int, now: datetime) -> None:
    """Record that a period was enforced."""
    known = (await unit.conn.execute(select(enforcements).where(enforcements.c.kind == kind))).one_or_none()
    values: dict[str, Any] = {"at": now} | ({"removed": removed, "removed_at": now} if removed else {})
    if known is None:
        await unit.conn.execute(
            enforcements.insert().values({"kind": str(kind), "removed": 0, "known_at": now, **values})
        )
    else:
        await unit.conn.execute(update(enforcements).where(enforcements.c.kind == kind).values(values))


async def enforced(unit: Unit) -> dict[Kind, Enforcement]:
    """Return by kind when its period was last enforced."""
    rows = (await unit.conn.execute(select(enforcements))).all()
    known = set(Kind)
    return {
        Kind(row.kind): of_row(
            Enforcement,
            row,
            starts_at=row.known_at + GRACE if row.known_at and PERIODS[Kind(row.kind)].has_grace else None,
        )
        for row in rows
        if row.kind in known
    }


async def begun(unit: Unit) -> datetime | None:
    """Return when the first station was added."""
    first: datetime | None = await unit.conn.scalar(select(func.min(stations.c.created_at)))
    return first
