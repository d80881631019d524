"""Plans the contacts by which people are told, and writes the deliveries and batches for them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from sqlalchemy import BindParameter, bindparam, exists, select, union

from broadcaster.domain.alerts import Alert
from broadcaster.domain.deliveries import DeliveryState, Person, PersonState
from broadcaster.domain.escalation import Round, enough, next_round
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, ContactStatus, LinkStatus
from broadcaster.domain.reasons import Reason, Why, pack, unpack
from broadcaster.ids import new_id
from broadcaster.store.alerts import budgets
from broadcaster.store.alerts.batches import Batch
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Fetch, Insert
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import (
    Instant,
    batches,
    contacts,
    deliveries,
    links,
    opt_outs,
    shares,
    subscribers,
    to_micros,
)

_ALERT: BindParameter[int] = bindparam("alert_id")
_REFUSED = exists().where(opt_outs.c.contact_id == contacts.c.id, opt_outs.c.station_id == bindparam("station_id"))
# Contact attributes are selected, not filtered on: a planner that sees the channel would use its index, and so scan
# every contact.
_CONTACTS = Fetch(
    select(
        links.c.subscriber_id,
        links.c.status,
        links.c.guardian,
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
_TOLD = union(
    *(
        select(table.c.subscriber_id, table.c.contact_id).where(
            table.c.alert_id == _ALERT, among(table.c.subscriber_id, "ids")
        )
        for table in (deliveries, shares)
    )
)
_NEW = ("alert_id", "subscriber_id", "contact_id", "channel", "batch_id", "state", "attempts", "created_at")
_INSERT_DELIVERIES = Insert(deliveries, *_NEW)
_INSERT_STOPPED = Insert(deliveries, *_NEW, "ended_at", "reason")

Contacts = Mapping[int, Sequence[tuple[int, int]]]
"""(contact id, channel number) by subscriber."""


@dataclass
class Plan:
    """What to write for some people. ``by_channel``: (subscriber, contact) of each new delivery. ``told``: the people
    told of an earlier version. ``over_budget``: (channel, subscriber, contact) of the deliveries that a budget stops.
    """

    told: set[int] = field(default_factory=set)
    people: dict[int, Person] = field(default_factory=dict)
    by_channel: defaultdict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    shared: list[tuple[int, int]] = field(default_factory=list)
    unconfirmed: set[int] = field(default_factory=set)
    wait: dict[int, datetime] = field(default_factory=dict)
    over_budget: list[tuple[int, int, int]] = field(default_factory=list)

    def messages(self, alert_id: int) -> Counter[tuple[int, str, int]]:
        """Return how the new deliveries change the sums."""
        found = Counter(
            {
                (alert_id, str(CHANNELS[n]), int(DeliveryState.QUEUED)): len(pairs)
                for n, pairs in self.by_channel.items()
            }
        )
        for channel, _, _ in self.over_budget:
            found[alert_id, CHANNELS[channel], DeliveryState.CANCELLED] += 1
        return found

    @property
    def failed(self) -> set[int]:
        """Return the people whom nothing sent so far can reach, but for whom a further round follows."""
        return {each for each, person in self.people.items() if person.all_failed}

    def by_next_round(
        self, *, only: Collection[int] | None = None, without: Collection[int] = ()
    ) -> dict[int, list[int]]:
        found: defaultdict[int, list[int]] = defaultdict(list)
        for each in self.people if only is None else only:
            number = self.people[each].next_round
            if number is not None and each not in without:
                found[number].append(each)
        return dict(found)


Guardians = Mapping[int, Mapping[int, int]]
"""By child: contact id to the number of the guardian whose it is."""


async def contacts_of(
    unit: Unit, alert: Alert, subscriber_ids: Collection[int]
) -> tuple[Contacts, dict[int, Reason], Guardians]:
    """Return working contacts of the alert's channels that the station may use.

    Also return why other people have none: they opted out, or have a contact that the alert does not use; and which
    contacts are guardians'.
    """
    wanted = {CHANNEL_NUMBER[name] for name in alert.channels}
    rows = await _CONTACTS.rows(unit, {"station_id": alert.station_id, "ids": subscriber_ids})
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    lacking: dict[int, Reason] = {}
    guardians: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for subscriber_id, link, guardian, contact_id, channel, status, no in rows:
        if guardian is not None:
            guardians[subscriber_id][contact_id] = guardian
        if link != LinkStatus.CONFIRMED:
            continue
        if status == ContactStatus.STOPPED or (no and status == ContactStatus.ACTIVE):
            lacking.setdefault(subscriber_id, Reason.OPTED_OUT)
        elif status == ContactStatus.ACTIVE and channel in wanted:
            found[subscriber_id].append((contact_id, channel))
        elif status == ContactStatus.ACTIVE:
            lacking[subscriber_id] = Reason.UNUSED
    return found, lacking, guardians


async def special(unit: Unit, subscriber_ids: Sequence[int], now: datetime) -> tuple[set[int], set[int]]:
    """Return those among these who are paused, and those with an unconfirmed sign-up."""
    rows = (await unit.conn.execute(_SPECIAL, {"now": now, "ids": subscriber_ids})).all()
    return {row.id for row in rows if row.paused}, {row.id for row in rows if row.unconfirmed}


async def plan_first(
    unit: Unit,
    alert: Alert,
    subscriber_ids: Sequence[int],
    reachable: Contacts,
    *,
    reasons: Mapping[int, Reason],
    guardians: Guardians,
    now: datetime,
) -> Plan:
    """Plan people's first messages: for each person, those of the first round that can reach them.

    Of a child's guardians each is told at once, by the first round that reaches them. ``reasons``: why people have no
    contact.
    """
    rounds, plan = alert.rounds, Plan()
    theirs: dict[int, list[tuple[int, int]]] = {}

    @cache
    def way(usable: frozenset[int]) -> tuple[int | None, int | None, PersonState]:
        """Return the first round for people with these channels, the next, and the state in which no round follows."""
        first = next_round(rounds, -1, usable, PersonState.PENDING)
        if first is None or now >= alert.escalates_until:
            return first, None, PersonState.ACKNOWLEDGED
        return first, next_round(rounds, first, usable, PersonState.PENDING), enough(rounds, first, usable)

    for each in subscriber_ids:
        person = plan.people[each] = Person(each, PersonState.PENDING, 0, 0)
        first, person.next_round, person.enough = way(frozenset(channel for _, channel in reachable.get(each, ())))
        if first is None:
            person.reasons = pack([Why(reasons.get(each, Reason.NO_CONTACT))])
            person.settle()
        else:
            theirs[each] = in_round(reachable[each], rounds[first].channels)
            if each in guardians:
                theirs[each] = _of_each(reachable[each], guardians[each], rounds)
    await assign(unit, alert, plan, theirs, now)
    return plan


async def untold(unit: Unit, alert: Alert, theirs: Contacts) -> Contacts:
    """Return these contacts without those by which their people were told."""
    told = {tuple(row) for row in await unit.conn.execute(_TOLD, {"alert_id": alert.id, "ids": list(theirs)})}
    return {who: [each for each in found if (who, each[0]) not in told] for who, found in theirs.items()}


def _of_each(
    theirs: Sequence[tuple[int, int]], guardians: Mapping[int, int], rounds: Sequence[Round]
) -> list[tuple[int, int]]:
    """Return the contacts by which each guardian, and the child, is told first."""
    by: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for contact in theirs:
        by[guardians.get(contact[0], 0)].append(contact)
    found: list[tuple[int, int]] = []
    for each in by.values():
        first = next_round(rounds, -1, {channel for _, channel in each}, PersonState.PENDING)
        found += [] if first is None else in_round(each, rounds[first].channels)
    return found


def in_round(theirs: Sequence[tuple[int, int]], channels: Collection[str]) -> list[tuple[int, int]]:
    """Return a person's contacts of these channels."""
    return [each for each in theirs if CHANNELS[each[1]] in channels]


