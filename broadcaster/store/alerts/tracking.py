"""Records outcomes of deliveries and of their people in one transaction.

The only code that changes a delivery's state. It reads the rows, applies ``domain.deliveries``, and writes rows and
sums together, so that late, duplicate or early receipts never move a state backwards.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, exists, func, select, update

from broadcaster.domain.alerts import AlertState
from broadcaster.domain.deliveries import DeliveryState, Outcome, PersonState, may_move
from broadcaster.domain.people import CHANNELS, PUSH
from broadcaster.domain.reasons import Reason
from broadcaster.store import sandbox
from broadcaster.store.alerts import counting, retiring
from broadcaster.store.alerts.standing import Move, move_people
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Fetch, Update
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import welcomes
from broadcaster.store.tables import (
    alert_counts,
    alerts,
    batches,
    deliveries,
    from_micros,
    links,
    raw,
    recipients,
    shares,
    to_micros,
)

# Column of each state's time; a later state's time does not imply one for a skipped state.
_TIME = {
    DeliveryState.ACCEPTED: "accepted_at",
    DeliveryState.DELIVERED: "delivered_at",
    DeliveryState.DISPLAYED: "displayed_at",
    DeliveryState.OPENED: "opened_at",
    DeliveryState.ACKNOWLEDGED: "acknowledged_at",
}
_TIMES = tuple(_TIME.values())
_LATER = [(state, name) for state, name in _TIME.items() if state > DeliveryState.ACCEPTED]

MOST_CALLS = 4
"""Most calls per alert to a phone that nobody picks up."""

_NAMES = (
    "id",
    "alert_id",
    "subscriber_id",
    "contact_id",
    "channel",
    "batch_id",
    "state",
    "attempts",
    "next_attempt_at",
    "provider_id",
    "reason",
    "code",
    "maybe_sent",
    "provider",
    "ended_at",
    *_TIMES,
)
_ROWS = Fetch(
    select(*(raw(deliveries.c[name]) for name in _NAMES))
    .where(among(deliveries.c.id, "ids"))
    .order_by(deliveries.c.id)
    .with_for_update()
)
# The common case: a provider accepted it. The rest of the row is unchanged.
_ACCEPT = Update(
    deliveries,
    ("id",),
    ("state", "attempts", "provider_id", "accepted_at"),
    also="next_attempt_at = NULL, code = NULL, maybe_sent = FALSE, provider = NULL",
)
_UPDATE = Update(deliveries, ("id",), _NAMES[_NAMES.index("state") :])
_SHARER = recipients.alias()
_MINE, _ALSO, _EARLIER = links.alias(), links.alias(), deliveries.alias()
# A child's guardian whom nothing has told yet: what another guardian answers withdraws nothing of theirs.
_UNTOLD_GUARDIAN = exists().where(
    _MINE.c.subscriber_id == deliveries.c.subscriber_id,
    _MINE.c.contact_id == deliveries.c.contact_id,
    _MINE.c.guardian.is_not(None),
    ~exists().where(
        _ALSO.c.subscriber_id == _MINE.c.subscriber_id,
        _ALSO.c.guardian == _MINE.c.guardian,
        _EARLIER.c.alert_id == deliveries.c.alert_id,
        _EARLIER.c.contact_id == _ALSO.c.contact_id,
        _EARLIER.c.state.in_([int(each) for each in DeliveryState if each.held]),
    ),
)
# Deliveries queued only for people who have confirmed.
_NEEDLESS = (
    select(deliveries.c.id)
    .join(
        recipients,
        (recipients.c.alert_id == deliveries.c.alert_id) & (recipients.c.subscriber_id == deliveries.c.subscriber_id),
    )
    .where(
        deliveries.c.alert_id == bindparam("alert_id"),
        deliveries.c.contact_id.in_(select(links.c.contact_id).where(among(links.c.subscriber_id, "ids"))),
        deliveries.c.state == DeliveryState.QUEUED,
        recipients.c.state == PersonState.ACKNOWLEDGED,
        ~_UNTOLD_GUARDIAN,
        ~exists().where(
            shares.c.alert_id == deliveries.c.alert_id,
            shares.c.contact_id == deliveries.c.contact_id,
            _SHARER.c.alert_id == shares.c.alert_id,
            _SHARER.c.subscriber_id == shares.c.subscriber_id,
            _SHARER.c.state < PersonState.ACKNOWLEDGED,
        ),
    )
)
_UNTOLD = {"reason": None, "code": None, "maybe_sent": False, "provider": None}
_STATES = {int(state): state for state in DeliveryState}


class Applied(NamedTuple):
    """Ids of the alerts whose report changed, and of those with withdrawn messages."""

    touched: set[int]
    withdrawn: set[int]


async def apply(unit: Unit, outcomes: Sequence[Outcome]) -> Applied:
    """Record ``outcomes`` in order. Unknown deliveries are ignored.

    Messages still queued for people who confirm are withdrawn.
    """
    found = await _ROWS.rows(unit, {"ids": {outcome.delivery_id for outcome in outcomes}})
    rows: dict[int, dict[str, Any]] = {row[0]: dict(zip(_NAMES, row, strict=True)) for row in found}
    if not rows:
        return Applied(set(), set())
    moves, accepted = _moves(rows, outcomes)
    await _ACCEPT.run(unit, [_ACCEPT.of(rows[each]) for each in sorted(accepted)])
    await _UPDATE.run(unit, [_UPDATE.of(row) for each, row in rows.items() if each not in accepted])
    again = {move.outcome.delivery_id for move in moves if move.new is DeliveryState.QUEUED}
    # A later outcome in the same group may have accepted it again, which clears the time.
    queued_again = [rows[each] for each in sorted(again) if rows[each]["next_attempt_at"] is not None]
    if queued_again:
        await _reopen(unit, queued_again)
    deltas = _deltas(moves)
    await move_people(unit, moves, deltas)
    await counting.add(unit, deltas)
    kept = [
        (rows[outcome.delivery_id]["alert_id"], rows[outcome.delivery_id]["channel"], outcome)
        for outcome in outcomes
        if outcome.composed is not None and outcome.delivery_id in rows
    ]
    await sandbox.keep(unit, kept)
    refusing, retired = await retiring.take(unit, rows, outcomes, moves)
    await welcomes.hasten(unit, retired)
    # Proof that a push subscription belongs to a real device.
    shown = {move.contact_id for move in moves if move.channel == PUSH and move.new >= DeliveryState.DISPLAYED}
    if shown:
        await welcomes.confirm(unit, shown)
    # A call that nobody answered is queued again, needlessly if its people have confirmed meanwhile.
    confirmed = [move for move in moves if move.new in (DeliveryState.ACKNOWLEDGED, DeliveryState.QUEUED)]
    withdrawn = set()
    for alert_id in sorted({move.alert_id for move in confirmed}):
        people = await _confirmed_by(unit, alert_id, confirmed)
        if await withdraw(unit, alert_id, people, confirmed[-1].outcome.at):
            withdrawn.add(alert_id)
    for alert_id in {move.alert_id for move in moves}:
        await finish(unit, alert_id, moves[-1].outcome.at)
    await retiring.judge(unit, refusing, outcomes[-1].at)
    return Applied({row["alert_id"] for row in rows.values()}, withdrawn)


async def _confirmed_by(unit: Unit, alert_id: int, moves: Sequence[Move]) -> set[int]:
    """Return the people who confirmed an alert by these moves, or share a contact through which it was confirmed."""
    mine = [move for move in moves if move.alert_id == alert_id]
    sharing = select(shares.c.subscriber_id).where(shares.c.alert_id == alert_id, among(shares.c.contact_id, "ids"))
    others = await unit.conn.scalars(sharing, {"ids": [move.contact_id for move in mine]})
    return {*others, *(move.subscriber_id for move in mine)}


async def withdraw(unit: Unit, alert_id: int, subscriber_ids: Collection[int], now: datetime) -> bool:
    """Withdraw messages still queued for people who confirmed an alert. Return whether there were any."""
    queued = await unit.conn.scalars(_NEEDLESS, {"alert_id": alert_id, "ids": subscriber_ids})
    outcomes = [Outcome(each, DeliveryState.CANCELLED, now, reason=Reason.CONFIRMED) for each in queued]
    await apply(unit, outcomes)
    return bool(outcomes)


async def withdraw_all(unit: Unit, alert_ids: Sequence[int], subscriber_ids: Collection[int], now: datetime) -> None:
    """Withdraw for several alerts, each of which may then be finished."""
    for alert_id in alert_ids:
        await withdraw(unit, alert_id, subscriber_ids, now)
        await finish(unit, alert_id, now)


async def repeat(unit: Unit, alert_id: int, contact_ids: Collection[int], now: datetime) -> set[int]:
    """Queue again those messages to these contacts that were accepted but not confirmed. Return their contacts."""
    theirs = select(deliveries.c.id).where(deliveries.c.alert_id == alert_id, among(deliveries.c.contact_id, "ids"))
    ids = list(await unit.conn.scalars(theirs, {"ids": contact_ids}))
    rows, moves = [], []
    for values in await _ROWS.rows(unit, {"ids": ids}):
        row = dict(zip(_NAMES, values, strict=True))
        old = _STATES[row["state"]]
        if old.held and old is not DeliveryState.ACKNOWLEDGED and row["attempts"] < MOST_CALLS:
            row.update(state=int(DeliveryState.QUEUED), next_attempt_at=None)
            rows.append(row)
            moves.append(_move(row, old, DeliveryState.QUEUED, Outcome(row["id"], DeliveryState.QUEUED, now)))
    await _UPDATE.run(unit, [_UPDATE.of(row) for row in rows])
    again = update(batches).where(among(batches.c.id, "ids")).values(done=False, due_at=now)
    await unit.conn.execute(again, {"ids": {row["batch_id"] for row in rows}})
    deltas = _deltas(moves)
    await move_people(unit, moves, deltas)
    await counting.add(unit, deltas)
    return {move.contact_id for move in moves}


def _moves(rows: Mapping[int, dict[str, Any]], outcomes: Sequence[Outcome]) -> tuple[list[Move], set[int]]:
    """Update the rows; return the moves, and the deliveries merely accepted."""
    moves: list[Move] = []
    seen: set[int] = set()
    accepted: set[int] = set()
    for outcome in outcomes:
        number = outcome.delivery_id
        row = rows.get(number)
        if row is None:
            continue
        move = _moved(row, outcome)
        if move is not None:
            moves.append(move)
            if move.new is DeliveryState.ACCEPTED:
                accepted.add(number)
        if number in seen:
            accepted.discard(number)
        seen.add(number)
    return moves, accepted


def _deltas(moves: Sequence[Move]) -> Counter[tuple[int, str, int]]:
    deltas: Counter[tuple[int, str, int]] = Counter()
    many = Counter((move.alert_id, move.channel, move.old, move.new) for move in moves)
    for (alert_id, channel, old, new), n in many.items():
        deltas[alert_id, CHANNELS[channel], old] -= n
        deltas[alert_id, CHANNELS[channel], new] += n
    return deltas


def _moved(row: dict[str, Any], outcome: Outcome) -> Move | None:
    """Apply an outcome to a delivery's row; return the move if its state changed."""
    old = _STATES[row["state"]]
    if outcome.again:
        return _again(row, outcome)
    row["attempts"] += int(outcome.tried)
    if _over_already(row, outcome):
        return _give_up(row, outcome) if row["attempts"] >= MOST_CALLS else None
    if outcome.provider_id is not None:
        row["provider_id"] = outcome.provider_id[:200]
    new = outcome.state
    if new is None:
        if old is DeliveryState.QUEUED:
            row["next_attempt_at"] = _micros(outcome.next_attempt_at)
            row.update(_told(outcome))
        return None
    if old is DeliveryState.QUEUED and (
        new.failure or new is DeliveryState.ACCEPTED
    ):  # a repetition does not undo a state
        new = max([each for each, name in _LATER if row[name]], default=new)
    column = _TIME.get(new)
    if column is not None and row[column] is None:
        row[column] = to_micros(outcome.at)
    # What was withdrawn had been sent before: what became of it counts.
    if not (_withdrawn(row) or may_move(old, new)):
        return None
    row["state"] = int(new)
    row["next_attempt_at"] = None
    if new.failure:
        row["ended_at"] = to_micros(outcome.at)
        row.update(_told(outcome), reason=outcome.reason or new.reason)
    else:
        row.update(_UNTOLD)
    return _move(row, old, new, outcome)


