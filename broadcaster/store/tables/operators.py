"""Tables of operators. Each also has a row of ``api_keys``, without a usable key: authors have one kind of id."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, String, Table

from broadcaster.store.tables.columns import Id, Instant, metadata, station

OPERATOR = "operator"
"""The role of an operator's row in ``api_keys``; keys never have it."""


def operator(*, primary_key: bool = False) -> Column[int]:
    return Column(
        "operator_id", Id, ForeignKey("operators.id", ondelete="CASCADE"), primary_key=primary_key, nullable=False
    )


# The name is the label of the row in ``api_keys``; a disabled operator is revoked there.
operators = Table(
    "operators",
    metadata,
    Column("id", Id, ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("handle", LargeBinary(32), nullable=False, unique=True),
    Column("mail_mark", LargeBinary(16), unique=True),
    Column("mail", LargeBinary),
    Column("admin", Boolean, nullable=False),
    Column("password", String(200)),
    Column("totp", LargeBinary),
    Column("totp_step", BigInteger),
    Column("phone", LargeBinary),
    Column("openid_mark", LargeBinary(16)),
    Index("ix_operators_openid_mark", "openid_mark", unique=True),
)

operator_roles = Table(
    "operator_roles",
    metadata,
    operator(primary_key=True),
    station(primary_key=True),
    Column("role", String(10), nullable=False),
)

# Operators with access to a station's register of vulnerable people.
vulnerable_grants = Table("vulnerable_grants", metadata, operator(primary_key=True), station(primary_key=True))

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Id, primary_key=True),
    operator(),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("credential", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("device", String(60), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("used_at", Instant),
)

# Browsers in which an operator gets pushes; each is of one operator.
operator_pushes = Table(
    "operator_pushes",
    metadata,
    Column("id", Id, primary_key=True),
    operator(),
    Column("mark", LargeBinary(16), nullable=False, unique=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("device", String(60), nullable=False),
    Column("made_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

recovery_codes = Table(
    "recovery_codes", metadata, operator(primary_key=True), Column("hash", LargeBinary(32), primary_key=True)
)

# One-time links by which an operator sets up a way to sign in.
operator_links = Table(
    "operator_links",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    operator(),
    Column("ends_at", Instant, nullable=False),
)

# Answered challenges of passkeys, so that none is accepted twice.
used_challenges = Table(
    "used_challenges",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("ends_at", Instant, nullable=False),
)
