"""Write an alert's recipients and their deliveries, before anything is sent."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

from sqlalchemy import BindParameter, bindparam, exists, select, update

from broadcaster.domain.alerts import Alert
from broadcaster.domain.audience import AudienceKind
from broadcaster.domain.deliveries import CHOSEN, DeliveryState, Person, PersonState
from broadcaster.domain.hearing import Hearing, Wishes
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, ContactStatus, LinkStatus
from broadcaster.domain.reasons import NOT_TRIED, Reason, Why, pack, unpack
from broadcaster.ids import new_id
from broadcaster.store.alerts import answers, counting, standing
from broadcaster.store.alerts.batches import Batch
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Fetch, Insert, Update
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import wishes
from broadcaster.store.tables import (
    Instant,
    alerts,
    batches,
    contacts,
    deliveries,
    links,
    opt_outs,
    recipients,
    shares,
    subscribers,
    to_micros,
)

_ALERT: BindParameter[int] = bindparam("alert_id")
_KNOWN = select(
    recipients.c.subscriber_id,
    recipients.c.state,
    recipients.c.pending,
    recipients.c.held,
    recipients.c.reasons,
    recipients.c.unconfirmed,
    recipients.c.wait_until,
).where(recipients.c.alert_id == _ALERT, among(recipients.c.subscriber_id, "ids"))
_REFUSED = exists().where(opt_outs.c.contact_id == contacts.c.id, opt_outs.c.station_id == bindparam("station_id"))
# Contact attributes are selected, not filtered on: a planner that sees the channel would use its index, and so scan
# every contact.
_CONTACTS = Fetch(
    select(
        links.c.subscriber_id,
        links.c.status,
        contacts.c.id,
        contacts.c.channel,
        contacts.c.status.label("works"),
        _REFUSED,
    )
    .join(contacts, contacts.c.id == links.c.contact_id)
    .where(among(links.c.subscriber_id, "ids"))
)
_IS_PAUSED = subscribers.c.paused_until > bindparam("now", type_=Instant)
_SPECIAL = select(
    subscribers.c.id, _IS_PAUSED.label("paused"), subscribers.c.unconfirmed_at.is_not(None).label("unconfirmed")
).where(among(subscribers.c.id, "ids"), _IS_PAUSED | subscribers.c.unconfirmed_at.is_not(None))
_TAKEN = (
    select(deliveries.c.contact_id, deliveries.c.state, deliveries.c.reason, deliveries.c.code)
    .where(deliveries.c.alert_id == _ALERT, among(deliveries.c.contact_id, "ids"))
    .order_by(deliveries.c.id)
    .with_for_update(read=True)
)


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
)
_UPDATE_RECIPIENTS = Update(
    recipients,
    ("alert_id", "subscriber_id"),
    ("state", "pending", "held", "reasons", "since_at", "unconfirmed", "wait_until"),
)
_LET_WAIT = Update(recipients, ("alert_id", "subscriber_id"), ("wait_until",))
_INSERT_DELIVERIES = Insert(
    deliveries, "alert_id", "subscriber_id", "contact_id", "channel", "batch_id", "state", "attempts", "created_at"
)


_STATE_OF = {
    Hearing.LATER: PersonState.PENDING,
    Hearing.DIGEST: PersonState.DIGEST,
    Hearing.UNWANTED: PersonState.UNWANTED,
    Hearing.MISSED: PersonState.UNREACHED,
}


@dataclass
class _Chunk:
    """Rows to write for one chunk."""

    people: dict[int, Person] = field(default_factory=dict)
    by_channel: defaultdict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    shared: list[tuple[int, int]] = field(default_factory=list)
    unconfirmed: set[int] = field(default_factory=set)
    wait: dict[int, datetime] = field(default_factory=dict)


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
    delivery, which counts for both. ``usual``: wishes of people who chose nothing, for an alert that may wait. Return
    how many people are new to the alert.
    """
    await unit.in_turn("dispatch", alert.id)
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
    # The all-clear goes to everyone who was told, whatever their settings since.
    told = alert.audience.kind is AudienceKind.TOLD
    paused, unconfirmed = await _special(unit, [*new, *again], now)
    if told:
        paused = set()
    willing = [each for each in [*new, *again] if each not in paused]
    heard = {} if usual is None else await wishes.hearing(unit, alert, willing, usual, now)
    now_told = [each for each in [*new, *again] if each not in heard]
    reachable, lacking = await _contacts_of(unit, alert, [each for each in now_told if each not in paused])
    reasons = lacking | dict.fromkeys(paused, Reason.PAUSED)
    planned = [each for each in now_told if each not in again or each in reachable or each in waiting]
    chunk = await _plan(unit, alert, planned, reachable, reasons)
    for each, how in heard.items():
        _hear(chunk, each, *how)
    if not chunk.people:
        return 0
    chunk.unconfirmed = unconfirmed
    await _write_people(unit, alert, chunk, set(new), since)
    batched: list[tuple[int | str, int]] = []
    for channel, pairs in sorted(chunk.by_channel.items()):
        size = batch_sizes[channel]
        for start in range(0, len(pairs), size):
            batch_id = new_id()
            part = pairs[start : start + size]
            await _write_batch(unit, alert, Batch(batch_id, alert.id, CHANNELS[channel], alert.rank), part, now)
            batched.append((f"{CHANNELS[channel]}:{batch_id}", alert.rank))
    await unit.tell_many("batch", batched)
    deltas: Counter[tuple[int, str, int]] = Counter()
    for person in chunk.people.values():
        each = person.subscriber_id
        if each in again:
            before = counting.people(unconfirmed=known[each].unconfirmed)
            deltas[alert.id, before, known[each].state] -= 1
        subject = counting.CHOSEN if person.state in CHOSEN else counting.people(unconfirmed=each in unconfirmed)
        deltas[alert.id, subject, person.state] += 1
        deltas[alert.id, counting.WAITING, 1] += (person.state is PersonState.PENDING and each in chunk.wait) - (
            each in waiting
        )
    for channel, pairs in chunk.by_channel.items():
        deltas[alert.id, CHANNELS[channel], DeliveryState.QUEUED] += len(pairs)
    await counting.add(unit, deltas)
    # Somebody may have answered the alert's page before they were found to be concerned.
    answered = await answers.who_answered(unit, alert.first_id, subscriber_ids)
    await standing.acknowledge(unit, [alert.id], answered, now)
    if chunk.by_channel or chunk.wait:
        # A new recipient reopens a finished alert.
        await unit.conn.execute(
            update(alerts)
            .where(alerts.c.id == alert.id, alerts.c.finished_at.is_not(None))
            .values(finished_at=None, state="sending")
        )
    return len(new)