async def assign(unit: Unit, alert: Alert, plan: Plan, theirs: Contacts, now: datetime) -> None:
    """Plan a delivery to each of these contacts; an existing delivery to a contact is shared.

    Counts them in the ``plan``'s people.
    """
    contact_ids = [contact_id for each in theirs.values() for contact_id, _ in each]
    taken: dict[int, tuple[DeliveryState, Reason | None, str | None]] = {}
    if contact_ids:
        # Locked until commit: an outcome recorded meanwhile would miss the new sharers and leave them pending for ever.
        taken = {
            row.contact_id: (DeliveryState(row.state), row.reason, row.code)
            for row in await unit.conn.execute(_TAKEN, {"alert_id": alert.id, "ids": contact_ids})
        }
    allowed = await budgets.allowance(unit, alert, now)
    for subscriber_id, contact_list in theirs.items():
        person = plan.people[subscriber_id]
        failed = unpack(person.reasons)
        for contact_id, channel in contact_list:
            there = taken.get(contact_id)
            if there is None and allowed.get(channel, 1) <= 0:
                taken[contact_id] = (DeliveryState.CANCELLED, Reason.BUDGET, None)
                plan.over_budget.append((channel, subscriber_id, contact_id))
                failed.append(Why(Reason.BUDGET, CHANNELS[channel]))
            elif there is None:
                if channel in allowed:
                    allowed[channel] -= 1
                taken[contact_id] = (DeliveryState.QUEUED, None, None)
                plan.by_channel[channel].append((subscriber_id, contact_id))
                person.pending += 1
            else:
                state, reason, code = there
                plan.shared.append((contact_id, subscriber_id))
                if state.failure:
                    failed.append(Why(reason or state.reason, CHANNELS[channel], code))
                person.pending += int(state is DeliveryState.QUEUED)
                person.held += int(state.held)
                person.settle(state)
        person.reasons = pack(failed)
        person.settle()


async def write(unit: Unit, alert: Alert, plan: Plan, batch_sizes: Mapping[int, int], now: datetime) -> None:
    """Write and announce the planned deliveries in batches, and write the shares. ``batch_sizes``: by channel."""
    batched: list[tuple[int | str, int]] = []
    for channel, everyone in sorted(plan.by_channel.items()):
        size = batch_sizes[channel]
        for again in (False, True):
            pairs = [pair for pair in everyone if (pair[0] in plan.told) is again]
            for start in range(0, len(pairs), size):
                batch = Batch(new_id(), alert.id, CHANNELS[channel], alert.rank, again=again)
                await _write_batch(unit, alert, batch, pairs[start : start + size], now)
                batched.append((f"{batch.channel}:{batch.id}", alert.rank))
    await unit.publish_many("batch", batched)
    at = to_micros(now)
    why = int(DeliveryState.CANCELLED), 0, at, at, str(Reason.BUDGET)
    stopped = [(alert.id, who, contact_id, channel, 0, *why) for channel, who, contact_id in plan.over_budget]
    await _INSERT_STOPPED.run(unit, stopped)
    shared = [{"alert_id": alert.id, "contact_id": contact, "subscriber_id": who} for contact, who in plan.shared]
    if shared:
        await unit.conn.execute(shares.insert(), shared)


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
            again=batch.again,
        )
    )
    how = CHANNEL_NUMBER[batch.channel], batch.id, 0, 0, to_micros(now)
    await _INSERT_DELIVERIES.run(unit, [(alert.id, *pair, *how) for pair in pairs])
