"""Each person's state and sums in an alert, updated with their deliveries."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from broadcaster.domain.deliveries import CHOSEN, DeliveryState, Outcome, Person, PersonState
from broadcaster.domain.latency import bucket
from broadcaster.domain.people import CHANNELS, PUSH
from broadcaster.domain.reasons import Why, pack, unpack
from broadcaster.store.alerts import counting, escalations
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Fetch, Update
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import from_micros, raw, recipients, shares, to_micros

_SHARERS = select(shares.c.contact_id, shares.c.subscriber_id).where(
    shares.c.alert_id == bindparam("alert_id"), among(shares.c.contact_id, "ids")
)
_TIMES = ("accepted_at", "delivered_at", "unconfirmed", "next_round")
_READ = ("subscriber_id", "state", "pending", "held", "reasons", "since_at", *_TIMES, "enough")
_LOAD = Fetch(
    select(*(raw(recipients.c[name]) for name in _READ))
    .where(recipients.c.alert_id == bindparam("alert_id"), among(recipients.c.subscriber_id, "ids"))
    .order_by(recipients.c.subscriber_id)
    .with_for_update()
)
_UPDATE = Update(recipients, ("alert_id", "subscriber_id"), ("state", "pending", "held", "reasons", *_TIMES))
_WAKE = (
    update(recipients)
    .where(recipients.c.alert_id == bindparam("of_alert"), among(recipients.c.subscriber_id, "ids"))
    .where(recipients.c.wait_until.is_not(None))
    .values(wait_until=None)
)
_STATES = {int(state): state for state in PersonState}


class Move(NamedTuple):
    """A delivery's change of state; ``channel`` is its number."""

    alert_id: int
    subscriber_id: int
    contact_id: int
    channel: int
    old: DeliveryState
    new: DeliveryState
    outcome: Outcome


@dataclass(slots=True)
class _Standing:
    person: Person
    before: PersonState
    since_at: int
    accepted_at: int | None
    delivered_at: int | None
    unconfirmed: bool
    subject: str
    followed: bool

    def take(self, move: Move, latencies: Counter[tuple[int, str, int]]) -> None:
        """Apply a move, and record the latency of each step reached for the first time."""
        self.person.moved(move.old, move.new)
        if move.channel == PUSH and move.new >= DeliveryState.DISPLAYED:
            self.unconfirmed = False  # as ``store.people.welcomes`` records it from now on
        if not move.new.held:
            if move.new.failure:
                failed = Why(move.outcome.reason or move.new.reason, CHANNELS[move.channel], move.outcome.code)
                self.person.reasons = pack([*unpack(self.person.reasons), failed])
            return
        self._seen(move.alert_id, to_micros(move.outcome.at), latencies, surely=move.new >= DeliveryState.DELIVERED)

    def acknowledge(self, alert_id: int, at: int, latencies: Counter[tuple[int, str, int]]) -> None:
        """Record that the person confirmed the alert, regardless of the state of its messages."""
        self.person.settle(DeliveryState.ACKNOWLEDGED)
        self._seen(alert_id, at, latencies, surely=True)

    def _seen(self, alert_id: int, at: int, latencies: Counter[tuple[int, str, int]], *, surely: bool) -> None:
        spent = bucket((at - self.since_at) / 1e6)
        if self.accepted_at is None:
            self.accepted_at = at
            latencies[alert_id, counting.ACCEPTED, spent] += not self.unconfirmed
        if surely and self.delivered_at is None:
            self.delivered_at = at
            latencies[alert_id, counting.DELIVERED, spent] += not self.unconfirmed


_Key = tuple[int, int]


async def move_people(unit: Unit, moves: Sequence[Move], deltas: Counter[tuple[int, str, int]]) -> None:
    """Apply ``moves`` to the people they concern, and add the changes in the sums to ``deltas``."""
    if not moves:
        return
    sharers = await _sharers(unit, moves)
    there = await _load(unit, moves, sharers)
    latencies: Counter[tuple[int, str, int]] = Counter()
    for move in moves:
        for each in (move.subscriber_id, *sharers.get((move.alert_id, move.contact_id), ())):
            standing = there.get((move.alert_id, each))
            if standing is not None:
                standing.take(move, latencies)
    await _write(unit, there, deltas)
    await counting.add_latencies(unit, latencies)
    await _move_on(unit, there, moves[-1].outcome.at)