def _withdrawn(row: dict[str, Any]) -> bool:
    return bool(row["state"] == DeliveryState.CANCELLED and row["reason"] == Reason.CONFIRMED)


def _over_already(row: dict[str, Any], outcome: Outcome) -> bool:
    """Return whether a call ended before the answer to its request was recorded; if so, store the call's id."""
    return (
        (row["state"] == DeliveryState.QUEUED or _withdrawn(row))
        and outcome.state is DeliveryState.ACCEPTED
        and outcome.provider_id is not None
        and row["provider_id"] == outcome.provider_id
    )


def _again(row: dict[str, Any], outcome: Outcome) -> Move | None:
    state, known = row["state"], row["provider_id"] == outcome.provider_id
    if state == DeliveryState.QUEUED and not known:  # the answer to the call's request is still on its way
        row.update(provider_id=outcome.provider_id, **_later(row, outcome))
        return None
    if _withdrawn(row):
        row["provider_id"] = outcome.provider_id
    if state != DeliveryState.ACCEPTED or not known:
        return None
    if row["attempts"] >= MOST_CALLS:
        return _give_up(row, outcome)
    row.update(state=int(DeliveryState.QUEUED), **_later(row, outcome))
    return _move(row, DeliveryState.ACCEPTED, DeliveryState.QUEUED, outcome)


