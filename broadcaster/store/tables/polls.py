"""Tables of polls. Voters and ballots are stored separately: nothing links a ballot to a person.

``poll_pending`` holds sealed votes that wait for a group of ten; backups omit it.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
)

from broadcaster.store.tables.columns import Instant, metadata, set_only, station

polls = Table(
    "polls",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("token", String(16), nullable=False, unique=True),
    station(),
    Column("texts", JSON, nullable=False),  # by language: question and answers
    Column("alert_id", BigInteger, nullable=False),  # the message that announces it; its audience may vote
    Column("key_id", BigInteger, nullable=False),
    Column("identity", Boolean),  # whether voters need a proof of identity; null: no
    Column("closes_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("entitled", Integer),  # set at closing
    Index("ix_polls_station_id_id", "station_id", "id"),
    Index("ix_polls_alert_id", "alert_id"),
    set_only("polls", "closed_at"),
)


def _poll() -> Column[int]:
    return Column(
        "poll_id", BigInteger, ForeignKey("polls.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


# Who voted: no time, no choice.
poll_voters = Table("poll_voters", metadata, _poll(), Column("mark", LargeBinary(16), primary_key=True))

# What was voted: a random key, no time.
poll_ballots = Table(
    "poll_ballots",
    metadata,
    _poll(),
    Column("key", LargeBinary(16), primary_key=True),
    Column("choice", SmallInteger, nullable=False),
)

poll_pending = Table(
    "poll_pending",
    metadata,
    _poll(),
    Column("mark", LargeBinary(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
