"""Stations, groups and API keys."""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    null,
    or_,
    select,
    true,
    update,
)

from broadcaster.domain.alerts import Severity
from broadcaster.domain.escalation import from_json, read_budgets
from broadcaster.domain.permissions import Caller, KeyRole, Permission, caller_with_key
from broadcaster.domain.refusals import Refused
from broadcaster.domain.spelling import group_slug
from broadcaster.domain.stations import TOPICS, Station, StationKind
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.numbering import reserve
from broadcaster.store.engine.rounding import rounded
from broadcaster.store.engine.rows import of_row
from broadcaster.store.stations.labels import open_group, open_label, sealed_group, sealed_label
from broadcaster.store.tables import (
    OPERATOR,
    alerts,
    api_keys,
    audit_entries,
    follows,
    groups,
    memberships,
    schedules,
    stations,
    subscribers,
    topic_choices,
)

_KEY_BYTES = 24


@dataclass(frozen=True, slots=True)
class Key:
    """An API key without its secret. ``slug``: its station's; None for all stations.

    ``actions``: the permissions that it is limited to; empty: all of its role. ``used_at``: its last use, to the hour.
    ``made_by``: the operator who made it in the console; None: the command line, or nobody knows.
    """

    id: int
    role: str
    slug: str | None
    label: str
    created_at: datetime
    revoked_at: datetime | None
    expires_at: datetime | None
    actions: tuple[str, ...] = ()
    used_at: datetime | None = None
    made_by: int | None = None


def _station(row: Row[Any]) -> Station:
    return of_row(
        Station,
        row,
        kind=StationKind(row.kind),
        languages=tuple(row.languages),
        topics=row.topics or dict.fromkeys(TOPICS, ""),
        policies={Severity(name): from_json(each) for name, each in (row.policies or {}).items()},
        budgets=read_budgets(row.budgets),
    )


async def add(unit: Unit, fields: Mapping[str, Any], now: datetime) -> Station | None:
    """Add a station; None if its slug is taken. ``fields``: those of ``Station`` without id."""
    taken = await unit.conn.scalar(select(stations.c.id).where(stations.c.slug == fields["slug"]))
    if taken is not None:
        return None
    (number,) = await reserve(unit, stations, 1)  # the log and the list of erasures still name a removed station's
    row = {**fields, "languages": list(fields["languages"]), "kind": str(fields["kind"]), "created_at": now}
    await unit.conn.execute(stations.insert().values(row | {"id": number}))
    return await by_slug(unit, fields["slug"])


async def change(unit: Unit, station_id: int, fields: Mapping[str, Any], *, sure: bool = False) -> None:
    """Change the given fields of a station; never its territory, which processes have indexed.

    Raises ``Refused`` if this would remove a topic that a scheduled alert has (it could not be sent), or, unless
    ``sure``, one that followers made choices about (these end with it).
    """
    if not fields.keys().isdisjoint({"boundary", "kind"}):
        message = "a station's territory does not change"
        raise ValueError(message)
    if "topics" in fields:
        theirs = schedules.c.station_id == station_id, schedules.c.ended_at.is_(None)
        used = {message.get("topic") for message in await unit.conn.scalars(select(schedules.c.message).where(*theirs))}
        if gone := sorted(used - {None, *fields["topics"]}):
            raise Refused("topic-scheduled", "topics", name=gone[0])
        await _end_choices(unit, station_id, fields["topics"], sure=sure)
    row = {name: list(value) if name == "languages" else value for name, value in fields.items()}
    await unit.conn.execute(update(stations).where(stations.c.id == station_id).values(row))


async def _end_choices(unit: Unit, station_id: int, stay: Iterable[str], *, sure: bool) -> None:
    gone = topic_choices.c.station_id == station_id, topic_choices.c.topic.not_in(list(stay))
    chosen = select(topic_choices.c.topic, func.count()).where(*gone).group_by(topic_choices.c.topic)
    for topic, n in await unit.conn.execute(chosen.order_by(topic_choices.c.topic)):
        if not sure and (about := rounded(unit.vault, n, f"chose {station_id} {topic}")):
            raise Refused("topic-chosen", "topics", name=topic, n=about)
    await unit.conn.execute(delete(topic_choices).where(*gone))


async def any_follower(unit: Unit) -> tuple[int | None, list[int]]:
    """Return the id of the first station (None without stations), and that of one of its followers, if it has any."""
    some = select(stations.c.id, follows.c.subscriber_id).outerjoin(follows, follows.c.station_id == stations.c.id)
    row = (await unit.conn.execute(some.order_by(stations.c.id).limit(1))).one_or_none()
    if row is None:
        return None, []
    return row.id, [] if row.subscriber_id is None else [row.subscriber_id]


