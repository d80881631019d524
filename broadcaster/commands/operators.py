"""``tocsin operator invite|list|roles|register|disable|recover``."""

from collections.abc import Mapping
from datetime import timedelta

import click

from broadcaster.clock import SystemClock
from broadcaster.commands.failing import Stop
from broadcaster.commands.opened import in_store, machine, settings, station_of
from broadcaster.commands.options import with_json
from broadcaster.commands.showing import out, print_json, table
from broadcaster.commands.wording import many, note, say, words
from broadcaster.domain.audit import Action
from broadcaster.domain.operators import INVITATION_HOLDS, LINK_HOLDS, LONGEST_NAME, ROLES, Operator, welcome_url
from broadcaster.domain.permissions import Role
from broadcaster.domain.refusals import Conflict
from broadcaster.store.engine.engine import Unit
from broadcaster.store.operations import audit
from broadcaster.store.operators import operators
from broadcaster.store.stations import stations

_ROLE = click.Choice([each.value for each in ROLES])


@click.group()
def operator() -> None:
    """Operators: the people who act in the console."""


@operator.command("invite")
@click.argument("name")
@click.option("--mail", help="Tells two people of one name apart.")
@click.option("--station", "slug", help="The station that they act for, with --role.")
@click.option("--role", type=_ROLE, default="writer", show_default=True, help="What they may do for it.")
@click.option("--admin", is_flag=True, help="An administrator of this installation: everything, everywhere.")
def invite(*, name: str, mail: str | None, slug: str | None, role: str, admin: bool) -> None:
    """Add an operator and print a link, this once, by which they set up how they sign in.

    \b
    tocsin operator invite "Rose Martin" --admin
    tocsin operator invite "Paul Petit" --station laigle --role writer
    """  # noqa: D301  click reads the \b
    if admin == (slug is not None):
        raise Stop("station-or-admin")
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise Stop("name-length", most=LONGEST_NAME)
    holds = LINK_HOLDS if admin else INVITATION_HOLDS

    async def work(unit: Unit) -> str:
        now = SystemClock().now()
        roles = {} if slug is None else {(await station_of(unit, slug)).id: Role(role)}
        made = await operators.add(unit, name.strip(), now, mail=mail, admin=admin, roles=roles)
        if made is None:
            raise Stop("mail-taken", mail=mail)
        of = next(iter(roles), None)
        await audit.record(unit, machine(), Action.OPERATOR_INVITED, made, station_id=of, admin=admin, role=role)
        return await operators.new_link(unit, made, now + holds)

    click.echo(welcome_url(settings().url, in_store(work, write=True)))
    note("it opens once, within %(hours)s; `tocsin operator recover` makes another", hours=_hours(holds))


@operator.command("list")
@with_json
def list_(*, as_json: bool) -> None:
    """List the operators, what they may do, and how they sign in."""

    async def work(unit: Unit) -> tuple[list[Operator], dict[int, str]]:
        return await operators.listed(unit, None), {each.id: each.slug for each in await stations.listed(unit)}

    found, slugs = in_store(work)
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "mail": each.mail,
            "admin": each.admin,
            "roles": {slugs[station_id]: str(role) for station_id, role in each.roles.items()},
            "vulnerable": sorted(slugs[station_id] for station_id in each.granted),
            "state": "disabled" if each.disabled else "active" if each.comes_in else "invited",
            "passkeys": each.passkeys,
        }
        for each in found
    ]
    if as_json:
        print_json(rows)
        return
    shown = [
        (row["id"], row["name"], row["mail"] or "", _roles(row["admin"], row["roles"]), _state(row), row["passkeys"])
        for row in rows
    ]
    names = words("name"), words("e-mail"), words("roles"), words("state"), f"#{words('passkeys')}"
    out().print(table((f"#{words('id')}", *names), shown))


def _state(row: Mapping[str, object]) -> str:
    said = {"disabled": words("disabled"), "active": words("active"), "invited": words("invited")}
    return said[str(row["state"])]


def _roles(admin: object, roles: object) -> str:
    told = [words("administrator")] if admin else []
    return ", ".join(told + [f"{slug}: {role}" for slug, role in roles.items()] if isinstance(roles, dict) else told)