async def acknowledge(unit: Unit, alert_ids: Collection[int], subscriber_ids: Collection[int], now: datetime) -> None:
    """Record that these people confirmed these alerts, and end their quiet-hours waits.

    Those who are no recipients or chose not to be are ignored.
    """
    if not subscriber_ids:
        return
    concerned = {alert_id: set(subscriber_ids) for alert_id in alert_ids}
    there = {
        key: each
        for key, each in (await _load_all(unit, concerned)).items()
        if each.person.state not in CHOSEN and each.person.state < PersonState.ACKNOWLEDGED
    }
    latencies: Counter[tuple[int, str, int]] = Counter()
    deltas: Counter[tuple[int, str, int]] = Counter()
    asleep: defaultdict[int, list[int]] = defaultdict(list)
    for (alert_id, each), standing in there.items():
        if standing.person.state is PersonState.PENDING and standing.person.pending == 0:
            asleep[alert_id].append(each)
        standing.acknowledge(alert_id, to_micros(now), latencies)
    for alert_id, ids in asleep.items():
        woken = await unit.conn.execute(_WAKE, {"of_alert": alert_id, "ids": ids})
        deltas[alert_id, counting.WAITING, 1] -= woken.rowcount
    await _write(unit, there, deltas)
    await counting.add(unit, deltas)
    await counting.add_latencies(unit, latencies)


async def follow_no_more(unit: Unit, alert_ids: Collection[int], subscriber_ids: Collection[int]) -> None:
    """Take no further step of these alerts for these people; what was sent to them stays as it is."""
    there = await _load_all(unit, {alert_id: set(subscriber_ids) for alert_id in alert_ids})
    there = {key: each for key, each in there.items() if each.followed}
    for each in there.values():
        each.person.next_round = None
        each.person.settle()
    deltas: Counter[tuple[int, str, int]] = Counter()
    await _write(unit, there, deltas)
    await counting.add(unit, deltas)


async def _write(unit: Unit, there: "Mapping[_Key, _Standing]", deltas: Counter[tuple[int, str, int]]) -> None:
    for (alert_id, _), standing in there.items():
        subject = counting.people(unconfirmed=standing.unconfirmed)
        if (standing.person.state, subject) != (standing.before, standing.subject):
            deltas[alert_id, standing.subject, standing.before] -= 1
            deltas[alert_id, subject, standing.person.state] += 1
        if (standing.person.next_round is not None) != standing.followed:
            deltas[alert_id, counting.FOLLOWING, 0] += -1 if standing.followed else 1
    await _UPDATE.run(
        unit,
        [
            (
                int(standing.person.state),
                standing.person.pending,
                standing.person.held,
                standing.person.reasons,
                standing.accepted_at,
                standing.delivered_at,
                standing.unconfirmed,
                standing.person.next_round,
                alert_id,
                each,
            )
            for (alert_id, each), standing in there.items()
        ],
    )


async def _move_on(unit: Unit, there: "Mapping[_Key, _Standing]", now: datetime) -> None:
    """Start the next round at once for people whom nothing sent so far can reach."""
    failed: defaultdict[int, defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    began_at: dict[int, int] = {}
    for (alert_id, subscriber_id), standing in there.items():
        number = standing.person.next_round
        if number is not None and standing.person.all_failed:
            failed[alert_id][number].append(subscriber_id)
            began_at[alert_id] = min(standing.since_at, began_at.get(alert_id, standing.since_at))
    for alert_id, people in failed.items():
        await escalations.plan_now(unit, alert_id, people, from_micros(began_at[alert_id]), now)


async def _sharers(unit: Unit, moves: Sequence[Move]) -> dict[_Key, list[int]]:
    """Return, by (alert, contact), the other people who share that contact."""
    contacts: defaultdict[int, set[int]] = defaultdict(set)
    for move in moves:
        contacts[move.alert_id].add(move.contact_id)
    found: defaultdict[_Key, list[int]] = defaultdict(list)
    for alert_id, ids in contacts.items():
        for contact_id, subscriber_id in await unit.conn.execute(_SHARERS, {"alert_id": alert_id, "ids": ids}):
            found[alert_id, contact_id].append(subscriber_id)
    return found


async def _load(unit: Unit, moves: Sequence[Move], sharers: Mapping[_Key, Sequence[int]]) -> dict[_Key, _Standing]:
    concerned: defaultdict[int, set[int]] = defaultdict(set)
    for move in moves:
        others = sharers.get((move.alert_id, move.contact_id), ())
        concerned[move.alert_id].update((move.subscriber_id, *others))
    return await _load_all(unit, concerned)


async def _load_all(unit: Unit, concerned: Mapping[int, Collection[int]]) -> dict[_Key, _Standing]:
    """Lock and return the standings by (alert, subscriber); ``concerned``: subscribers by alert."""
    found: dict[_Key, _Standing] = {}
    for alert_id, ids in sorted(concerned.items()):
        rows = await _LOAD.rows(unit, {"alert_id": alert_id, "ids": sorted(ids)})
        for subscriber_id, number, pending, held, reasons, since_at, *rest in rows:
            accepted_at, delivered_at, waits, following, least = rest
            state, unconfirmed = _STATES[number], bool(waits)
            person = Person(
                subscriber_id, state, pending, held, reasons, following, _STATES[least or PersonState.ACKNOWLEDGED]
            )
            subject = counting.people(unconfirmed=unconfirmed)
            found[alert_id, subscriber_id] = _Standing(
                person, state, since_at, accepted_at, delivered_at, unconfirmed, subject, following is not None
            )
    return found