_BY_SLUG = select(stations).where(stations.c.slug == bindparam("slug"))


async def by_slug(unit: Unit, slug: str) -> Station | None:
    row = (await unit.conn.execute(_BY_SLUG, {"slug": slug})).one_or_none()
    return None if row is None else _station(row)


async def by_id(unit: Unit, station_id: int) -> Station | None:
    row = (await unit.conn.execute(select(stations).where(stations.c.id == station_id))).one_or_none()
    return None if row is None else _station(row)


async def by_ids(unit: Unit, ids: Iterable[int]) -> list[Station]:
    """Return the existing stations among these few ids."""
    wanted = list(ids)
    if not wanted:
        return []
    rows = await unit.conn.execute(select(stations).where(stations.c.id.in_(wanted)).order_by(stations.c.id))
    return [_station(row) for row in rows]


async def ids_after(unit: Unit, station_id: int) -> list[int]:
    """Return the ids above ``station_id``, ascending."""
    query = select(stations.c.id).where(stations.c.id > station_id).order_by(stations.c.id)
    return list(await unit.conn.scalars(query))


async def boundaries(unit: Unit, ids: Sequence[int]) -> dict[int, str]:
    """Return where stations are, by id: the stored boundary (GeoJSON), else a point; without those with neither."""
    rows = await unit.conn.execute(
        select(stations.c.id, cast(stations.c.boundary, Text), stations.c.lon, stations.c.lat)
        .where(stations.c.id.in_(ids))
        .order_by(stations.c.id)
    )
    return {
        number: boundary if boundary not in (None, "null") else f'{{"type":"Point","coordinates":[{lon},{lat}]}}'
        for number, boundary, lon, lat in rows
        if boundary not in (None, "null") or None not in (lon, lat)
    }


async def all_stations(unit: Unit) -> list[Station]:
    rows = await unit.conn.execute(select(stations).order_by(stations.c.slug))
    return [_station(row) for row in rows]


async def listed(unit: Unit) -> list[Station]:
    """Return all stations, without their boundaries, which are most of the data."""
    shapes = ("boundary", "sea")
    columns = [null().label(each.name) if each.name in shapes else each for each in stations.c]
    rows = await unit.conn.execute(select(*columns).order_by(stations.c.slug))
    return [_station(row) for row in rows]


async def followers_count(unit: Unit, station_id: int) -> int:
    """Count a station's confirmed followers."""
    waiting = select(subscribers.c.id).where(subscribers.c.unconfirmed_at.is_not(None))
    query = select(func.count()).select_from(follows).where(follows.c.station_id == station_id)
    return await unit.conn.scalar(query.where(follows.c.subscriber_id.not_in(waiting))) or 0


async def group_ids(unit: Unit, station_id: int) -> dict[str, int]:
    rows = await unit.conn.execute(select(groups).where(groups.c.station_id == station_id))
    return {open_group(unit.vault, row)[0]: row.id for row in rows}


