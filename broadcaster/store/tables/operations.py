"""Tables of the running service."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from broadcaster.store.tables.columns import Id, Instant, metadata, set_only, station

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
    Column("earlier_hash", LargeBinary(32)),  # of the cookie before ``proven_at``
    Index("ix_sessions_key_id", "key_id"),
    Index("ix_sessions_earlier_hash", "earlier_hash"),
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
    Column("key_id", SmallInteger),  # of the secret that it seals with; null: an earlier version's process
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("owner", String(40), nullable=False),
    Column("until", Instant, nullable=False),
)

# Thresholds above which a second person must approve a station's alerts; without a row, the defaults of
# ``domain.approvals``.
approval_rules = Table(
    "approval_rules",
    metadata,
    station(primary_key=True),
    Column("severity", String(10)),
    Column("reach", Integer),
    Column("radius_m", Float),
    Column("training", Boolean, nullable=False),
)

# Alerts submitted for approval; ``id`` is also that of the alert once sent.
approvals = Table(
    "approvals",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    station(),
    Column("token", String(20), nullable=False),
    Column("author", BigInteger, nullable=False),
    Column("editor", BigInteger, nullable=False),
    Column("message", JSON, nullable=False),
    Column("audience", JSON, nullable=False),
    Column("msg_type", String(10), nullable=False),
    Column("references", JSON, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("onset_at", Instant),
    Column("idempotency_key", String(200)),
    Column("request_hash", LargeBinary(32)),
    Column("state", String(10), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("decided_by", BigInteger),
    Column("decided_at", Instant),
    Column("why", LargeBinary),
    Column("told_at", Instant),  # null: its state is not announced yet to the people it concerns
    Column("replaces", BigInteger),  # of an update: the version that it was written on
    Column("silent", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("station_id", "idempotency_key"),
    set_only("approvals", "replaces"),
    Index("ix_approvals_station_id_state", "station_id", "state"),
    Index("ix_approvals_untold", "id", sqlite_where=text("told_at IS NULL"), postgresql_where=text("told_at IS NULL")),
)

# Append-only. Ids have no foreign keys, as an entry outlives its object.
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
