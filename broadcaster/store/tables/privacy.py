"""Tables of what outlives a person's data: who asked to be left out, and which erasures were done."""

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, SmallInteger, String, Table

from broadcaster.store.tables.columns import Id, Instant, metadata

# Keyed hashes of contacts and ids of people who asked to be left out (``people.suppression``). ``station_id``: at this
# one; 0: at every one; the negative of an id: but not at that one.
suppressions = Table(
    "suppressions",
    metadata,
    Column("mark", LargeBinary(16), primary_key=True),
    Column("station_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
)

# What was taken off that list and is not on it again: an older copy of it brings nobody back.
lifts = Table(
    "lifts",
    metadata,
    Column("mark", LargeBinary(16), primary_key=True),
    Column("station_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
)

# Erasures, to be done again when a backup is restored. ``person``: keyed hash of the token's hash.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person", LargeBinary(16), nullable=False),
    Column("station_id", BigInteger),
    Column("way", SmallInteger, nullable=False),  # register.erasing.Way
    Column("whole", Boolean, nullable=False),  # false: off one station's register
    Column("at", Instant, nullable=False),
    Index("ix_erasures_station_id", "station_id", "id"),
    sqlite_autoincrement=True,
)

# When each period of ``domain.retention`` was last enforced, and when it last removed something, and how much;
# ``known_at``: when this database first came to know it.
enforcements = Table(
    "enforcements",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("removed", BigInteger, nullable=False),
    Column("removed_at", Instant),
    Column("known_at", Instant),
)

# The last person whom each warning before an erasure tried (``people.inactive``); the next run goes on after them.
warning_runs = Table(
    "warning_runs",
    metadata,
    Column("warnings", SmallInteger, primary_key=True, autoincrement=False),
    Column("reached", BigInteger, nullable=False),
)

# Keys of blind indexes, links and the suppression list, kept by the first change of the secret (``rotating``).
lasting_keys = Table(
    "lasting_keys", metadata, Column("use", String(20), primary_key=True), Column("sealed", LargeBinary, nullable=False)
)
