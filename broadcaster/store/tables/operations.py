"""Tables of the running service."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, SmallInteger, String, Table, Text

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
