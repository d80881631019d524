"""Test messages that people ask for, and other proof that alerts reach them.

A contact is proven when its device shows a push, its owner says that a test came, or a provider reports that an alert
was delivered there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, literal_column, or_, select, update

from broadcaster.domain.escalation import PAID
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, PUSH, ChannelName, ContactStatus
from broadcaster.domain.words import Worded
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people.contacts import FORGOTTEN, open_address
from broadcaster.store.tables import alerts, contacts, deliveries, follows, links, opt_outs, subscribers, trials

PROOF_HOLDS = timedelta(days=91)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class State(Worded):
    """``SENT``: a provider has it. ``PROVEN``: it arrived. ``MISSED``: its owner says that it did not."""

    SENDING = 0
    SENT = 1
    PROVEN = 2
    MISSED = 3
    FAILED = 4


@dataclass(frozen=True, slots=True)
class Trial:
    """``code``: why it failed. ``at``: when it was asked for."""

    id: int
    contact_id: int
    channel: ChannelName
    state: State
    code: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Target:
    """A contact of a subscriber that can be written to."""

    contact_id: int
    channel: ChannelName
    address: str


@dataclass(frozen=True, slots=True)
class TrialCounts:
    """Tests of one contact in the last minutes, of one person in a day, and paid ones: of a person, of a station."""

    contact: int
    person_day: int
    person_paid_day: int
    station_paid_hour: int


async def targets(unit: Unit, subscriber_id: int, station_id: int) -> list[Target]:
    """Return a subscriber's contacts that work, without those that opted out of the station."""
    rows = await unit.conn.execute(
        select(contacts.c.id, contacts.c.channel, contacts.c.fingerprint, contacts.c.sealed)
        .join(links, links.c.contact_id == contacts.c.id)
        .where(
            links.c.subscriber_id == subscriber_id,
            contacts.c.status == ContactStatus.ACTIVE,
            contacts.c.sealed != FORGOTTEN,
            contacts.c.id.not_in(select(opt_outs.c.contact_id).where(opt_outs.c.station_id == station_id)),
        )
        .order_by(contacts.c.id)
    )
    return [Target(row.id, CHANNELS[row.channel], open_address(unit, row.fingerprint, row.sealed)) for row in rows]


async def counted(unit: Unit, subscriber_id: int, contact_id: int, station_id: int, now: datetime) -> TrialCounts:
    """Count recent tests; concurrent counts are serialized."""
    await unit.in_turn("trials")
    of, paid = trials.c, trials.c.channel.in_([CHANNEL_NUMBER[each] for each in PAID])

    async def number(*where: ColumnElement[bool]) -> int:
        return await unit.conn.scalar(select(func.count()).select_from(trials).where(*where)) or 0

    mine = of.subscriber_id == subscriber_id, of.created_at > now - _DAY
    return TrialCounts(
        contact=await number(of.contact_id == contact_id, of.created_at > now - timedelta(minutes=2)),
        person_day=await number(*mine),
        person_paid_day=await number(*mine, paid),
        station_paid_hour=await number(of.station_id == station_id, of.created_at > now - _HOUR, paid),
    )


async def begin(unit: Unit, subscriber_id: int, station_id: int, target: Target, now: datetime) -> Trial:
    """Store a test that is about to be sent."""
    whose = {"subscriber_id": subscriber_id, "station_id": station_id, "contact_id": target.contact_id}
    values = {"channel": CHANNEL_NUMBER[target.channel], "state": State.SENDING, "created_at": now}
    return _trial((await unit.conn.execute(trials.insert().values(whose | values).returning(trials))).one())


async def settle(unit: Unit, trial_id: int, state: State, code: str | None = None) -> None:
    """Record the provider's result, unless the receiver has already answered."""
    mine = trials.c.id == trial_id, trials.c.state == State.SENDING
    await unit.conn.execute(update(trials).where(*mine).values(state=state, code=code and code[:60]))


async def answer(
    unit: Unit, trial_id: int, now: datetime, *, came: bool, subscriber_id: int | None = None
) -> Trial | None:
    """Record whether a test came; None if it is unknown. ``subscriber_id``: its owner; None: a device reports it."""
    mine = trials.c.id == trial_id
    if subscriber_id is not None:
        mine &= trials.c.subscriber_id == subscriber_id
    values = {"state": State.PROVEN if came else State.MISSED, "answered_at": now}
    row = (await unit.conn.execute(update(trials).where(mine).values(values).returning(trials))).one_or_none()
    return None if row is None else _trial(row)


