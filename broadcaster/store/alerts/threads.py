"""An alert's thread: its versions, who is informed of it now, and what ended it.

A person is informed if they were told of a version and not told since that it no longer applies to them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, bindparam, exists, or_, select, text, update

from broadcaster.domain.alerts import ENDINGS, Alert, MsgType, ThreadRole
from broadcaster.domain.deliveries import DeliveryState, PersonState
from broadcaster.store.alerts import alerts as alert_rows
from broadcaster.store.alerts import batches, escalations, waiting
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Columns, Fetch
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import MAYBE_SENT, alerts, deliveries, recipients, shares
from zones import distinct

_THREAD = (
    select(alerts.c.id, alerts.c.role, alerts.c.msg_type, alerts.c.cancelled_at)
    .where(or_(alerts.c.id == bindparam("root"), alerts.c.thread_id == bindparam("root")))
    .order_by(alerts.c.sent_at, alerts.c.id)  # an update that waited for approval has an older id
)
_TOLD = select(recipients.c.subscriber_id).where(
    among(recipients.c.alert_id, "versions"), recipients.c.state >= PersonState.ACCEPTED
)
_LATER = recipients.alias()
_LEFT = select(recipients.c.subscriber_id).where(
    among(recipients.c.alert_id, "left"),
    recipients.c.state >= PersonState.ACCEPTED,
    ~exists().where(
        among(_LATER.c.alert_id, "versions"),
        _LATER.c.subscriber_id == recipients.c.subscriber_id,
        _LATER.c.state >= PersonState.ACCEPTED,
        or_(
            _LATER.c.accepted_at > recipients.c.accepted_at,
            (_LATER.c.accepted_at == recipients.c.accepted_at) & (_LATER.c.alert_id > recipients.c.alert_id),
        ),
    ),
)
# Their message may have arrived, though no provider confirmed it.
_MAYBE = (
    among(deliveries.c.alert_id, "versions"),
    deliveries.c.state != DeliveryState.QUEUED,
    # A literal, not bound: else neither database sees that the partial index applies.
    text(f"deliveries.{MAYBE_SENT}"),
)
_MAYBE_TOLD = select(deliveries.c.subscriber_id).where(*_MAYBE)
_MAYBE_SHARED = (
    select(shares.c.subscriber_id)
    .join(deliveries, (deliveries.c.alert_id == shares.c.alert_id) & (deliveries.c.contact_id == shares.c.contact_id))
    .where(*_MAYBE)
)
_HELD = or_(
    deliveries.c.state == DeliveryState.ACCEPTED, deliveries.c.state >= DeliveryState.DELIVERED, deliveries.c.maybe_sent
)
_REACHED = Fetch(
    select(deliveries.c.contact_id, deliveries.c.alert_id, deliveries.c.id).where(
        among(deliveries.c.alert_id, "thread"), among(deliveries.c.contact_id, "contacts"), _HELD
    )
)
_UNDER_WAY = Columns(
    select(recipients.c.subscriber_id).where(among(recipients.c.alert_id, "earlier"), recipients.c.pending > 0)
)
_EVERYBODY = [Columns(each) for each in (_TOLD, _MAYBE_TOLD, _MAYBE_SHARED)]
_GONE = Columns(_LEFT)


def _only(query: Select[tuple[int]]) -> Columns:
    return Columns(query.where(among(query.selected_columns[0], "ids")))


_OF_THESE = [_only(each) for each in (_TOLD, _MAYBE_TOLD, _MAYBE_SHARED)]
_GONE_OF_THESE = _only(_LEFT)


class Thread(NamedTuple):
    """Ids of a thread's alerts as sent: all; those that say what to do; those that say that it does not apply.

    ``open``: those that may still send. The ending, if any, is only in the first.
    """

    all: tuple[int, ...]
    versions: tuple[int, ...]
    left: tuple[int, ...]
    open: tuple[int, ...]

    def before(self, alert: Alert) -> tuple[int, ...]:
        return self.all[: self.all.index(alert.id)]


async def of(unit: Unit, alert: Alert) -> Thread:
    rows = (await unit.conn.execute(_THREAD, {"root": alert.first_id})).all()
    left = tuple(row.id for row in rows if row.role == ThreadRole.LEFT)
    ended = tuple(row.id for row in rows if row.msg_type == MsgType.CANCEL)
    return Thread(
        all=tuple(row.id for row in rows),
        versions=tuple(row.id for row in rows if row.id not in left and row.id not in ended),
        left=left,
        open=tuple(row.id for row in rows if row.cancelled_at is None and row.id not in ended),
    )


async def alerts_of(unit: Unit, alert: Alert) -> list[Alert]:
    """Return the alerts of a thread, oldest first."""
    found = await alert_rows.by_ids(unit, (await of(unit, alert)).all)
    return sorted(found, key=lambda each: (each.sent_at, each.id))


async def informed(unit: Unit, thread: Thread, ids: Sequence[int] | None = None) -> NDArray[np.int64]:
    """Return who is informed of an alert, ascending; ``ids``: only these people. Awaits only the unit's connection."""
    given = {"versions": thread.versions, "left": thread.left, "ids": ids}
    told, gone = (_EVERYBODY, _GONE) if ids is None else (_OF_THESE, _GONE_OF_THESE)
    found = distinct(np.concatenate([(await each.read(unit, given))[0] for each in told]))
    if not thread.left:
        return found
    return found[~np.isin(found, (await gone.read(unit, given))[0])]


