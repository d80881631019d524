"""What a confirmed code shows for an hour: what a station's list says about the person who typed it."""

from datetime import datetime

from sqlalchemy import select

from broadcaster.domain.people import CHANNELS, NewContact
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import listed
from broadcaster.store.people.confirmations import State
from broadcaster.store.stations.stations import hash_of
from broadcaster.store.tables import confirmations


async def contact_of(unit: Unit, secret: str, subscriber_id: int) -> NewContact | None:
    """Return the contact by which this secret's code was given back, while it is theirs."""
    of = confirmations.c
    mine = select(of.channel, of.fingerprint).where(of.secret_hash == hash_of(secret), of.state == State.SHOWN)
    row = (await unit.conn.execute(mine)).one_or_none()
    if row is None:
        return None
    return await listed.proven_by(unit, subscriber_id, CHANNELS[row.channel], row.fingerprint)


async def holder(unit: Unit, secret: str, now: datetime) -> tuple[int, int] | None:
    """Return (subscriber, station) of who proved that a list is about them, for an hour; (0, station) if it is not.

    None for any other secret. Looked up each time: the person may have lost the contact meanwhile, or be on a register
    of vulnerable people.
    """
    of = confirmations.c
    mine = select(of.subscriber_id, of.station_id, of.channel, of.fingerprint).where(
        of.secret_hash == hash_of(secret), of.state == State.SHOWN, of.expires_at > now
    )
    row = (await unit.conn.execute(mine)).one_or_none()
    if row is None:
        return None
    if row.subscriber_id is None:
        return 0, row.station_id
    proven = CHANNELS[row.channel], row.fingerprint
    still = await listed.still_open(unit, row.station_id, row.subscriber_id, *proven)
    return (row.subscriber_id if still else 0), row.station_id