async def latest(unit: Unit, subscriber_id: int) -> list[Trial]:
    """Return the last test of each contact."""
    newest = select(func.max(trials.c.id)).where(trials.c.subscriber_id == subscriber_id).group_by(trials.c.contact_id)
    return [_trial(row) for row in await unit.conn.execute(select(trials).where(trials.c.id.in_(newest)))]


async def unproven(unit: Unit, station_id: int, now: datetime) -> int:
    """Count followers of a station without any proof within ``PROOF_HOLDS`` that alerts reach them."""
    since = now - PROOF_HOLDS
    recent = select(alerts.c.id).where(alerts.c.sent_at > since)
    delivered = select(deliveries.c.contact_id).where(
        deliveries.c.alert_id.in_(recent), deliveries.c.delivered_at.is_not(None)
    )
    tested = select(trials.c.contact_id).where(trials.c.state == State.PROVEN, trials.c.answered_at > since)
    proven = select(links.c.subscriber_id).where(or_(links.c.contact_id.in_(delivered), links.c.contact_id.in_(tested)))
    confirmed = select(subscribers.c.id).where(subscribers.c.unconfirmed_at.is_(None))
    query = select(func.count()).where(
        follows.c.station_id == station_id,
        follows.c.subscriber_id.in_(confirmed),
        follows.c.subscriber_id.not_in(proven),
        # People who signed up themselves proved a contact: a code came, or a push was shown.
        or_(follows.c.registered.is_not(None), follows.c.created_at <= since),
    )
    return await unit.conn.scalar(query) or 0


@dataclass(frozen=True, slots=True)
class LostTrial:
    """A person whose push subscription died, and a contact by which to tell them."""

    contact_id: int
    subscriber_id: int
    station_id: int
    locale: str
    by: Target


async def take_lost(unit: Unit, now: datetime, limit: int) -> list[LostTrial]:
    """Return, only once each, the people whose push subscriptions are all dead, with their cheapest contact."""
    due = await unit.conn.execute(
        select(
            contacts.c.id, links.c.subscriber_id, subscribers.c.locale, func.min(follows.c.station_id).label("station")
        )
        .join(links, links.c.contact_id == contacts.c.id)
        .join(subscribers, subscribers.c.id == links.c.subscriber_id)
        .join(follows, follows.c.subscriber_id == subscribers.c.id)
        .where(_is_lost(now))
        .group_by(contacts.c.id, links.c.subscriber_id, subscribers.c.locale)
        .order_by(contacts.c.id)
        .limit(limit)
    )
    rows = due.all()
    found = [lost for row in rows if (lost := await _told_by(unit, row)) is not None]
    taken = {row.id for row in rows}
    if taken:
        await unit.conn.execute(update(contacts).where(contacts.c.id.in_(taken)).values(told_at=now))
    return found


async def is_lost(unit: Unit, now: datetime) -> bool:
    """Return whether ``take_lost`` would return anybody."""
    return await unit.conn.scalar(select(contacts.c.id).where(_is_lost(now)).limit(1)) is not None


def _is_lost(now: datetime) -> ColumnElement[bool]:
    """Condition: dead for an hour, so that a browser that renewed its subscription has had time to report it.

    Written so that planners take the index of the few dead contacts; SQLite's would read all of the channel instead.
    """
    at = contacts.c.status_at
    return (
        (contacts.c.status == literal_column(str(int(ContactStatus.GONE))))
        & (contacts.c.channel + 0 == PUSH)
        & (at > now - 3 * _DAY)
        & (at <= now - _HOUR)
        & or_(contacts.c.told_at.is_(None), contacts.c.told_at < at)
    )


async def _told_by(unit: Unit, row: Any) -> LostTrial | None:
    there = {each.channel: each for each in reversed(await targets(unit, row.subscriber_id, row.station))}
    by = there.get(ChannelName.EMAIL) or there.get(ChannelName.SMS)
    if by is None or ChannelName.PUSH in there:
        return None
    return LostTrial(row.id, row.subscriber_id, row.station, row.locale, by)


def _trial(row: Row[Any]) -> Trial:
    return Trial(row.id, row.contact_id, CHANNELS[row.channel], State(row.state), row.code, row.created_at)
