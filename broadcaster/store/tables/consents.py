"""Tables of proofs of consent (``domain.consents``)."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, SmallInteger, String, Table, Text

from broadcaster.store.tables.columns import Id, Instant, metadata

# What people agreed to, once for each wording: by language, station and version.
consent_texts = Table(
    "consent_texts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("version", String(20), nullable=False),
    Column("text", Text, nullable=False),
    sqlite_autoincrement=True,
)

# One row for each act, contact and person. The import of a list is one row for all its people, who have no row of their
# own: ``links.consent_id`` points to it. ``station_id``: the act is about this station only.
consents = Table(
    "consents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscriber_id", Id, ForeignKey("subscribers.id", ondelete="CASCADE")),
    Column("station_id", Id, ForeignKey("stations.id", ondelete="CASCADE")),
    Column("contact_id", BigInteger),
    Column("channel", SmallInteger),
    Column("way", SmallInteger, nullable=False),  # domain.consents.Way
    Column("given", Boolean, nullable=False),  # false: taken back
    Column("text_id", Id, ForeignKey("consent_texts.id")),
    Column("key_id", BigInteger),
    Column("at", Instant, nullable=False),
    Index("ix_consents_subscriber_id", "subscriber_id"),
    sqlite_autoincrement=True,
)
