"""Reasons are codes in columns, and who may have a message is one; filled from the sentences of before.

While processes of the version before run, each version reads its own columns alone (docs/operating.md, Upgrading).
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0027"

_STATES = {30: "expired", 31: "cancelled", 32: "failed", 33: "gone", 34: "dead_letter"}
_REASONS = {**_STATES, 34: "service-error"}
_OURS = {
    "tocsin:expired": "expired",
    "tocsin:cancelled": "cancelled",
    "tocsin:sealed": "address-sealed",
    "tocsin:erased": "contact-erased",
    "tocsin:contact-retired": "contact-retired",
    "tocsin:handed": None,
    "tocsin:interrupted": None,
}
_SENTENCES = {
    "no contact that works by the channels of this alert": "no-contact",
    "paused by their own wish": "paused",
    "opted out: they asked for no more messages": "opted-out",
}
_MAYBE = re.compile(r"(.*?)(?: by (\S+))? \(may[ a-z]*\)?", re.DOTALL)  # the end may be cut off
_ONE = rf"(push|sms|voice|email) ({'|'.join(_STATES.values())})\b"
_FAILED = re.compile(rf"(?:^|; ){_ONE}(?: \((.*?)\)?)?(?=; {_ONE}|$)", re.DOTALL)


def upgrade() -> None:
    op.add_column("recipients", sa.Column("reasons", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("deliveries", sa.Column("reason", sa.String(length=20)))
    op.add_column("deliveries", sa.Column("maybe_sent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("deliveries", sa.Column("provider", sa.String(length=40)))
    connection = op.get_bind()
    by_state = " ".join(f"WHEN {state} THEN '{reason}'" for state, reason in _REASONS.items())
    op.execute(f"UPDATE deliveries SET reason = CASE state {by_state} END WHERE state BETWEEN 30 AND 34")  # noqa: S608
    told = "code LIKE 'tocsin:%' OR code LIKE '%(may%'"
    codes = connection.scalars(sa.text(f"SELECT DISTINCT code FROM deliveries WHERE {told}"))  # noqa: S608
    _replace(connection, "deliveries", "code", {code: dict(zip(_COLUMNS, _read(code), strict=True)) for code in codes})
    whys = connection.scalars(sa.text("SELECT DISTINCT why FROM recipients WHERE why <> ''"))
    _replace(connection, "recipients", "why", {why: {"reasons": _packed(why)} for why in whys})


_COLUMNS = ("code", "reason", "maybe_sent", "provider")


def _read(said: str) -> tuple[str | None, str | None, bool, str | None]:
    """Return (the provider's code, our reason where we have one, whether it may have left, by whom) of an old code."""
    ends = _MAYBE.fullmatch(said)
    code, provider = (said, None) if ends is None else ends.groups()
    if code in _OURS:
        return None, _OURS[code], ends is not None, provider
    return code.removeprefix("tocsin:bug "), None, ends is not None, provider


def _packed(why: str) -> str:
    """Return the reasons that a sentence of before named, as ``domain.reasons.pack`` has them."""
    if why in _SENTENCES:
        return json.dumps([[_SENTENCES[why], None, None]], separators=(",", ":"))
    numbers = {word: number for number, word in _STATES.items()}
    found = []
    for match in _FAILED.finditer(why):
        channel, state, said = match.groups()[:3]
        code, reason, _, _ = (None, None, False, None) if said is None else _read(said)
        found.append([reason or _REASONS[numbers[state]], channel, code])
    return json.dumps(found or [["other", None, None]], ensure_ascii=False, separators=(",", ":"))


def _replace(connection: Any, name: str, key: str, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Change the rows of a table by what stands in one column: one pass, however many different texts there are."""
    if not changes:
        return
    columns = next(iter(changes.values()))
    given = sa.table("given", *map(sa.column, ("of", *columns)))
    types = {"maybe_sent": sa.Boolean()}
    made = sa.Table(
        "given",
        sa.MetaData(),
        sa.Column("of", sa.Text(), primary_key=True),
        *(sa.Column(column, types.get(column, sa.Text())) for column in columns),
        prefixes=["TEMPORARY"],
    )
    made.create(connection)
    connection.execute(sa.insert(made), [{"of": of, **values} for of, values in changes.items()])
    table = sa.table(name, *map(sa.column, {key, "state", *columns}))
    values: dict[str, Any] = {column: given.c[column] for column in columns}
    if "reason" in values:
        values["reason"] = sa.func.coalesce(given.c.reason, table.c.reason)
        # What waits keeps its old code until its next try: a process of the version before goes by it.
        values["code"] = sa.case((table.c.state == 0, table.c.code), else_=given.c.code)
    connection.execute(sa.update(table).where(table.c[key] == given.c.of).values(values))
    made.drop(connection)
