"""``tocsin station add|margin|topics|policies|signed|list|show|remove``."""

from collections.abc import Mapping
from typing import Any

import click

from broadcaster.clock import SystemClock
from broadcaster.commands.alert_words import severities
from broadcaster.commands.exits import Exit
from broadcaster.commands.failing import Stop, Told
from broadcaster.commands.new_station import read_fields
from broadcaster.commands.opened import in_store, machine, settings, station_of
from broadcaster.commands.options import FILE, with_json, with_yes
from broadcaster.commands.policies import policies
from broadcaster.commands.showing import number, out, print_json, table
from broadcaster.commands.signed import signed
from broadcaster.commands.wording import many, reader, say, words
from broadcaster.domain.audit import Action
from broadcaster.domain.refusals import Refused, sentence
from broadcaster.domain.stations import Station, StationKind, read_topics, renamed
from broadcaster.domain.templates import Template
from broadcaster.languages import DEFAULT
from broadcaster.pipeline.templates import offered
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts
from broadcaster.store.operations import audit, removing
from broadcaster.store.operations.removing import Contents
from broadcaster.store.register import erasing
from broadcaster.store.stations import stations

_MOST_MARGIN_M = 50_000


@click.group()
def station() -> None:
    """Who publishes: communes, schools, associations."""


@station.command("add")
@click.option("--insee", help="INSEE code of a commune: its boundary, town hall and contact are taken over.")
@click.option(
    "--boundary",
    type=FILE,
    help="GeoJSON file (Polygon, MultiPolygon, Feature or FeatureCollection, WGS 84) of where the station may alert.",
)
@click.option("--name", help="As residents read it. Without it, the commune's.")
@click.option("--slug", help="Short name for addresses and commands, as in laigle. Without it, made of the name.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in StationKind]),
    help="Only an authority may address everyone in an area; without it, a commune is one, and others are none.",
)
@click.option(
    "--languages", default=DEFAULT, show_default=True, help="Comma-separated; the first is the station's own."
)
@click.option(
    "--margin-m", type=click.FloatRange(0, _MOST_MARGIN_M),
    help="How far, in metres, an area may reach over the boundary. Without it, TOCSIN_MARGIN_M.",
)  # fmt: skip
@click.option("--region", help="ISO 3166 code of where telephone numbers are dialled; else the commune's, or FR.")
@click.option(
    "--swap/--no-swap",
    default=None,
    help="The boundary has latitude before longitude, or has not, though it seems so. Without it, you are asked.",
)
@click.option("--mend", is_flag=True, help="Take outlines that cross themselves as they are mended, without asking.")
def add(**given: Any) -> None:
    """Add a station: a commune of France by its INSEE code, or any other by its boundary. A school or an association
    needs none.

    \b
    tocsin station add --insee 61214
    tocsin station add --boundary campus.geojson --name "Lycée Napoléon" --kind school --languages fr,en
    tocsin station add --name "École Jules-Ferry" --kind school

    \b
    A boundary that seems to have its coordinates swapped, or an outline that crosses itself, is asked about.
    """  # noqa: D301  click reads the \b
    fields = read_fields(settings(), **given)

    async def work(unit: Unit) -> Station | None:
        added = await stations.add(unit, fields, SystemClock().now())
        if added is not None:
            await audit.record(unit, machine(), Action.STATION_ADDED, added.id, station_id=added.id)
        return added

    made = in_store(work, write=True)
    if made is None:
        raise Stop("slug-taken", slug=fields["slug"])
    say("added %(name)s as %(slug)s", name=made.name, slug=made.slug)
    key = f"tocsin key add --station {made.slug} --role publish --label NAME"
    say("a key to send with: %(command)s", command=key)


@station.command("margin")
@click.argument("slug")
@click.argument("metres", type=click.FloatRange(0, _MOST_MARGIN_M))
def margin(*, slug: str, metres: float) -> None:
    """Change how far, in METRES, an area may reach over a station's boundary. The sea does not count."""

    async def work(unit: Unit) -> Station:
        found = await station_of(unit, slug)
        await stations.change(unit, found.id, {"margin_m": metres})
        await audit.record(unit, machine(), Action.STATION_CHANGED, found.id, station_id=found.id)
        return found

    found = in_store(work, write=True)
    gaps = {"name": found.name, "now": f"{metres:g}", "before": f"{found.margin_m:g}"}
    say("the margin of %(name)s is %(now)s m; it was %(before)s m", **gaps)


@station.command("templates")
@click.argument("slug")
def templates(*, slug: str) -> None:
    """Show the templates that `tocsin send --template` may name."""

    async def work(unit: Unit) -> list[Template]:
        return list((await offered(unit, await station_of(unit, slug))).values())

    language, named = reader().language, severities()
    rows = [
        (
            each.name,
            each.events.get(language) or next(iter(each.events.values())),
            named[each.severity],
            words("the station") if each.own else "Tocsin",
        )
        for each in in_store(work)
    ]
    out().print(table((words("name"), words("event"), words("severity"), words("made by")), rows))