async def informed_of(unit: Unit, alert: Alert, *, settled: bool = False) -> NDArray[np.int64]:
    """Return who is informed of an alert's thread, ascending. Awaits only the unit's connection.

    ``settled``: only those to whom no message of an earlier alert is on its way, so that it is known what reaches them.
    """
    thread = await of(unit, alert)
    found = await informed(unit, thread)
    if not settled:
        return found
    return found[~np.isin(found, (await _UNDER_WAY.read(unit, {"earlier": thread.before(alert)}))[0])]


async def reached(unit: Unit, alert: Alert, thread: Thread, contact_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return, by contact, (alert, delivery) of the thread's last message before ``alert`` that reached the contact."""
    earlier = thread.before(alert)
    rows = await _REACHED.rows(unit, {"thread": earlier, "contacts": contact_ids})
    in_order = sorted(rows, key=lambda row: earlier.index(row[1]))
    return {contact_id: (alert_id, delivery_id) for contact_id, alert_id, delivery_id in in_order}


async def follow(unit: Unit, alert: Alert, by: Alert, now: datetime) -> tuple[int, ...]:
    """Make ``by`` replace a thread's current version ``alert``: earlier alerts stop sending.

    Return the ids that ended. The caller must ``hold`` the thread.
    """
    await unit.conn.execute(update(alerts).where(alerts.c.id == alert.id).values(followed_by=by.id))
    thread = await of(unit, alert)
    for each in thread.open:
        await alert_rows.cancelled(unit, each, now)
        await batches.hasten(unit, each, now)
        await escalations.hasten(unit, each, now)
        await waiting.hasten(unit, each, now)
    return thread.open


async def hold(unit: Unit, alert: Alert) -> None:
    """Lock this thread against other updates and endings until the transaction ends."""
    await unit.in_turn("thread", alert.first_id)


async def current(unit: Unit, alert: Alert) -> Alert:
    """Return the current (or last) version of an alert's thread, or the alert that ended it.

    For a version, follow its successors. For a reminder or a message to people outside the area, take the thread's
    newest.
    """
    if alert.role in ENDINGS or (alert.followed_by is None and alert.role in (ThreadRole.FIRST, ThreadRole.UPDATE)):
        return alert
    apart = (ThreadRole.REMINDER, ThreadRole.LEFT)
    return next((each for each in reversed(await alerts_of(unit, alert)) if each.role not in apart), alert)