def _hear(chunk: _Chunk, subscriber_id: int, hearing: Hearing, until: datetime | None) -> None:
    """Plan for a person who is not sent the alert now."""
    person = Person(subscriber_id, _STATE_OF[hearing], 0, 0)
    if hearing is Hearing.MISSED:
        person.reasons = pack([Why(Reason.QUIET)])
    chunk.people[subscriber_id] = person
    if until is not None:
        chunk.wait[subscriber_id] = until


async def in_alert(unit: Unit, alert_id: int, subscriber_ids: Sequence[int]) -> set[int]:
    """Return which of these subscribers are in an alert already."""
    return {row.subscriber_id for row in await unit.conn.execute(_KNOWN, {"alert_id": alert_id, "ids": subscriber_ids})}


async def _contacts_of(
    unit: Unit, alert: Alert, subscriber_ids: Sequence[int]
) -> tuple[dict[int, list[tuple[int, int]]], dict[int, Reason]]:
    """Return (contact id, channel number) by subscriber: working contacts that the station may use.

    And why others have none: they opted out, or have one that the alert does not use.
    """
    wanted = {CHANNEL_NUMBER[name] for name in alert.channels}
    rows = await _CONTACTS.rows(unit, {"station_id": alert.station_id, "ids": subscriber_ids})
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    lacking: dict[int, Reason] = {}
    for subscriber_id, link, contact_id, channel, status, no in rows:
        if link != LinkStatus.CONFIRMED:
            continue
        if status == ContactStatus.STOPPED or (no and status == ContactStatus.ACTIVE):
            lacking.setdefault(subscriber_id, Reason.OPTED_OUT)
        elif status == ContactStatus.ACTIVE and channel in wanted:
            found[subscriber_id].append((contact_id, channel))
        elif status == ContactStatus.ACTIVE:
            lacking[subscriber_id] = Reason.UNUSED
    if alert.audience.kind is AudienceKind.DIGEST:  # one message per person
        return {each: [min(theirs, key=itemgetter(1))] for each, theirs in found.items()}, lacking
    return found, lacking