def _later(row: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
    """Return the columns for another call; delays increase."""
    wait = None if outcome.next_attempt_at is None else (outcome.next_attempt_at - outcome.at) * max(1, row["attempts"])
    return {"next_attempt_at": None if wait is None else to_micros(outcome.at + wait), **_told(outcome)}


def _told(outcome: Outcome) -> dict[str, Any]:
    code = (outcome.code or "")[:60] or None
    return {"code": code, "maybe_sent": outcome.maybe_sent, "provider": outcome.provider}


def _give_up(row: dict[str, Any], outcome: Outcome) -> Move:
    """Mark a phone as called the maximum number of times."""
    old, code = _STATES[row["state"]], outcome.code or row["code"] or ""
    ended_at = to_micros(outcome.at)
    said = replace(outcome, code=code)
    row.update(_told(said), state=int(DeliveryState.FAILED), reason=DeliveryState.FAILED.reason)
    row.update(next_attempt_at=None, ended_at=ended_at)
    return _move(row, old, DeliveryState.FAILED, said)


def _move(row: dict[str, Any], old: DeliveryState, new: DeliveryState, outcome: Outcome) -> Move:
    return Move(row["alert_id"], row["subscriber_id"], row["contact_id"], row["channel"], old, new, outcome)


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


async def _reopen(unit: Unit, rows: Sequence[dict[str, Any]]) -> None:
    """Reopen the batches of requeued deliveries, and their alerts."""
    for row in rows:
        await unit.conn.execute(
            update(batches)
            .where(batches.c.id == row["batch_id"])
            .values(done=False, due_at=from_micros(row["next_attempt_at"]))
        )
    await unit.conn.execute(
        update(alerts)
        .where(alerts.c.id.in_({row["alert_id"] for row in rows}), alerts.c.finished_at.is_not(None))
        .values(finished_at=None, state=AlertState.SENDING)
    )


_LEFT = select(func.sum(alert_counts.c.n)).where(
    alert_counts.c.alert_id == bindparam("alert_id"), alert_counts.c.state == DeliveryState.QUEUED
)


async def finish(unit: Unit, alert_id: int, now: datetime) -> bool:
    """Finish an alert if it is resolved with nothing left to send; return whether it is finished."""
    left = await unit.conn.scalar(_LEFT, {"alert_id": alert_id})
    if left:
        return False
    done = await unit.conn.execute(
        update(alerts)
        .where(alerts.c.id == alert_id, alerts.c.resolved_at.is_not(None), alerts.c.finished_at.is_(None))
        .values(finished_at=now, state=AlertState.FINISHED)
    )
    if done.rowcount == 1:
        await retiring.judge(unit, [alert_id], now)
    return done.rowcount == 1
