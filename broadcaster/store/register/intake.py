"""Bulk import of subscribers: rows are prepared outside (``preparing``), then written in one short transaction.

A list of 100,000 lines must appear whole or not at all, without delaying an alert. So ids are reserved first, the
costly work (sealing, fingerprints) is done with them, and the transaction only inserts. An abandoned list leaves
nothing but unused ids.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    Delete,
    Insert,
    Row,
    Table,
    Update,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    null,
    select,
    text,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError

from broadcaster.domain.addresses import Address, AddressState
from broadcaster.domain.consents import Consent
from broadcaster.domain.people import ContactStatus, LinkStatus
from broadcaster.domain.refusals import Conflict
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import consents, seals, suppression, told_first
from broadcaster.store.people.addresses import row_of
from broadcaster.store.people.contacts import CHUNK, FORGOTTEN, Key, adopt, drop_orphans, open_address, revive
from broadcaster.store.register import vulnerable as vulnerable_register
from broadcaster.store.register.preparing import Rows
from broadcaster.store.tables import (
    FORGOTTEN_ONLY,
    GONE_ONLY,
    addresses,
    changes,
    contacts,
    follows,
    links,
    memberships,
    places,
    stations,
    subscribers,
    to_micros,
)

Write = Insert | Update | Delete


async def listed(unit: Unit, station_id: int) -> int:
    """Count the station's followers with an external id, which come from a list."""
    counted = await unit.conn.scalar(select(func.count(follows.c.external)).where(follows.c.station_id == station_id))
    return counted or 0


async def open_one(unit: Unit) -> bool:
    """Open one sealed contact to check the key; return False if there are none. Raises ``SealBroken``."""
    known = select(contacts.c.fingerprint, contacts.c.sealed).where(func.length(contacts.c.sealed) > len(FORGOTTEN))
    row = (await unit.conn.execute(known.limit(1))).one_or_none()
    if row is None:
        return False
    open_address(unit, row.fingerprint, row.sealed)
    return True


async def write(
    unit: Unit,
    station_id: int,
    prepared: Iterable[Rows],
    *,
    groups_by_slug: Mapping[str, int],
    now: datetime,
    consent: Consent | None = None,
) -> None:
    """Write prepared rows. Contacts count as confirmed; opt-outs and positions stay.

    Dead contacts are revived, as in ``store.contacts.ensure``. An existing push subscription keeps its keys: lists hold
    none. Raises ``Conflict`` if one of the external ids was added meanwhile, or somebody asked to be left out.
    """
    found = await unit.conn.scalar(select(stations.c.id).where(stations.c.id == station_id))
    if found is None:
        raise Conflict("station-gone")
    dead, forgotten = await _known(unit, GONE_ONLY), await _known(unit, FORGOTTEN_ONLY)
    dropped: set[int] = set()
    act = await consents.of_list(unit, station_id, consent, now)
    try:
        for rows in prepared:
            if await suppression.listed(unit, station_id, rows.marks):
                raise Conflict("register-changed")  # they asked to be left out since the list was planned
            forgotten |= await adopt(unit, rows.spelled)
            await _write(unit, station_id, rows, now, groups_by_slug=groups_by_slug, act=act)
            dropped.update(row["a_contact"] for row in rows.unlinked)
            keys = {(row["a_channel"], row["a_fingerprint"]) for row in rows.contacts}
            revived = [*rows.revived, *(dead[key] for key in keys & dead.keys())]
            await revive(unit, revived, now)
            await consents.renew(unit, act, station_id, revived)
            for row in rows.contacts:
                known = forgotten.get((row["a_channel"], row["a_fingerprint"]))
                if known is not None:
                    await unit.conn.execute(
                        update(contacts).where(contacts.c.id == known).values(sealed=row["a_sealed"])
                    )
        # Last, since a number that one person gave up may be added for another some batches later.
        ordered = sorted(dropped)
        for start in range(0, len(ordered), CHUNK):
            await drop_orphans(unit, ordered[start : start + CHUNK])
        await unit.publish("people", 0)
    except IntegrityError as error:
        raise Conflict("register-changed") from error


async def _known(unit: Unit, which: str) -> dict[Key, int]:
    """Return the ids of contacts that a partial index holds: those found dead, or deleted ones with an opt-out."""
    query = select(contacts.c.id, contacts.c.channel, contacts.c.fingerprint).where(text(which))
    return {(row.channel, row.fingerprint): row.id for row in await unit.conn.execute(query)}


