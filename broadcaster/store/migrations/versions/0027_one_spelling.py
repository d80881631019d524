"""Mail addresses and ids of registers in one normal form: contacts are merged, people never.

Of two contacts that are one mailbox the links and every opt-out go to one of them; who was stopped stays so. Ids that
are the same now keep their old mark, and ``follows.same_id_as`` names the other person, for an operator to decide.
"""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

from broadcaster.domain.people import CHANNEL_NUMBER, ChannelName, ContactStatus
from broadcaster.domain.spelling import key, plain
from broadcaster.store.engine.sealing import Vault

revision = "0027"
down_revision = "0026"

_contacts = sa.table("contacts", *map(sa.column, ("id", "channel", "fingerprint", "sealed", "status")))
_links = sa.table("links", *map(sa.column, ("subscriber_id", "contact_id", "status", "created_at")))
_opt_outs = sa.table("opt_outs", *map(sa.column, ("station_id", "contact_id", "at")))
_changes = sa.table("changes", sa.column("subscriber_id"))
_follows = sa.table(
    "follows", *map(sa.column, ("station_id", "subscriber_id", "external_mark", "external", "same_id_as"))
)


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("follows", sa.Column("same_id_as", number, nullable=True))
    vault: Vault | None = context.config.attributes.get("vault")
    if vault is not None:
        _respell_contacts(op.get_bind(), vault)
        _respell_ids(op.get_bind(), vault)


def _respell_contacts(connection: Any, vault: Vault) -> None:
    mail = CHANNEL_NUMBER[ChannelName.EMAIL]
    known = _contacts.c.channel == mail
    rows = connection.execute(sa.select(_contacts).where(known).order_by(_contacts.c.id)).all()
    by_print = {bytes(row.fingerprint): row.id for row in rows}
    status = {row.id: row.status for row in rows}
    for row in rows:
        if not row.sealed:
            continue  # only an opt-out is left of it; store.contacts.adopt knows its old spelling
        address = vault.open(bytes(row.sealed), b"contact:" + bytes(row.fingerprint)).decode()
        mark = vault.fingerprint(ChannelName.EMAIL, key(address))
        if mark == bytes(row.fingerprint):
            continue
        keep = by_print.get(mark)
        if keep is None:
            by_print[mark] = row.id
            sealed = vault.seal(address.encode(), b"contact:" + mark)
            connection.execute(
                sa.update(_contacts).where(_contacts.c.id == row.id).values(fingerprint=mark, sealed=sealed)
            )
        else:
            status[keep] = _merge(connection, keep, row.id, (status[keep], row.status))


def _merge(connection: Any, keep: int, lose: int, statuses: tuple[int, int]) -> int:
    """Return all that one contact has to another, and delete it; return the status of what is left."""
    for table, other in ((_links, "subscriber_id"), (_opt_outs, "station_id")):
        there = sa.select(table.c[other]).where(table.c.contact_id == keep)
        theirs = (table.c.contact_id == lose) & table.c[other].not_in(there)
        connection.execute(sa.update(table).where(theirs).values(contact_id=keep))
        connection.execute(sa.delete(table).where(table.c.contact_id == lose))
    stopped, active = int(ContactStatus.STOPPED), int(ContactStatus.ACTIVE)
    status = stopped if stopped in statuses else active if active in statuses else statuses[0]
    connection.execute(sa.update(_contacts).where(_contacts.c.id == keep).values(status=status))
    connection.execute(sa.delete(_contacts).where(_contacts.c.id == lose))
    owners = sa.select(_links.c.subscriber_id).where(_links.c.contact_id == keep)
    connection.execute(sa.insert(_changes).from_select(["subscriber_id"], owners))
    return status


def _respell_ids(connection: Any, vault: Vault) -> None:
    marked = _follows.c.external_mark.is_not(None)
    order = _follows.c.station_id, _follows.c.subscriber_id
    rows = connection.execute(sa.select(_follows).where(marked).order_by(*order)).all()
    owners = {(row.station_id, bytes(row.external_mark)): row.subscriber_id for row in rows}
    for row in rows:
        if row.external is None:
            continue
        old = bytes(row.external_mark)
        external_id = vault.open(bytes(row.external), b"external:" + old).decode()
        mark = vault.fingerprint(f"external {row.station_id}", key(external_id))
        if mark == old:
            continue
        owner = owners.get((row.station_id, mark))
        values: dict[str, Any] = {"same_id_as": owner}
        if owner is None:
            owners[row.station_id, mark] = row.subscriber_id
            sealed = vault.seal(plain(external_id).encode(), b"external:" + mark)
            values = {"external_mark": mark, "external": sealed}
        theirs = (_follows.c.station_id == row.station_id) & (_follows.c.subscriber_id == row.subscriber_id)
        connection.execute(sa.update(_follows).where(theirs).values(values))
