"""The register of vulnerable people, apart from the alert list. Who was flagged there before is taken over."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from broadcaster.domain.people import CHANNEL_NUMBER, ChannelName
from broadcaster.store.engine.sealing import Vault

revision = "0056"
down_revision = "0055"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PHONES = (CHANNEL_NUMBER[ChannelName.VOICE], CHANNEL_NUMBER[ChannelName.SMS])
_subscribers = sa.table("subscribers", *map(sa.column, ("id", "name", "token_hash", "vulnerable", "created_at")))
_follows = sa.table("follows", *map(sa.column, ("station_id", "subscriber_id", "registered")))
_addresses = sa.table("addresses", *map(sa.column, ("station_id", "subscriber_id", "sealed")))
_links = sa.table("links", *map(sa.column, ("subscriber_id", "contact_id")))
_contacts = sa.table("contacts", *map(sa.column, ("id", "channel", "fingerprint", "sealed")))
_entries = sa.table(
    "vulnerable_people", *map(sa.column, ("id", "station_id", "sealed", "person_mark", "person", "confirmed_at"))
)


def upgrade() -> None:
    op.create_table(
        "vulnerable_people",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("station_id", _NUMBER, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("person_mark", sa.LargeBinary(length=16), nullable=True),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("letter_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_vulnerable_people_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vulnerable_people")),
        sa.UniqueConstraint("station_id", "person_mark", name=op.f("uq_vulnerable_people_station_id_person_mark")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_vulnerable_people_person_mark", "vulnerable_people", ["person_mark"])
    op.create_table(
        "vulnerable_grants",
        sa.Column("operator_id", _NUMBER, nullable=False),
        sa.Column("station_id", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"],
            ["operators.id"],
            name=op.f("fk_vulnerable_grants_operator_id_operators"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_vulnerable_grants_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("operator_id", "station_id", name=op.f("pk_vulnerable_grants")),
    )
    vault: Vault | None = context.config.attributes.get("vault")
    if vault is not None:
        _take_over(op.get_bind(), vault)


def _take_over(connection: Any, vault: Vault) -> None:
    number = 0
    for row in connection.execute(sa.select(_subscribers).where(_subscribers.c.vulnerable.is_not(None))).all():
        token = bytes(row.token_hash)
        if vault.open(bytes(row.vulnerable), b"vulnerable:" + token) != b"\1":
            continue
        name = vault.open(bytes(row.name), b"name:" + token).decode() if row.name else ""
        phone = _phone(connection, vault, row.id)
        theirs = sa.select(_follows.c.station_id).where(_follows.c.subscriber_id == row.id, _follows.c.registered == 1)
        for station_id in connection.execute(theirs).scalars().all():
            number += 1
            kept = {"name": name, "born": "", "address": _address(connection, vault, station_id, row.id)}
            kept |= {"phone": phone, "ground": "unknown", "asker": "list", "asked_by": "", "contact": ""}
            of_entry = b"vulnerable entry:%d" % number
            values = {
                "id": number,
                "station_id": station_id,
                "sealed": vault.seal(json.dumps({**kept, "helped_by": ""}).encode(), of_entry),
                "person_mark": vault.fingerprint("vulnerable", str(row.id)),
                "person": vault.seal(b"%d" % row.id, of_entry),
                "confirmed_at": row.created_at,
            }
            connection.execute(_entries.insert().values(values))
    if number and connection.dialect.name == "postgresql":
        sequence = "pg_get_serial_sequence('vulnerable_people', 'id')"
        connection.execute(sa.text(f"SELECT setval({sequence}, :n)"), {"n": number})


def _phone(connection: Any, vault: Vault, subscriber_id: int) -> str:
    query = (
        sa.select(_contacts)
        .join(_links, _links.c.contact_id == _contacts.c.id)
        .where(_links.c.subscriber_id == subscriber_id, _contacts.c.channel.in_(_PHONES))
        .order_by(_contacts.c.channel, _contacts.c.id)
    )
    for row in connection.execute(query):
        if row.sealed:
            return vault.open(bytes(row.sealed), b"contact:" + bytes(row.fingerprint)).decode()
    return ""


def _address(connection: Any, vault: Vault, station_id: int, subscriber_id: int) -> str:
    theirs = (_addresses.c.station_id == station_id) & (_addresses.c.subscriber_id == subscriber_id)
    sealed = connection.execute(sa.select(_addresses.c.sealed).where(theirs)).scalar()
    if not sealed:
        return ""
    street, postcode, city = json.loads(vault.open(bytes(sealed), b"address:%d" % subscriber_id))
    return ", ".join(part for part in (street, f"{postcode} {city}".strip()) if part)
