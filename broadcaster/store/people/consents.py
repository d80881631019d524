"""Proofs of consent: written with the contact in one transaction, read by the person and the station's operators."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, literal, or_, select, text, true, update

from broadcaster.domain.consents import TEXT_VERSION, Consent, Way
from broadcaster.domain.people import CHANNELS, ChannelName
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Insert
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.tables import Instant, consent_texts, consents, contacts, follows, links, to_micros

_COLUMNS = ("subscriber_id", "station_id", "contact_id", "channel", "way", "given", "text_id", "key_id", "at")
_ADD = Insert(consents, *_COLUMNS)
_ADD_TEXT = text(
    "INSERT INTO consent_texts (hash, version, text) VALUES (:hash, :version, :text) ON CONFLICT (hash) DO NOTHING"
)


async def add(
    unit: Unit, station_id: int | None, given: Sequence[tuple[Consent, int, int, int]], now: datetime
) -> None:
    """Record new contacts: for each (consent, subscriber id, contact id, channel number)."""
    texts = {each.text: await _text_id(unit, each.text) for each in {consent for consent, *_ in given}}
    at = to_micros(now)
    rows = [
        (subscriber_id, station_id, contact_id, channel, int(by.way), True, texts[by.text], by.key_id, at)
        for by, subscriber_id, contact_id, channel in given
    ]
    await _ADD.run(unit, rows)


async def note(
    unit: Unit,
    consent: Consent | None,
    contact_ids: Collection[int],
    now: datetime,
    *,
    given: bool,
    subscriber_id: int | None = None,
    station_id: int | None = None,
) -> None:
    """Record an act about contacts, for one person or all who have them; ``station_id``: who follow this station.

    ``given``: they come in, or are wanted again; else they are taken back. ``consent`` None: nobody acted, so
    nothing is recorded.
    """
    if consent is None or not contact_ids:
        return
    text_id = await _text_id(unit, consent.text)
    query = (
        select(
            links.c.subscriber_id,
            literal(station_id, consents.c.station_id.type),
            links.c.contact_id,
            contacts.c.channel,
            literal(int(consent.way), consents.c.way.type),
            literal(given, consents.c.given.type),
            literal(text_id, consents.c.text_id.type),
            literal(consent.key_id, consents.c.key_id.type),
            literal(now, Instant()),
        )
        .join(contacts, contacts.c.id == links.c.contact_id)
        .where(among(links.c.contact_id, "ids"))
        .order_by(links.c.subscriber_id, links.c.contact_id)
    )
    if subscriber_id is not None:
        query = query.where(links.c.subscriber_id == subscriber_id)
    elif station_id is not None:
        here = and_(follows.c.subscriber_id == links.c.subscriber_id, follows.c.station_id == station_id)
        query = query.where(exists().where(here))
    await unit.conn.execute(consents.insert().from_select(_COLUMNS, query), {"ids": list(contact_ids)})


async def of_list(unit: Unit, station_id: int, consent: Consent | None, now: datetime) -> int | None:
    """Record the import of a list; return its id, for ``links.consent_id``."""
    if consent is None:
        return None
    values = {"station_id": station_id, "way": consent.way, "given": True, "key_id": consent.key_id, "at": now}
    made = await unit.conn.execute(consents.insert().values(values).returning(consents.c.id))
    return int(made.scalar_one())


async def renew(unit: Unit, act: int | None, station_id: int, contact_ids: Sequence[int]) -> None:
    """Record that the import ``act`` says of these contacts of a station's people that they work again."""
    here = links.c.subscriber_id.in_(select(follows.c.subscriber_id).where(follows.c.station_id == station_id))
    if contact_ids and act is not None:
        theirs = update(links).where(among(links.c.contact_id, "ids"), here).values(consent_id=act)
        await unit.conn.execute(theirs, {"ids": contact_ids})


async def _text_id(unit: Unit, said: str) -> int | None:
    if not said:
        return None
    mark = hashlib.sha256(f"{TEXT_VERSION}\0{said}".encode()).digest()
    known = select(consent_texts.c.id).where(consent_texts.c.hash == mark)
    number: int | None = await unit.conn.scalar(known)
    if number is not None:
        return number
    await unit.conn.execute(_ADD_TEXT, {"hash": mark, "version": TEXT_VERSION, "text": said})
    return await unit.conn.scalar(known)


@dataclass(frozen=True, slots=True)
class Act:
    """An act about a contact. ``station_id``: about this station only; ``key_id``: who acted for the person."""

    contact_id: int
    channel: ChannelName
    way: Way
    given: bool
    at: datetime
    station_id: int | None
    key_id: int | None
    version: str
    text: str


async def of_person(unit: Unit, subscriber_id: int, station_id: int | None = None) -> list[Act]:
    """Return the acts about a person's contacts, newest first; ``station_id``: without those of other stations."""
    of = consents.c
    said = of.way, of.given, of.at, of.station_id, of.key_id, consent_texts.c.version, consent_texts.c.text
    texts = consents.outerjoin(consent_texts, consent_texts.c.id == of.text_id)
    linked = texts.join(links, links.c.consent_id == of.id).join(contacts, contacts.c.id == links.c.contact_id)
    own = select(of.contact_id, of.channel, *said).select_from(texts).where(of.subscriber_id == subscriber_id)
    lists = select(links.c.contact_id, contacts.c.channel, *said).select_from(linked)
    lists = lists.where(links.c.subscriber_id == subscriber_id)
    here = true() if station_id is None else or_(of.station_id == station_id, of.station_id.is_(None))
    found = [
        of_row(
            Act, row, channel=CHANNELS[row.channel], way=Way(row.way), version=row.version or "", text=row.text or ""
        )
        for query in (own.order_by(of.id.desc()), lists)
        for row in await unit.conn.execute(query.where(here))
    ]
    return sorted(found, key=lambda act: act.at, reverse=True)


def newest(acts: Sequence[Act]) -> Mapping[int, Act]:
    """Return the newest act about each contact; ``acts``: newest first."""
    return {act.contact_id: act for act in reversed(acts)}
