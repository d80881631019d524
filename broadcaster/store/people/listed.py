"""Who proves by a code that they hold a contact of a station's list sees what the station keeps of them, for an hour.

A contact alone does not do: households share telephones. The name that they give must be that of exactly one person of
the list with this contact; somebody without a name must be alone with it. A contact that several people of the list
have opens only the data of who has no other. Guardians' contacts do not open a child's data, and people on a register
of vulnerable people ask at the counter. Only who has no other contact, and shares this one with nobody, erases
themselves so.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select

from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, PHONES, ChannelName, LinkStatus, NewContact
from broadcaster.domain.spelling import searched
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.people import seals, told_first
from broadcaster.store.tables import confirmations, contacts, follows, links, subscribers

OPEN_FOR = timedelta(hours=1)
MOST_SHARED_TRIES = 20
"""Attempts at one code, by all requests that share it: else each had five of its own."""
_NO_STATION = 0


async def find(unit: Unit, station_id: int, contact: NewContact, name: str) -> int | None:
    """Return the person of the station's list with this contact and name; None unless there is exactly one."""
    holders = await _holders(unit, station_id, contact)
    here = [row for row in holders if row.registered and row.guardian is None and row.status == LinkStatus.CONFIRMED]
    wanted = _compared(name)
    named = {
        row.id for row in here if wanted and _compared(seals.open_name(unit.vault, row.token_hash, row.name)) == wanted
    }
    alone = {row.id for row in here if row.name is None and len({each.id for each in holders}) == 1}
    found = named or alone
    (who,) = found if len(found) == 1 else (None,)
    if who is None or not await _is_open(unit, station_id, who):
        return None
    together = len({row.id for row in holders if row.registered}) > 1
    return None if together and len(await _reached_at(unit, who)) > 1 else who


async def still_open(unit: Unit, station_id: int, subscriber_id: int, channel: ChannelName, mark: bytes) -> bool:
    """Return whether what was proven holds: they have the contact with this mark, and are where ``find`` looks."""
    proven = await proven_by(unit, subscriber_id, channel, mark)
    return proven is not None and await _is_open(unit, station_id, subscriber_id)


async def proven_by(unit: Unit, subscriber_id: int, channel: ChannelName, mark: bytes) -> NewContact | None:
    """Return the contact of theirs with this mark."""
    held = await _contacts(unit, subscriber_id)
    found = (each for each in held if unit.vault.fingerprint(channel, each.canonical) == mark)
    mine = next(found, None)
    return None if mine is None else NewContact(channel, mine.canonical, mine.address)


async def erases_nobody_else(unit: Unit, subscriber_id: int) -> bool:
    """Return whether one contact, which nobody shares, is all that reaches a person.

    Else somebody of their household, who answers one telephone, could cut them off from alerts on another.
    """
    held = await _reached_at(unit, subscriber_id)
    if len(held) != 1:
        return False
    (only,) = held.values()
    return {row.id for row in await _holders(unit, _NO_STATION, only)} == {subscriber_id}


async def _reached_at(unit: Unit, subscriber_id: int) -> dict[str, NewContact]:
    """Return a person's contacts, a number by SMS and by call once."""
    return {each.canonical: each for each in await _contacts(unit, subscriber_id)}


async def is_guessed(unit: Unit, code_of: int, since: datetime) -> bool:
    """Return whether those who share a code have tried so often that somebody may be guessing it."""
    theirs = confirmations.c.code_of == code_of, confirmations.c.created_at > since
    return (await unit.conn.scalar(select(func.sum(confirmations.c.tries)).where(*theirs)) or 0) > MOST_SHARED_TRIES


async def _contacts(unit: Unit, subscriber_id: int) -> list[NewContact]:
    query = select(contacts).join(links, links.c.contact_id == contacts.c.id)
    rows = await unit.conn.execute(query.where(links.c.subscriber_id == subscriber_id))
    return [
        contact_rows.kept(CHANNELS[row.channel], contact_rows.open_address(unit, row.fingerprint, row.sealed))
        for row in rows
        if row.sealed != contact_rows.FORGOTTEN
    ]


async def _is_open(unit: Unit, station_id: int, subscriber_id: int) -> bool:
    """Return whether a person is on the station's list, and on no register of vulnerable people."""
    row = (
        await unit.conn.execute(
            select(subscribers.c.token_hash, subscribers.c.vulnerable)
            .join(follows, follows.c.subscriber_id == subscribers.c.id)
            .where(
                subscribers.c.id == subscriber_id, follows.c.station_id == station_id, follows.c.registered.is_not(None)
            )
        )
    ).one_or_none()
    return row is not None and not told_first.opened(unit.vault, row.token_hash, row.vulnerable)


async def _holders(unit: Unit, station_id: int, contact: NewContact) -> list[Any]:
    """Return all who have a contact, at whichever station; a number is the same for SMS and calls."""
    channels = PHONES if contact.channel in PHONES else (contact.channel,)
    marks = [unit.vault.fingerprint(each, contact.canonical) for each in channels]
    here = and_(follows.c.subscriber_id == subscribers.c.id, follows.c.station_id == station_id)
    query = (
        select(
            *(subscribers.c[name] for name in ("id", "name", "token_hash")),
            *(links.c[name] for name in ("guardian", "status")),
            follows.c.registered,
        )
        .join(links, links.c.subscriber_id == subscribers.c.id)
        .join(contacts, contacts.c.id == links.c.contact_id)
        .outerjoin(follows, here)
        .where(contacts.c.channel.in_([CHANNEL_NUMBER[each] for each in channels]), contacts.c.fingerprint.in_(marks))
    )
    return list((await unit.conn.execute(query)).all())


def _compared(name: str | None) -> list[str]:
    """Return the words of a name in any order: lists have the family name first or last, with or without accents."""
    return sorted(searched(name or "").split())
