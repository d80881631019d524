"""Tables of the running service."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from broadcaster.store.tables.columns import Id, Instant, metadata

sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("key_id", Id, ForeignKey("api_keys.id", ondelete="CASCADE"), nullable=False),
    Column("device", String(60), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("trusted", Boolean),  # null: no
    Column("proven_at", Instant),  # null: at its beginning
    Index("ix_sessions_key_id", "key_id"),
)

channel_stops = Table(
    "channel_stops",
    metadata,
    Column("channel", SmallInteger, primary_key=True, autoincrement=False),
    Column("code", String(60), nullable=False),
    Column("detail", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

processes = Table(
    "processes",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("roles", String(80), nullable=False),
    Column("troubles", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("owner", String(40), nullable=False),
    Column("until", Instant, nullable=False),
)

# Appended to only. Ids have no foreign keys: an entry outlives what it tells of.
audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("seq", BigInteger, unique=True),  # null: waits to be chained
    Column("hash", LargeBinary(32)),
    Column("at", Instant, nullable=False),
    Column("station_id", BigInteger),
    Column("actor_kind", String(10), nullable=False),
    Column("actor_id", BigInteger),
    Column("origin", String(50), nullable=False),
    Column("action", String(30), nullable=False),
    Column("about", BigInteger),
    Column("params", Text, nullable=False),
    Column("note", LargeBinary(32)),
    Index("ix_audit_entries_station_id_id", "station_id", "id"),
    Index("ix_audit_entries_waiting", "id", sqlite_where=text("seq IS NULL"), postgresql_where=text("seq IS NULL")),
    Index("ix_audit_entries_action_at", "action", "at"),
    Index("ix_audit_entries_actor_id_id", "actor_id", "id"),
)

# The text of a reason, with the salt of the entry's commitment to it; it can be erased.
audit_notes = Table(
    "audit_notes",
    metadata,
    Column("entry_id", Id, ForeignKey("audit_entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)

# Months of entries that were dropped.
audit_segments = Table(
    "audit_segments",
    metadata,
    Column("last_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("month", String(7), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)
