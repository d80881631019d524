"""People written into a database of an older migration, with the columns that it had: today's code knows newer ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from broadcaster.domain.people import CHANNEL_NUMBER, ContactStatus, LinkStatus
from broadcaster.store import tables
from tests.contract.stores import NOW

if TYPE_CHECKING:
    from broadcaster.domain.people import NewContact
    from broadcaster.store import Unit


async def add_station(unit: Unit) -> int:
    """Add a station as the first migrations have it; return its id."""
    await unit.conn.execute(insert(tables.stations).values(
        id=1, slug="laigle", name="L'Aigle", kind="authority", languages=["fr"], margin_m=1000.0, region="FR",
        created_at=NOW,
    ))  # fmt: skip
    return 1


async def add_person(unit: Unit, station_id: int, subscriber_id: int, external_id: str = "", **columns: Any) -> None:
    """Add a person of a station's register. ``columns``: further ones of ``subscribers``."""
    row = {"id": subscriber_id, "locale": "fr", "token_hash": token_hash(subscriber_id), "created_at": NOW, **columns}
    await unit.conn.execute(insert(tables.subscribers).values(row))
    follow = {"station_id": station_id, "subscriber_id": subscriber_id, "registered": 1, "created_at": NOW}
    if external_id:
        mark = unit.vault.fingerprint(f"external {station_id}", external_id)
        follow |= {"external_mark": mark, "external": unit.vault.seal(external_id.encode(), b"external:" + mark)}
    await unit.conn.execute(insert(tables.follows).values(follow))


async def add_contact(unit: Unit, contact_id: int, contact: NewContact, owners: list[int], **columns: Any) -> None:
    """Add a contact in the spelling of ``contact.canonical``. ``columns``: further ones of ``contacts``."""
    mark = unit.vault.fingerprint(contact.channel, contact.canonical)
    row = {"id": contact_id, "channel": CHANNEL_NUMBER[contact.channel], "fingerprint": mark, "created_at": NOW}
    sealed = unit.vault.seal(contact.address.encode(), b"contact:" + mark)
    await unit.conn.execute(
        insert(tables.contacts).values({"status": ContactStatus.ACTIVE, **row, "sealed": sealed, **columns})
    )
    for each in owners:
        link = {"subscriber_id": each, "contact_id": contact_id, "status": LinkStatus.CONFIRMED, "created_at": NOW}
        await unit.conn.execute(insert(tables.links).values(link))


def token_hash(subscriber_id: int) -> bytes:
    return b"%032d" % subscriber_id