@operator.command("roles")
@click.argument("operator_id", metavar="ID", type=int)
@click.option("--station", "slugs", multiple=True, help="The station that the role is for; more than once for several.")
@click.option("--role", type=click.Choice([*[each.value for each in ROLES], "none"]), help="none takes it away.")
@click.option("--admin/--no-admin", default=None, help="An administrator of this installation, or no longer.")
def roles(*, operator_id: int, slugs: tuple[str, ...], role: str | None, admin: bool | None) -> None:
    """Change what an operator may do. Their sessions end."""
    if bool(slugs) is (role is None) or (not slugs and admin is None):
        raise Stop("role-incomplete")

    async def work(unit: Unit) -> None:
        who = await _operator(unit, operator_id)
        if admin is not None:
            if not admin:
                await _check_not_last(unit, who)
            await operators.set_admin(unit, who.id, admin=admin)
            await audit.record(unit, machine(), Action.ADMIN_SET, who.id, admin=admin)
        for slug in slugs:
            station = await station_of(unit, slug)
            await operators.set_role(unit, who.id, station.id, None if role in (None, "none") else Role(role))
            await audit.record(unit, machine(), Action.ROLE_SET, who.id, station_id=station.id, role=role)

    in_store(work, write=True)
    say("changed; they sign in anew")


@operator.command("register")
@click.argument("operator_id", metavar="ID", type=int)
@click.option("--station", "slug", required=True, help="The station whose register it is.")
@click.option("--close", is_flag=True, help="Close it to them.")
def register(*, operator_id: int, slug: str, close: bool) -> None:
    """Open a station's register of vulnerable people to an operator: no role does."""

    async def work(unit: Unit) -> str:
        who, station = await _operator(unit, operator_id), await station_of(unit, slug)
        await operators.grant(unit, who.id, station.id, granted=not close)
        what = machine(), Action.VULNERABLE_GRANTED, who.id
        await audit.record(unit, *what, station_id=station.id, granted=not close)
        return who.name

    name = in_store(work, write=True)
    closed = words("%(name)s may no longer read it", name=name)
    click.echo(closed if close else words("%(name)s may read it from now on", name=name))


@operator.command("disable")
@click.argument("operator_id", metavar="ID", type=int)
@click.option("--undo", is_flag=True, help="Let them in again.")
def disable(*, operator_id: int, undo: bool) -> None:
    """Disable an operator immediately; their alerts keep their author."""

    async def work(unit: Unit) -> tuple[str, list[int]]:
        who, now = await _operator(unit, operator_id), SystemClock().now()
        if not undo:
            await _check_not_last(unit, who)
        await operators.disable(unit, who.id, None if undo else now)
        what = Action.OPERATOR_ENABLED if undo else Action.OPERATOR_DISABLED
        await audit.record(unit, machine(), what, who.id)
        return who.name, [each.id for each in await stations.keys_that_hold(unit, now) if each.made_by == who.id]

    name, keys = in_store(work, write=True)
    click.echo(
        words("%(name)s may sign in again", name=name) if undo else words("%(name)s can't sign in any more", name=name)
    )
    if keys and not undo:
        told = many(
            "a key that this person made is still valid (%(ids)s): tocsin key revoke ID",
            "%(n)s keys that this person made are still valid (%(ids)s): tocsin key revoke ID",
            len(keys),
            ids=", ".join(map(str, keys)),
        )
        click.echo(told, err=True)


@operator.command("recover")
@click.argument("operator_id", metavar="ID", type=int)
def recover(*, operator_id: int) -> None:
    """Print a link, this once, by which an operator who lost what they sign in with sets it up anew.

    Their passkeys, password and recovery codes end.
    """

    async def work(unit: Unit) -> str:
        who = await _operator(unit, operator_id)
        await operators.forget_ways(unit, who.id)
        await audit.record(unit, machine(), Action.OPERATOR_RECOVERED, who.id)
        return await operators.new_link(unit, who.id, SystemClock().now() + LINK_HOLDS)

    click.echo(welcome_url(settings().url, in_store(work, write=True)))
    note("it opens once, within %(hours)s", hours=_hours(LINK_HOLDS))


async def _operator(unit: Unit, operator_id: int) -> Operator:
    found = await operators.by_id(unit, operator_id)
    if found is None:
        raise Stop("no-such-operator", id=operator_id)
    return found


async def _check_not_last(unit: Unit, who: Operator) -> None:
    if await operators.is_last_administrator(unit, who):
        raise Conflict("last-administrator")


def _hours(holds: timedelta) -> str:
    hours = holds // timedelta(hours=1)
    return many("%(n)s hour", "%(n)s hours", hours)