@station.command("topics")
@click.argument("slug")
@click.argument("topics", nargs=-1)
@click.option("--rename", type=(str, str), multiple=True, metavar="TOPIC NAME", help="Followers' choices stay.")
@click.option("--yes", is_flag=True, help="Remove topics even if followers chose about them.")
def topics(*, slug: str, topics: tuple[str, ...], rename: tuple[tuple[str, str], ...], yes: bool) -> None:
    """Show what a station's alerts may be about, or set it: names, as in traffic works "Market day"."""

    async def work(unit: Unit) -> Mapping[str, str]:
        found = await station_of(unit, slug)
        try:
            chosen = renamed(found.topics, dict(rename))
            if topics:
                chosen = read_topics(topics, chosen)
            await stations.change(unit, found.id, {"topics": chosen}, sure=yes)
            if topics or rename:
                await audit.record(unit, machine(), Action.TOPICS_CHANGED, found.id, station_id=found.id)
        except Refused as error:
            raise Told(sentence(error, reader()), hint="--yes" if error.code == "topic-chosen" else "") from error
        return chosen

    out().print(table((words("topic"), words("name")), list(in_store(work, write=True).items())))


station.add_command(policies)
station.add_command(signed)


@station.command("list")
@with_json
def list_(*, as_json: bool) -> None:
    """List the stations, with how many follow each."""

    async def work(unit: Unit) -> list[tuple[Station, int]]:
        return [(each, await stations.followers_count(unit, each.id)) for each in await stations.all_stations(unit)]

    found = in_store(work)
    if as_json:
        print_json([{**_facts(each), "followers": count} for each, count in found])
        return
    rows = [
        (each.slug, each.name, _kinds()[each.kind], each.insee, ", ".join(each.languages), number(n))
        for each, n in found
    ]
    names = words("slug"), words("name"), words("kind"), "INSEE", words("languages"), f"#{words('followers')}"
    out().print(table(names, rows))


@station.command("show")
@click.argument("slug")
@with_json
def show(*, slug: str, as_json: bool) -> None:
    """Show one station, its groups and its followers."""

    async def work(unit: Unit) -> tuple[Station, int, list[tuple[str, str, int]]]:
        found = await station_of(unit, slug)
        return found, await stations.followers_count(unit, found.id), await stations.group_list(unit, found.id)

    found, followers, groups = in_store(work)
    facts = {**_facts(found), "followers": followers}
    if as_json:
        members = [{"slug": group, "name": name, "members": count} for group, name, count in groups]
        print_json({**facts, "boundary": found.boundary, "groups": members})
        return
    names = _fields()
    out().print(table(("", ""), [(names[name], _plain(value)) for name, value in facts.items()]))
    if groups:
        out().print()
        out().print(table((words("group"), words("name"), f"#{words('members')}"), groups))


@station.command("remove")
@click.argument("slug")
@with_yes
def remove(*, slug: str, yes: bool) -> None:
    """Remove a station for good, with its alerts, and the people who follow no other. Says first what it deletes."""

    async def counted(unit: Unit) -> tuple[Station, Contents]:
        found = await station_of(unit, slug)
        active = await alerts.by_ids(unit, await alerts.active_ids(unit, SystemClock().now()))
        mine = next((each for each in active if each.station_id == found.id), None)
        if mine is not None:
            raise Stop("alert-active", name=found.name, id=mine.id)
        return found, await removing.contents(unit, found.id)

    async def work(unit: Unit) -> None:
        await erasing.erase_station(unit, found.id, SystemClock().now())
        await audit.record(unit, machine(), Action.STATION_REMOVED, found.id)

    found, what = in_store(counted)
    say("Removing %(name)s (%(slug)s) deletes for good:", name=found.name, slug=found.slug)
    for line in _told(what):
        click.echo(f"  {line}")
    if not yes:
        typed = click.prompt(words("Type its short name to remove it"), default="", show_default=False, err=True)
        if typed.strip() != found.slug:
            raise Stop("nothing-removed", Exit.ABORTED)
    in_store(work, write=True)
    say("%(name)s is removed", name=found.name)


def _told(what: Contents) -> list[str]:
    return [
        many(
            "%(n)s person who follows no other station, with all their contacts and places",
            "%(n)s people who follow no other station, with all their contacts and places",
            what.only,
        ),
        many(
            "the choice of %(n)s other person to follow it",
            "the choice of %(n)s other people to follow it",
            what.others,
        ),
        many("%(n)s group", "%(n)s groups", what.groups),
        many("%(n)s API key", "%(n)s API keys", what.keys),
        many("the role of %(n)s operator", "the roles of %(n)s operators", what.operators),
        many("%(n)s scheduled alert", "%(n)s scheduled alerts", what.schedules),
        many("%(n)s alert and its report", "%(n)s alerts and their reports", what.alerts),
    ]


def _facts(found: Station) -> dict[str, Any]:
    facts = {name: getattr(found, name) for name in _fields() if name != "followers"}
    return facts | {"kind": found.kind.value, "languages": list(found.languages)}


def _fields() -> dict[str, str]:
    return {
        "slug": words("slug"),
        "name": words("name"),
        "kind": words("kind"),
        "languages": words("languages"),
        "insee": "INSEE",
        "region": words("region"),
        "lon": words("longitude"),
        "lat": words("latitude"),
        "email": words("e-mail"),
        "phone": words("telephone"),
        "margin_m": words("margin (m)"),
        "followers": words("followers"),
    }


def _kinds() -> dict[str, str]:
    return {"authority": words("authority"), "school": words("school"), "association": words("association")}


def _plain(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else _kinds().get(value, value)
