"""Stations, their groups and the keys of those who may act for them."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, cast, func, null, select, update

from broadcaster.domain.stations import Caller, Role, Station, StationKind
from broadcaster.store.tables import api_keys, follows, groups, memberships, stations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from broadcaster.store.engine import Unit

_KEY_BYTES = 24


def _station(row: Row[Any]) -> Station:
    return Station(
        id=row.id,
        slug=row.slug,
        name=row.name,
        kind=StationKind(row.kind),
        languages=tuple(row.languages),
        boundary=row.boundary,
        margin_m=row.margin_m,
        region=row.region,
        insee=row.insee,
        lon=row.lon,
        lat=row.lat,
        email=row.email,
        phone=row.phone,
        sea=row.sea,
    )


async def add(unit: Unit, fields: Mapping[str, Any], now: datetime) -> Station | None:
    """Add a station; None if its slug is taken. ``fields`` are those of ``Station`` but its id."""
    taken = await unit.conn.scalar(select(stations.c.id).where(stations.c.slug == fields["slug"]))
    if taken is not None:
        return None
    row = {**fields, "languages": list(fields["languages"]), "kind": str(fields["kind"]), "created_at": now}
    await unit.conn.execute(stations.insert().values(row))
    return await by_slug(unit, fields["slug"])


async def change(unit: Unit, station_id: int, fields: Mapping[str, Any]) -> None:
    """Change what is given of a station, and nothing else: never its territory, of which processes keep an index."""
    if not fields.keys().isdisjoint({"boundary", "kind"}):
        message = "a station's territory does not change"
        raise ValueError(message)
    row = {name: list(value) if name == "languages" else value for name, value in fields.items()}
    await unit.conn.execute(update(stations).where(stations.c.id == station_id).values(row))


async def without_sea(unit: Unit) -> list[int]:
    """Return the ids of the stations with a territory for which nobody looked for the sea yet."""
    rows = await unit.conn.scalars(
        select(stations.c.id)
        .where(stations.c.sea.is_(None), stations.c.boundary.is_not(None), cast(stations.c.boundary, Text) != "null")
        .order_by(stations.c.id)
    )
    return list(rows)


async def by_slug(unit: Unit, slug: str) -> Station | None:
    row = (await unit.conn.execute(select(stations).where(stations.c.slug == slug))).one_or_none()
    return None if row is None else _station(row)


async def by_id(unit: Unit, station_id: int) -> Station | None:
    row = (await unit.conn.execute(select(stations).where(stations.c.id == station_id))).one_or_none()
    return None if row is None else _station(row)


async def by_ids(unit: Unit, ids: Iterable[int]) -> list[Station]:
    """Give the stations of these ids, a few, those that are there."""
    wanted = list(ids)
    if not wanted:
        return []
    rows = await unit.conn.execute(select(stations).where(stations.c.id.in_(wanted)).order_by(stations.c.id))
    return [_station(row) for row in rows]


async def ids_after(unit: Unit, station_id: int) -> list[int]:
    """Give the ids above ``station_id``, ascending."""
    return list(
        await unit.conn.scalars(select(stations.c.id).where(stations.c.id > station_id).order_by(stations.c.id))
    )


async def boundaries(unit: Unit, ids: Sequence[int], kind: StationKind) -> dict[int, str]:
    """Give the boundaries, as written (GeoJSON, or null), of those of these stations that are of a kind."""
    rows = await unit.conn.execute(
        select(stations.c.id, cast(stations.c.boundary, Text))
        .where(stations.c.id.in_(ids), stations.c.kind == str(kind), stations.c.boundary.is_not(None))
        .order_by(stations.c.id)
    )
    return {row[0]: row[1] for row in rows if row[1] is not None}


async def all_stations(unit: Unit) -> list[Station]:
    rows = await unit.conn.execute(select(stations).order_by(stations.c.slug))
    return [_station(row) for row in rows]


async def listed(unit: Unit) -> list[Station]:
    """Give all stations as a list needs them: without their boundaries, which are nearly all there is to read."""
    shapes = ("boundary", "sea")
    columns = [null().label(each.name) if each.name in shapes else each for each in stations.c]
    rows = await unit.conn.execute(select(*columns).order_by(stations.c.slug))
    return [_station(row) for row in rows]


async def followers_count(unit: Unit, station_id: int) -> int:
    found = await unit.conn.scalar(select(func.count()).select_from(follows).where(follows.c.station_id == station_id))
    return found or 0


async def group_ids(unit: Unit, station_id: int) -> dict[str, int]:
    """Give the station's groups: slug to id."""
    rows = await unit.conn.execute(select(groups.c.slug, groups.c.id).where(groups.c.station_id == station_id))
    return {row.slug: row.id for row in rows}


