"""Where each person stands in an alert, kept in step with the deliveries to them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, tuple_, update

from broadcaster.domain.deliveries import DeliveryState, Outcome, Person, PersonState
from broadcaster.domain.latency import bucket
from broadcaster.store import counting
from broadcaster.store.tables import recipients, shares

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from broadcaster.domain.people import ChannelName
    from broadcaster.store.engine import Unit

_WHY_LIMIT = 200

_UPDATE = (
    update(recipients)
    .where(recipients.c.alert_id == bindparam("b_alert"), recipients.c.subscriber_id == bindparam("b_id"))
    .values(
        {name: bindparam(f"b_{name}") for name in ("state", "pending", "held", "why", "accepted_at", "delivered_at")}
    )
)


@dataclass(frozen=True, slots=True)
class Move:
    """A delivery went from one state to another."""

    alert_id: int
    subscriber_id: int
    contact_id: int
    channel: ChannelName
    old: DeliveryState
    new: DeliveryState
    outcome: Outcome


def with_failure(why: str, channel: ChannelName, state: DeliveryState, code: str | None) -> str:
    """Give why a person was not reached, with one more failure; as it is where ``state`` is none."""
    if not state.failure:
        return why
    said = f"{channel} {state.word} ({code})" if code else f"{channel} {state.word}"
    return (f"{why}; {said}" if why else said)[:_WHY_LIMIT]


@dataclass(slots=True)
class _Standing:
    person: Person
    before: PersonState
    since_at: datetime
    accepted_at: datetime | None
    delivered_at: datetime | None

    def take(self, move: Move) -> Iterable[tuple[str, int]]:
        """Take over a move; give (measure, bucket) for each step that the person is the first time at."""
        self.person.moved(move.old, move.new)
        self.person.why = with_failure(self.person.why, move.channel, move.new, move.outcome.code)
        at = move.outcome.at
        spent = bucket((at - self.since_at).total_seconds())
        if move.new.held and self.accepted_at is None:
            self.accepted_at = at
            yield counting.ACCEPTED, spent
        if move.new >= DeliveryState.DELIVERED and self.delivered_at is None:
            self.delivered_at = at
            yield counting.DELIVERED, spent


_Key = tuple[int, int]


async def move_people(unit: Unit, moves: Sequence[Move], deltas: Counter[tuple[int, str, int]]) -> None:
    """Let the people whom ``moves`` concern take them over, and add to ``deltas`` what that changes in the sums."""
    if not moves:
        return
    sharers = await _sharers(unit, moves)
    there = await _load(unit, moves, sharers)
    latencies: Counter[tuple[int, str, int]] = Counter()
    for move in moves:
        for each in (move.subscriber_id, *sharers.get((move.alert_id, move.contact_id), ())):
            standing = there.get((move.alert_id, each))
            if standing is not None:
                latencies.update((move.alert_id, measure, number) for measure, number in standing.take(move))
    for (alert_id, _), standing in there.items():
        if standing.person.state is not standing.before:
            deltas[alert_id, counting.PEOPLE, standing.before] -= 1
            deltas[alert_id, counting.PEOPLE, standing.person.state] += 1
    await unit.conn.execute(
        _UPDATE,
        [
            {
                "b_alert": alert_id,
                "b_id": each,
                "b_state": int(standing.person.state),
                "b_pending": standing.person.pending,
                "b_held": standing.person.held,
                "b_why": standing.person.why,
                "b_accepted_at": standing.accepted_at,
                "b_delivered_at": standing.delivered_at,
            }
            for (alert_id, each), standing in there.items()
        ],
    )
    await counting.add_latencies(unit, latencies)


async def _sharers(unit: Unit, moves: Sequence[Move]) -> dict[_Key, list[int]]:
    """Give, by (alert, contact), who else is reached by it."""
    found: defaultdict[_Key, list[int]] = defaultdict(list)
    keys = {(move.alert_id, move.contact_id) for move in moves}
    for row in await unit.conn.execute(select(shares).where(tuple_(shares.c.alert_id, shares.c.contact_id).in_(keys))):
        found[row.alert_id, row.contact_id].append(row.subscriber_id)
    return found


async def _load(unit: Unit, moves: Sequence[Move], sharers: Mapping[_Key, Sequence[int]]) -> dict[_Key, _Standing]:
    concerned: defaultdict[int, set[int]] = defaultdict(set)
    for move in moves:
        others = sharers.get((move.alert_id, move.contact_id), ())
        concerned[move.alert_id].update((move.subscriber_id, *others))
    found: dict[_Key, _Standing] = {}
    for alert_id, subscriber_ids in sorted(concerned.items()):
        for row in await unit.conn.execute(
            select(recipients)
            .where(recipients.c.alert_id == alert_id, recipients.c.subscriber_id.in_(subscriber_ids))
            .order_by(recipients.c.subscriber_id)
            .with_for_update()
        ):
            state = PersonState(row.state)
            person = Person(row.subscriber_id, state, row.pending, row.held, row.why)
            found[alert_id, row.subscriber_id] = _Standing(
                person, state, row.since_at, row.accepted_at, row.delivered_at
            )
    return found