async def _special(unit: Unit, subscriber_ids: Sequence[int], now: datetime) -> tuple[set[int], set[int]]:
    """Return those among these who are paused, and those with an unconfirmed sign-up."""
    rows = (await unit.conn.execute(_SPECIAL, {"now": now, "ids": subscriber_ids})).all()
    return {row.id for row in rows if row.paused}, {row.id for row in rows if row.unconfirmed}


async def _plan(
    unit: Unit,
    alert: Alert,
    subscriber_ids: Sequence[int],
    reachable: Mapping[int, list[tuple[int, int]]],
    reasons: Mapping[int, Reason],
) -> _Chunk:
    """Plan the rows; ``reasons``: why people have no contact."""
    contact_ids = [contact_id for each in subscriber_ids for contact_id, _ in reachable.get(each, ())]
    taken: dict[int, tuple[DeliveryState, Reason | None, str | None]] = {}
    if contact_ids:
        # Locked until commit: an outcome recorded meanwhile would miss the new sharers and leave them pending for ever.
        taken = {
            row.contact_id: (DeliveryState(row.state), row.reason, row.code)
            for row in await unit.conn.execute(_TAKEN, {"alert_id": alert.id, "ids": contact_ids})
        }
    chunk = _Chunk()
    for each in subscriber_ids:
        person, failed = Person(each, PersonState.PENDING, 0, 0), []
        for contact_id, channel in reachable.get(each, ()):
            there = taken.get(contact_id)
            if there is None:
                taken[contact_id] = (DeliveryState.QUEUED, None, None)
                chunk.by_channel[channel].append((each, contact_id))
                person.pending += 1
            else:
                state, reason, code = there
                chunk.shared.append((contact_id, each))
                if state.failure:
                    failed.append(Why(reason or state.reason, CHANNELS[channel], code))
                person.pending += int(state is DeliveryState.QUEUED)
                person.held += int(state.held)
                person.settle(state)
        if not reachable.get(each):
            failed = [Why(reasons.get(each, Reason.NO_CONTACT))]
        person.reasons = pack(failed)
        person.settle()
        chunk.people[each] = person
    return chunk


async def _write_people(unit: Unit, alert: Alert, chunk: _Chunk, new: set[int], since: datetime) -> None:
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
            wait.get(person.subscriber_id),
            alert.id,
            person.subscriber_id,
        )
        for person in people
        if person.subscriber_id not in new
    ]
    await _UPDATE_RECIPIENTS.run(unit, changed)
    if chunk.shared:
        await unit.conn.execute(
            shares.insert(),
            [
                {"alert_id": alert.id, "contact_id": contact_id, "subscriber_id": subscriber_id}
                for contact_id, subscriber_id in chunk.shared
            ],
        )


async def _write_batch(unit: Unit, alert: Alert, batch: Batch, pairs: Sequence[tuple[int, int]], now: datetime) -> None:
    await unit.conn.execute(
        batches.insert().values(
            id=batch.id,
            alert_id=alert.id,
            channel=CHANNEL_NUMBER[batch.channel],
            rank=alert.rank,
            size=len(pairs),
            done=False,
            due_at=now,
        )
    )
    channel, created_at = CHANNEL_NUMBER[batch.channel], to_micros(now)
    await _INSERT_DELIVERIES.run(
        unit,
        [
            (alert.id, subscriber_id, contact_id, channel, batch.id, 0, 0, created_at)
            for subscriber_id, contact_id in pairs
        ],
    )