async def put_address(unit: Unit, station_id: int, subscriber_id: int, address: Address) -> None:
    """Write a person's address, to be looked up; the home of the one before stays until then."""
    row = row_of(unit.vault, station_id, subscriber_id, address, AddressState.WAITING)
    await unit.conn.execute(_CHANGE_ADDRESS, row)
    await unit.conn.execute(_ADD_ADDRESS, row)


async def _write(
    unit: Unit, station_id: int, rows: Rows, now: datetime, *, groups_by_slug: Mapping[str, int], act: int | None
) -> None:
    await _many(unit, _ADD_SUBSCRIBER, rows.added, now)
    await _many(unit, _FOLLOW, rows.followed, now)
    await _rewrite(unit, station_id, rows, now)
    await _many(unit, _UNLINK, rows.unlinked, now)
    await _many(unit, _ADD_CONTACT, rows.contacts, now)
    await _many(unit, _LINK, [{**row, "a_consent": act} for row in rows.links], now)
    await _many(unit, _REGROUP, rows.regrouped, now)
    await _many(unit, _MOVE_OUT, rows.moved, now)
    await _many(unit, _ADD_PLACE, rows.places, now)
    await _many(unit, _LEAVE_HOME, rows.homeless, now)
    await _many(unit, _DROP_ADDRESS, rows.homeless, now)
    await _many(unit, _CHANGE_ADDRESS, rows.addresses, now)
    await _many(unit, _ADD_ADDRESS, rows.addresses, now)
    await _many(unit, _LEAVE, rows.left, now)
    member = [{"a_group": groups_by_slug[slug], "a_subscriber": each} for slug, each in rows.memberships]
    await _many(unit, _JOIN, member, now)
    touched = [{"a_subscriber": row["a_subscriber"]} for row in (*rows.added, *rows.rewritten)]
    await unit.in_turn("changes")
    await _many(unit, _TOUCH, touched, now)
    await vulnerable_register.follow_list(unit, station_id, dict(rows.enrolled), now)