async def groups_by_id(unit: Unit, ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Give (station id, slug) by group id."""
    rows = await unit.conn.execute(
        select(groups.c.id, groups.c.station_id, groups.c.slug).where(groups.c.id.in_(list(ids)))
    )
    return {row.id: (row.station_id, row.slug) for row in rows}


async def group_list(unit: Unit, station_id: int) -> list[tuple[str, str, int]]:
    """Give (slug, name, number of members) of each of the station's groups."""
    rows = await unit.conn.execute(
        select(groups.c.slug, groups.c.name, func.count(memberships.c.subscriber_id).label("members"))
        .outerjoin(memberships, memberships.c.group_id == groups.c.id)
        .where(groups.c.station_id == station_id)
        .group_by(groups.c.id, groups.c.slug, groups.c.name)
        .order_by(groups.c.slug)
    )
    return [(row.slug, row.name, row.members) for row in rows]


async def ensure_groups(unit: Unit, station_id: int, names: Mapping[str, str]) -> dict[str, int]:
    """Add those groups (slug to name) that the station lacks; give all of its groups, slug to id."""
    known = await group_ids(unit, station_id)
    missing = [
        {"station_id": station_id, "slug": slug, "name": name} for slug, name in names.items() if slug not in known
    ]
    if missing:
        await unit.conn.execute(groups.insert(), missing)
        known = await group_ids(unit, station_id)
    return known


async def add_key(unit: Unit, role: Role, station_id: int | None, label: str, now: datetime) -> str:
    """Make an API key and give it, this once; only its hash is kept (it is 192 random bits: no salt is needed)."""
    key = "tk_" + secrets.token_urlsafe(_KEY_BYTES)
    await unit.conn.execute(
        api_keys.insert().values(station_id=station_id, role=str(role), label=label, hash=hash_of(key), created_at=now)
    )
    return key


async def caller_of(unit: Unit, key: str) -> Caller | None:
    """Give whoever holds ``key``; None if it is unknown or revoked."""
    row = (
        await unit.conn.execute(
            select(api_keys.c.id, api_keys.c.role, api_keys.c.station_id).where(
                api_keys.c.hash == hash_of(key), api_keys.c.revoked_at.is_(None)
            )
        )
    ).one_or_none()
    return None if row is None else Caller(row.id, Role(row.role), row.station_id)


async def key_holds(unit: Unit, key_id: int) -> bool:
    """Tell whether a key is there and not revoked."""
    return (
        await unit.conn.scalar(select(api_keys.c.id).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None)))
    ) is not None


async def keys(unit: Unit) -> list[Any]:
    """Give every key's id, role, station's slug (or None), label, created_at and revoked_at."""
    rows = await unit.conn.execute(
        select(
            api_keys.c.id,
            api_keys.c.role,
            stations.c.slug,
            api_keys.c.label,
            api_keys.c.created_at,
            api_keys.c.revoked_at,
        )
        .outerjoin(stations, stations.c.id == api_keys.c.station_id)
        .order_by(api_keys.c.id)
    )
    return list(rows.all())


async def revoke_key(unit: Unit, key_id: int, now: datetime) -> bool:
    """End a key; False if there is none of that id that still holds."""
    done = await unit.conn.execute(
        update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    return done.rowcount == 1


def hash_of(secret: str) -> bytes:
    """Give the SHA-256 of a random secret, which is what the store knows of it."""
    return hashlib.sha256(secret.encode()).digest()
