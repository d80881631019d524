"""Writes an alert's recipients and their deliveries before anything is sent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, select, update

from broadcaster.domain.alerts import Alert, ThreadRole
from broadcaster.domain.deliveries import CHOSEN, Person, PersonState
from broadcaster.domain.reasons import NOT_TRIED, Reason, Why, pack, unpack
from broadcaster.domain.timing import Timing, Wishes
from broadcaster.store.alerts import alerts as alert_rows
from broadcaster.store.alerts import answers, counting, escalations, planning, standing, threads, told_before
from broadcaster.store.alerts.planning import Plan
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Insert, Update
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import alerts, recipients, to_micros

_ALERT: BindParameter[int] = bindparam("alert_id")
_KNOWN = select(
    recipients.c.subscriber_id,
    recipients.c.state,
    recipients.c.pending,
    recipients.c.held,
    recipients.c.reasons,
    recipients.c.unconfirmed,
    recipients.c.wait_until,
    recipients.c.next_round,
).where(recipients.c.alert_id == _ALERT, among(recipients.c.subscriber_id, "ids"))
_INSERT_RECIPIENTS = Insert(
    recipients,
    "alert_id",
    "subscriber_id",
    "state",
    "pending",
    "held",
    "why",
    "reasons",
    "since_at",
    "accepted_at",
    "unconfirmed",
    "next_round",
    "enough",
)
_UPDATE_RECIPIENTS = Update(
    recipients,
    ("alert_id", "subscriber_id"),
    ("state", "pending", "held", "reasons", "since_at", "unconfirmed", "next_round", "enough", "wait_until"),
)
_LET_WAIT = Update(recipients, ("alert_id", "subscriber_id"), ("wait_until",))

_STATE_OF = {
    Timing.LATER: PersonState.PENDING,
    Timing.DIGEST: PersonState.DIGEST,
    Timing.UNWANTED: PersonState.UNWANTED,
    Timing.MISSED: PersonState.UNREACHED,
}


async def write_chunk(
    unit: Unit,
    alert: Alert,
    subscriber_ids: Sequence[int],
    *,
    since: datetime,
    now: datetime,
    batch_sizes: Mapping[int, int],
    usual: Wishes | None = None,
) -> int:
    """Write recipients, deliveries and batches for those of ``subscriber_ids`` without any; publish the batches.

    ``since``: start of their latency. ``batch_sizes``: by channel number. A contact shared by two people gets one
    delivery, which counts for both. ``usual``: default wishes of people who chose nothing, for an alert that may wait.
    Return how many people are new to the alert.
    """
    await unit.in_turn("dispatch", alert.id)
    if alert.role is ThreadRole.LEFT:
        await threads.hold(unit, alert)
        if await alert_rows.is_cancelled(unit, alert.id):  # only those waiting: its report closes with them
            subscriber_ids = await _waiting_of(unit, alert, subscriber_ids)
    known = {
        row.subscriber_id: row for row in await unit.conn.execute(_KNOWN, {"alert_id": alert.id, "ids": subscriber_ids})
    }
    # People without a contact may have one now (a sign-up by mail after the alert), and paused ones may have resumed.
    waiting = {each for each, row in known.items() if row.wait_until is not None and row.state == PersonState.PENDING}
    again = waiting | {
        each
        for each, row in known.items()
        if row.pending == row.held == 0 and any(why.reason in NOT_TRIED for why in unpack(row.reasons))
    }
    new = [each for each in subscriber_ids if each not in known]
    thread = None if alert.role is ThreadRole.FIRST else await threads.of(unit, alert)
    told = await told_before.already_told(unit, alert, thread, [*new, *again])
    paused, unconfirmed = await planning.special(unit, [*new, *again], now)
    paused -= told  # people told of it get its updates and ending, even if their settings changed since
    willing = [each for each in [*new, *again] if each not in paused]
    heard = {} if usual is None else await told_before.timings(unit, alert, willing, usual, now, told=told)
    now_told = [each for each in [*new, *again] if each not in heard]
    asked = [each for each in now_told if each not in paused]
    reachable, lacking, guardians = await planning.contacts_of(unit, alert, asked)
    spared: set[int] = set()
    if thread is not None and told:
        reachable, spared = await told_before.as_before(unit, alert, thread, told, reachable)
    if alert.role is ThreadRole.LEFT:  # they got the update at the household's telephone
        now_told, spared = [each for each in now_told if each not in spared], set()
    reasons = lacking | dict.fromkeys(paused, Reason.PAUSED)
    planned = [each for each in now_told if each not in again or each in reachable or each in waiting]
    chunk = await planning.plan_first(unit, alert, planned, reachable, reasons=reasons, guardians=guardians, now=now)
    for each, how in heard.items():
        _apply_timing(chunk, each, *how)
    for each in spared:
        chunk.people[each] = Person(each, PersonState.SPARED, 0, 0)
    if not chunk.people:
        return 0
    chunk.unconfirmed, chunk.told = unconfirmed, told
    await _write_people(unit, alert, chunk, set(new), since)
    await planning.write(unit, alert, chunk, batch_sizes, now)
    await counting.add(unit, _sums(alert, chunk, {each: known[each] for each in again}, waiting))
    # Somebody may have answered the alert's page before they were found to be concerned.
    answered = await answers.who_confirmed(unit, alert.first_id, subscriber_ids)
    await standing.acknowledge(unit, [alert.id], answered, now)
    await escalations.plan(unit, alert, chunk.by_next_round(without=chunk.failed), now)
    await escalations.plan_now(unit, alert.id, chunk.by_next_round(only=chunk.failed), now, now)
    if chunk.by_channel or chunk.wait:
        # A new recipient reopens a finished alert.
        await unit.conn.execute(
            update(alerts)
            .where(alerts.c.id == alert.id, alerts.c.finished_at.is_not(None))
            .values(finished_at=None, state="sending")
        )
    return len(new)


def _sums(alert: Alert, chunk: Plan, again: Mapping[int, Any], waiting: set[int]) -> Counter[tuple[int, str, int]]:
    """Return what a chunk adds to the sums; ``again``: the rows that people had before."""
    deltas: Counter[tuple[int, str, int]] = Counter()
    people, before = chunk.people, {each: row for each, row in again.items() if each in chunk.people}
    for row in before.values():
        deltas[alert.id, counting.people(unconfirmed=row.unconfirmed), row.state] -= 1
    for each, person in people.items():
        subject = counting.CHOSEN if person.state in CHOSEN else counting.people(unconfirmed=each in chunk.unconfirmed)
        deltas[alert.id, subject, person.state] += 1
    wait = sum(people[each].state is PersonState.PENDING for each in chunk.wait)
    deltas[alert.id, counting.WAITING, 1] = wait - len(waiting & people.keys())
    followed = sum(row.next_round is not None for row in before.values())
    following = sum(person.next_round is not None for person in people.values())
    deltas[alert.id, counting.FOLLOWING, 0] = following - followed
    if alert.role is ThreadRole.UPDATE:
        deltas[alert.id, counting.AGAIN, 1] = len((chunk.told & people.keys()) - again.keys())
    deltas.update(chunk.messages(alert.id))
    return deltas


def _apply_timing(chunk: Plan, subscriber_id: int, timing: Timing, until: datetime | None) -> None:
    """Plan for a person who is not sent the alert now."""
    person = Person(subscriber_id, _STATE_OF[timing], 0, 0)
    if timing is Timing.MISSED:
        person.reasons = pack([Why(Reason.QUIET)])
    chunk.people[subscriber_id] = person
    if until is not None:
        chunk.wait[subscriber_id] = until


async def _waiting_of(unit: Unit, alert: Alert, subscriber_ids: Sequence[int]) -> list[int]:
    rows = await unit.conn.execute(_KNOWN, {"alert_id": alert.id, "ids": subscriber_ids})
    return [row.subscriber_id for row in rows if row.wait_until is not None]


async def in_alert(unit: Unit, alert_id: int, subscriber_ids: Sequence[int]) -> set[int]:
    return {row.subscriber_id for row in await unit.conn.execute(_KNOWN, {"alert_id": alert_id, "ids": subscriber_ids})}


async def _write_people(unit: Unit, alert: Alert, chunk: Plan, new: set[int], since: datetime) -> None:
    at = to_micros(since)
    people = chunk.people.values()
    fresh = [
        (
            alert.id,
            person.subscriber_id,
            int(person.state),
            person.pending,
            person.held,
            "",
            person.reasons,
            at,
            at if person.held else None,
            person.subscriber_id in chunk.unconfirmed,
            person.next_round,
            int(person.enough),
        )
        for person in people
        if person.subscriber_id in new
    ]
    await _INSERT_RECIPIENTS.run(unit, fresh)
    wait = {each: to_micros(until) for each, until in chunk.wait.items()}
    await _LET_WAIT.run(unit, [(until, alert.id, each) for each, until in wait.items() if each in new])
    changed = [
        (
            int(person.state),
            person.pending,
            person.held,
            person.reasons,
            at,
            person.subscriber_id in chunk.unconfirmed,
            person.next_round,
            int(person.enough),
            wait.get(person.subscriber_id),
            alert.id,
            person.subscriber_id,
        )
        for person in people
        if person.subscriber_id not in new
    ]
    await _UPDATE_RECIPIENTS.run(unit, changed)