async def _many(unit: Unit, statement: Write, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Run ``statement`` for each of ``rows``.

    On SQLite straight through the driver: SQLAlchemy's parameter processing would hold the writer's lock four times as
    long. So all values must be ints, texts and bytes, which need no processing.
    """
    if not rows:
        return
    if unit.conn.dialect.name != "sqlite":
        await unit.conn.execute(statement, [{**row, "a_now": now} for row in rows])
        return
    sql, names, constants = _driven(statement)
    fixed = {**constants, "a_now": to_micros(now)}
    values = [tuple(row[name] if name in row else fixed[name] for name in names) for row in rows]
    await unit.conn.exec_driver_sql(sql, values)


@cache
def _driven(statement: Write) -> tuple[str, list[str], dict[str, Any]]:
    """Return a statement as SQLite's driver takes it, the order of its parameters, and the fixed ones."""
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"))
    return str(compiled), list(compiled.positiontup or ()), dict(compiled.params)


async def _rewrite(unit: Unit, station_id: int, rows: Rows, now: datetime) -> None:
    """Write names, languages and flags of changed people, and their new line digests."""
    changed = [row["a_subscriber"] for row in rows.rewritten]
    known: dict[int, Row[Any]] = {}
    for start in range(0, len(changed), CHUNK):
        columns = [subscribers.c[name] for name in ("id", "token_hash", "locale", "name", "vulnerable", "guardians")]
        part = select(*columns).where(subscribers.c.id.in_(changed[start : start + CHUNK]))
        known.update({row.id: row for row in await unit.conn.execute(part)})
    if len(known) != len(changed):
        raise Conflict("register-changed")
    values = [_kept(unit, row, known[row["a_subscriber"]]) for row in rows.rewritten]
    await _many(unit, _RENAME, values, now)
    marks = [
        {"a_subscriber": row["a_subscriber"], "a_digest": row["a_digest"], "a_station": station_id}
        for row in rows.rewritten
    ]
    await _many(unit, _MARK, marks, now)


def _kept(unit: Unit, row: Mapping[str, Any], known: Row[Any]) -> dict[str, Any]:
    name, vulnerable, guardians = known.name, known.vulnerable, known.guardians
    if row["a_name"] is not None:
        name = seals.sealed_name(unit.vault, known.token_hash, row["a_name"])
    if row["a_vulnerable"] is not None:
        vulnerable = told_first.sealed(unit.vault, known.token_hash, first=row["a_vulnerable"])
    if row["a_guardians"] is not None:
        guardians = seals.sealed_guardians(unit.vault, known.token_hash, row["a_guardians"])
    return {
        "a_subscriber": row["a_subscriber"],
        "a_locale": known.locale if row["a_locale"] is None else row["a_locale"],
        "a_name": name,
        "a_guardians": guardians,
        "a_vulnerable": vulnerable,
    }


def _bound(name: str, column: Column[Any]) -> BindParameter[Any]:
    return bindparam(name, type_=column.type)


def _add(table: Table, **columns: str) -> Insert:
    """An insert with the given parameter names, by column."""
    return insert(table).values({name: _bound(to, table.c[name]) for name, to in columns.items()})


_ADD_SUBSCRIBER = _add(
    subscribers,
    id="a_subscriber",
    locale="a_locale",
    name="a_name",
    guardians="a_guardians",
    token_hash="a_token",  # noqa: S106  a parameter's name
    vulnerable="a_vulnerable",
    created_at="a_now",
)
_FOLLOW = _add(
    follows,
    station_id="a_station",
    subscriber_id="a_subscriber",
    external_mark="a_mark",
    external="a_external",
    digest="a_digest",
    created_at="a_now",
).values(registered=1)
_ADD_PLACE = _add(places, subscriber_id="a_subscriber", sealed="a_sealed", created_at="a_now")
_HOME = (addresses.c.station_id == bindparam("a_station")) & (addresses.c.subscriber_id == bindparam("a_subscriber"))
_LEAVE_HOME = delete(places).where(
    places.c.subscriber_id == bindparam("a_subscriber"), places.c.id.in_(select(addresses.c.place_id).where(_HOME))
)
_DROP_ADDRESS = delete(addresses).where(_HOME)
_CHANGE_ADDRESS = (
    update(addresses)
    .where(_HOME)
    .values(
        mark=bindparam("a_mark"),
        sealed=bindparam("a_sealed"),
        state=bindparam("a_state"),
        score=null(),
        found=null(),
        tries=literal_column("0"),
    )
)
_ADD_ADDRESS = insert(addresses).from_select(
    ["station_id", "subscriber_id", "mark", "sealed", "state", "tries"],
    select(
        _bound("a_station", addresses.c.station_id),
        _bound("a_subscriber", addresses.c.subscriber_id),
        _bound("a_mark", addresses.c.mark),
        _bound("a_sealed", addresses.c.sealed),
        _bound("a_state", addresses.c.state),
        literal_column("0"),
    ).where(~exists(select(addresses.c.subscriber_id).where(_HOME))),
)
_JOIN = _add(memberships, group_id="a_group", subscriber_id="a_subscriber")
_UNLINK = delete(links).where(
    links.c.subscriber_id == bindparam("a_subscriber"), links.c.contact_id == bindparam("a_contact")
)
_REGROUP = (
    update(links)
    .where(links.c.subscriber_id == bindparam("a_subscriber"), links.c.contact_id == bindparam("a_contact"))
    .values(guardian=bindparam("a_guardian"))
)
_MOVE_OUT = delete(places).where(places.c.subscriber_id == bindparam("a_subscriber"))
_LEAVE = delete(memberships).where(
    memberships.c.group_id == bindparam("a_group"), memberships.c.subscriber_id == bindparam("a_subscriber")
)
_TOUCH = _add(changes, subscriber_id="a_subscriber")
_SAME = (contacts.c.channel == bindparam("a_channel")) & (contacts.c.fingerprint == bindparam("a_fingerprint"))
_ADD_CONTACT = insert(contacts).from_select(
    ["channel", "fingerprint", "sealed", "status", "created_at"],
    select(
        _bound("a_channel", contacts.c.channel),
        _bound("a_fingerprint", contacts.c.fingerprint),
        _bound("a_sealed", contacts.c.sealed),
        literal_column(str(int(ContactStatus.ACTIVE))),
        _bound("a_now", contacts.c.created_at),
    ).where(~exists(select(contacts.c.id).where(_SAME))),
)
_LINK = insert(links).from_select(
    ["subscriber_id", "contact_id", "guardian", "consent_id", "status", "created_at"],
    select(
        _bound("a_subscriber", links.c.subscriber_id),
        contacts.c.id,
        _bound("a_guardian", links.c.guardian),
        _bound("a_consent", links.c.consent_id),
        literal_column(str(int(LinkStatus.CONFIRMED))),
        _bound("a_now", links.c.created_at),
    ).where(_SAME),
)
_RENAME = (
    update(subscribers)
    .where(subscribers.c.id == bindparam("a_subscriber"))
    .values(
        locale=bindparam("a_locale"),
        name=bindparam("a_name"),
        guardians=bindparam("a_guardians"),
        vulnerable=bindparam("a_vulnerable"),
    )
)
_MARK = (
    update(follows)
    .where(follows.c.station_id == bindparam("a_station"), follows.c.subscriber_id == bindparam("a_subscriber"))
    .values(digest=bindparam("a_digest"))
)
