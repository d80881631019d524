"""Residents' choices: quiet hours, and per station the least severity and topics."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, and_, bindparam, delete, func, or_, select, text, update

from broadcaster.domain.alerts import Alert, Severity
from broadcaster.domain.stations import TOPICS
from broadcaster.domain.timing import Timing, TopicChoice, Wishes
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Fetch
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rounding import rounded
from broadcaster.store.tables import follows, stations, subscribers, topic_choices, topic_shares
from schedules import QuietHours, next_time

DIGEST_AT = 18 * 60
"""Time of digests: minutes from midnight in the station's zone."""

_STATION: BindParameter[int] = bindparam("station_id")
_CHOSEN = (
    select(
        subscribers.c.id,
        subscribers.c.quiet_from,
        subscribers.c.quiet_to,
        subscribers.c.zone,
        follows.c.least,
        topic_choices.c.choice,
    )
    .outerjoin(follows, and_(follows.c.subscriber_id == subscribers.c.id, follows.c.station_id == _STATION))
    .outerjoin(
        topic_choices,
        and_(
            topic_choices.c.subscriber_id == subscribers.c.id,
            topic_choices.c.station_id == _STATION,
            topic_choices.c.topic == bindparam("topic"),
        ),
    )
    .where(
        or_(
            subscribers.c.quiet_from.is_not(None),
            subscribers.c.zone.is_not(None),
            follows.c.least.is_not(None),
            topic_choices.c.choice.is_not(None),
        )
    )
)
_OF_PEOPLE = Fetch(_CHOSEN.where(among(subscribers.c.id, "ids")))
_THEIR_CHOICES = _CHOSEN.selected_columns[1:]
_BY_CHOICE = (
    _CHOSEN.with_only_columns(func.count(), *_THEIR_CHOICES)
    .where(follows.c.station_id == _STATION)
    .group_by(*_THEIR_CHOICES)
)

How = tuple[Timing, "datetime | None"]


async def timings(
    unit: Unit, alert: Alert, subscriber_ids: Sequence[int], usual: Wishes, now: datetime
) -> dict[int, How]:
    """Return, for those of these people who do not get an alert now, how they get it and when."""

    @cache
    def how(wishes: Wishes) -> How:
        heard, until = wishes.timing_of(alert, now)
        return heard, next_time(DIGEST_AT, now, ZoneInfo(usual.zone)) if heard is Timing.DIGEST else until

    given = {"station_id": alert.station_id, "topic": alert.topic or "", "ids": subscriber_ids}
    found = dict.fromkeys(subscriber_ids, how(usual))
    found |= {row[0]: how(_wishes(row, usual)) for row in await _OF_PEOPLE.rows(unit, given)}
    return {each: heard for each, heard in found.items() if heard[0] is not Timing.NOW}


async def chosen(unit: Unit, station_id: int, topic: str, usual: Wishes) -> Counter[Wishes]:
    """Count a station's followers by the choices they made, among those who made any."""
    rows = await unit.conn.execute(_BY_CHOICE, {"station_id": station_id, "topic": topic})
    found: Counter[Wishes] = Counter()
    for row in rows:
        found[_wishes(row, usual)] += row[0]
    return found


def _wishes(row: Sequence[Any], usual: Wishes) -> Wishes:
    _, begin, end, zone, least, choice = row
    return Wishes(
        usual.quiet if begin is None else QuietHours(begin, end),
        zone or usual.zone,
        None if least is None else Severity(least),
        None if choice is None else TopicChoice(choice),
    )


class Followed(NamedTuple):
    """A follower's choices for one station; ``topics``: all of the station's, names by slug."""

    least: Severity
    topics: Mapping[str, str]
    choices: Mapping[str, TopicChoice]


async def of_follower(unit: Unit, subscriber_id: int) -> dict[str, Followed]:
    """Return a follower's choices by station slug."""
    choices: defaultdict[int, dict[str, TopicChoice]] = defaultdict(dict)
    mine = topic_choices.c.subscriber_id == subscriber_id
    for row in await unit.conn.execute(select(topic_choices).where(mine)):
        choices[row.station_id][row.topic] = TopicChoice(row.choice)
    rows = await unit.conn.execute(
        select(stations.c.id, stations.c.slug, stations.c.topics, follows.c.least)
        .join(follows, follows.c.station_id == stations.c.id)
        .where(follows.c.subscriber_id == subscriber_id)
    )
    return {
        row.slug: Followed(
            Severity(row.least or Severity.MINOR), row.topics or dict.fromkeys(TOPICS, ""), choices[row.id]
        )
        for row in rows
    }


_KEEP_SHARES = text(
    "INSERT INTO topic_shares (station_id, day, topic, followers, muted)"
    " SELECT c.station_id, :day, c.topic, (SELECT count(*) FROM follows f WHERE f.station_id = c.station_id), count(*)"
    " FROM topic_choices c WHERE c.choice = :mute GROUP BY c.station_id, c.topic"
    " ON CONFLICT (station_id, day, topic) DO UPDATE SET followers = excluded.followers, muted = excluded.muted"
)


async def keep_shares(unit: Unit, now: datetime) -> None:
    """Record how many followers of each station mute each topic today (UTC)."""
    await unit.conn.execute(_KEEP_SHARES, {"day": f"{now:%Y-%m-%d}", "mute": int(TopicChoice.MUTE)})


async def shares(unit: Unit, station_id: int) -> dict[str, dict[str, float]]:
    """Return the share of followers muting each topic on each month's last known day, newest first.

    Rounded; without topics that too few mute.
    """
    mine = select(topic_shares).where(topic_shares.c.station_id == station_id)
    rows = await unit.conn.execute(mine.order_by(topic_shares.c.day.desc()))
    last: dict[str, str] = {}
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        month = row.day[:7]
        if last.setdefault(month, row.day) == row.day:
            muted = rounded(unit.vault, row.muted, f"muted {station_id} {row.topic}")
            found[month] |= {row.topic: min(1.0, muted / max(1, row.followers))} if muted else {}
    return found


async def set_quiet(unit: Unit, subscriber_id: int, quiet: QuietHours | None, zone: str | None) -> None:
    """Store a person's quiet hours and zone; None: the service's hours, in the station's zone."""
    values = {"quiet_from": quiet and quiet.begin, "quiet_to": quiet and quiet.end, "zone": zone}
    await unit.conn.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(values))


async def set_of(
    unit: Unit, subscriber_id: int, station_id: int, least: Severity, topics: Mapping[str, TopicChoice]
) -> None:
    """Store a follower's choices for a station."""
    mine = {"station_id": station_id, "subscriber_id": subscriber_id}
    least_wanted = None if least is Severity.MINOR else least
    await unit.conn.execute(update(follows).filter_by(**mine).values(least=least_wanted))
    await unit.conn.execute(delete(topic_choices).filter_by(**mine))
    if topics:
        rows = [{**mine, "topic": topic, "choice": int(choice)} for topic, choice in topics.items()]
        await unit.conn.execute(topic_choices.insert(), rows)