async def groups_by_id(unit: Unit, ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Return (station id, slug) by group id."""
    rows = await unit.conn.execute(select(groups).where(groups.c.id.in_(list(ids))))
    return {row.id: (row.station_id, open_group(unit.vault, row)[0]) for row in rows}


async def group_list(unit: Unit, station_id: int) -> list[tuple[str, str, int]]:
    """Return (slug, name, number of members) of each of the station's groups."""
    rows = await unit.conn.execute(
        select(groups, func.count(memberships.c.subscriber_id).label("members"))
        .outerjoin(memberships, memberships.c.group_id == groups.c.id)
        .where(groups.c.station_id == station_id)
        .group_by(*groups.c)
    )
    return sorted((*open_group(unit.vault, row), row.members) for row in rows)


async def groups_by_name(unit: Unit, station_id: int) -> dict[str, int]:
    """Return the ids of the station's groups by slug, and also by the current slugs of their names.

    A stored slug stays, even if the rule has changed.
    """
    rows = (await unit.conn.execute(select(groups).where(groups.c.station_id == station_id))).all()
    known = {row.id: open_group(unit.vault, row) for row in rows}
    named = {group_slug(name): group_id for group_id, (_, name) in known.items()}
    return named | {slug: group_id for group_id, (slug, _) in known.items()}


async def ensure_groups(unit: Unit, station_id: int, names: Mapping[str, str]) -> dict[str, int]:
    """Add missing groups (names by slug); return all of the station's like ``groups_by_name``."""
    known = await groups_by_name(unit, station_id)
    missing = [sealed_group(unit.vault, station_id, slug, name) for slug, name in names.items() if slug not in known]
    if missing:
        await unit.conn.execute(groups.insert(), missing)
        known = await groups_by_name(unit, station_id)
    return known


async def add_key(
    unit: Unit,
    role: KeyRole,
    station_id: int | None,
    label: str,
    now: datetime,
    *,
    expires_at: datetime | None = None,
    only: Collection[Permission] = (),
    made_by: int | None = None,
) -> str:
    """Create and return an API key; only its hash is stored (192 random bits need no salt).

    ``made_by``: the operator who makes it in the console; None: the command line.
    """
    key = "tk_" + secrets.token_urlsafe(_KEY_BYTES)
    mark = hash_of(key)
    (number,) = await reserve(unit, api_keys, 1)
    await unit.conn.execute(
        api_keys.insert().values(
            id=number,
            station_id=station_id,
            role=str(role),
            label="",
            sealed=sealed_label(unit.vault, mark, label),
            hash=mark,
            created_at=now,
            expires_at=expires_at,
            actions=" ".join(sorted(only)) or None,
            made_by=made_by,
        )
    )
    return key


async def use_key(unit: Unit, key_id: int, now: datetime) -> None:
    await unit.conn.execute(update(api_keys).where(api_keys.c.id == key_id).values(used_at=now))


async def behind_key(unit: Unit, key_id: int) -> int:
    """Return the operator who made this key in the console, else the id itself: an operator's, or a key's."""
    return await unit.conn.scalar(select(api_keys.c.made_by).where(api_keys.c.id == key_id)) or key_id


def holding(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Condition: the key is neither revoked nor expired."""
    return and_(api_keys.c.revoked_at.is_(None), or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now))


_HOLDER = select(api_keys.c.id, api_keys.c.role, api_keys.c.station_id, api_keys.c.actions).where(
    api_keys.c.hash == bindparam("hash"), holding(bindparam("now", type_=api_keys.c.expires_at.type))
)


async def caller_of(unit: Unit, key: str, now: datetime) -> Caller | None:
    """Return the holder of ``key``; None if unknown, expired or revoked."""
    row = (await unit.conn.execute(_HOLDER, {"hash": hash_of(key), "now": now})).one_or_none()
    if row is None:
        return None
    only = None if row.actions is None else frozenset(map(Permission, row.actions.split()))
    return caller_with_key(row.id, KeyRole(row.role), row.station_id, only)


async def valid_keys(unit: Unit, key_ids: Iterable[int], now: datetime) -> set[int]:
    """Return which of these keys exist and are neither expired nor revoked."""
    valid = select(api_keys.c.id).where(api_keys.c.id.in_(list(key_ids)), holding(now))
    return set(await unit.conn.scalars(valid))


async def keys(unit: Unit) -> list[Key]:
    """Return all keys, oldest first."""
    return await _keys(unit, true())


async def keys_that_hold(unit: Unit, now: datetime) -> list[Key]:
    return await _keys(unit, holding(now))


async def _keys(unit: Unit, which: ColumnElement[bool]) -> list[Key]:
    rows = await unit.conn.execute(
        select(api_keys, stations.c.slug)
        .outerjoin(stations, stations.c.id == api_keys.c.station_id)
        .where(api_keys.c.role != OPERATOR, which)
        .order_by(api_keys.c.id)
    )
    return [
        of_row(Key, row, label=open_label(unit.vault, row), actions=tuple((row.actions or "").split())) for row in rows
    ]


async def end_key(unit: Unit, key: str, now: datetime) -> None:
    """End a short-lived key: revoked if an alert or the audit log refers to it, else deleted."""
    mine = api_keys.c.hash == hash_of(key)
    sent = select(alerts.c.id).join(api_keys, api_keys.c.id == alerts.c.key_id).where(mine).limit(1)
    done = select(audit_entries.c.id).join(api_keys, api_keys.c.id == audit_entries.c.actor_id).where(mine).limit(1)
    if await unit.conn.scalar(sent) is None and await unit.conn.scalar(done) is None:
        await unit.conn.execute(delete(api_keys).where(mine))
    else:
        await unit.conn.execute(update(api_keys).where(mine).values(revoked_at=now))


async def revoke_key(unit: Unit, key_id: int, now: datetime) -> bool:
    """Revoke a key; return False if no valid key has that id."""
    holds = api_keys.c.id == key_id, api_keys.c.role != OPERATOR, api_keys.c.revoked_at.is_(None)
    return (await unit.conn.execute(update(api_keys).where(*holds).values(revoked_at=now))).rowcount == 1


def hash_of(secret: str) -> bytes:
    """Return the SHA-256 of a random secret, its stored form."""
    return hashlib.sha256(secret.encode()).digest()
