"""``tocsin key add|operator|list|revoke``."""

from datetime import timedelta

import click

from broadcaster.clock import SystemClock
from broadcaster.commands.failing import Stop
from broadcaster.commands.opened import in_store, machine, station_of
from broadcaster.commands.operator_key import DAYS, fresh, record_key
from broadcaster.commands.options import with_json
from broadcaster.commands.showing import moment, out, print_json, table
from broadcaster.commands.wording import many, say, words
from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import KEY_ACTIONS, KeyRole, Permission
from broadcaster.store import Unit
from broadcaster.store.operations import audit
from broadcaster.store.stations import stations

_LONGEST_LABEL = 80
_DAYS = click.IntRange(1, 3660)


@click.group()
def key() -> None:
    """API keys: who may act for a station."""


@key.command("add")
@click.option("--station", "slug", help="The station it is good for. Without it, an admin's key, good for all.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in KeyRole]),
    required=True,
    help="read may look; publish may also send and keep the register; admin may all.",
)
@click.option("--label", required=True, help="Whose key it is, to know it again.")
@click.option(
    "--days",
    type=_DAYS,
    help=f"How long it holds. Without it {DAYS} days where it is good for every station, else until it is revoked.",
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([each.value for each in KEY_ACTIONS]),
    help="All that it may do of what its role may; more than once for several.",
)
def add(*, slug: str | None, role: str, label: str, days: int | None, only: tuple[str, ...]) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    if not 1 <= len(label.strip()) <= _LONGEST_LABEL:
        raise Stop("label-length", most=_LONGEST_LABEL)
    if slug is None and role != KeyRole.ADMIN.value:
        raise Stop("station-missing")

    limits = [Permission(each) for each in only]

    async def work(unit: Unit) -> str:
        of = (await station_of(unit, slug)).id if slug else None
        now = SystemClock().now()
        lasts = days or (None if slug else DAYS)
        expires_at = None if lasts is None else now + timedelta(days=lasts)
        made = await stations.add_key(unit, KeyRole(role), of, label.strip(), now, expires_at=expires_at, only=limits)
        await record_key(unit, made, now)
        return made

    click.echo(in_store(work, write=True))


@key.command("operator")
@click.option("--days", type=_DAYS, default=DAYS, show_default=True, help="How long it holds.")
@click.option("--rotate", is_flag=True, help="End the operator's keys that were made before, and their sessions.")
def operator(*, days: int, rotate: bool) -> None:
    """Make an operator's key, good for every station, and print it, this once.

    It is kept nowhere but as a hash: lost, it is made anew by who may run commands on this machine.
    """
    click.echo(in_store(lambda unit: fresh(unit, SystemClock(), days=days, rotate=rotate), write=True))
    told = many(
        "it holds %(n)s day, and is shown this once; `tocsin key revoke` ends it",
        "it holds %(n)s days, and is shown this once; `tocsin key revoke` ends it",
        days,
    )
    click.echo(told, err=True)


@key.command("list")
@with_json
def list_(*, as_json: bool) -> None:
    """List the keys: whose they are, never what they are."""
    rows = in_store(stations.keys)
    if as_json:
        print_json(
            [
                {
                    "id": row.id,
                    "role": row.role,
                    "station": row.slug,
                    "label": row.label,
                    "created_at": row.created_at.isoformat(),
                    "expires_at": row.expires_at.isoformat() if row.expires_at else None,
                    "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None,
                    "actions": list(row.actions),
                    "used_at": row.used_at.isoformat() if row.used_at else None,
                }
                for row in rows
            ]
        )
        return
    shown = [
        (
            row.id, row.role, row.slug or words("every one"), row.label,
            " ".join(row.actions), moment(row.created_at), moment(row.used_at), moment(row.expires_at),
            moment(row.revoked_at),
        )
        for row in rows
    ]  # fmt: skip
    before = words("role"), words("station"), words("label"), words("only"), words("made"), words("used")
    names = (f"#{words('id')}", *before, words("expires"), words("revoked"))
    out().print(table(names, shown))


@key.command("revoke")
@click.argument("key_id", metavar="ID", type=int)
def revoke(key_id: int) -> None:
    """End a key, at once. ID is the figure that `tocsin key list` shows."""

    async def work(unit: Unit) -> bool:
        done = await stations.revoke_key(unit, key_id, SystemClock().now())
        if done:
            await audit.record(unit, machine(), Action.KEY_REVOKED, key_id)
        return done

    if not in_store(work, write=True):
        raise Stop("no-such-key", id=key_id)
    say("key %(id)s is revoked", id=key_id)
