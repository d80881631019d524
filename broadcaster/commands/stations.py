"""``tocsin station add|margin|topics|list|show``."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from broadcaster import territory
from broadcaster.clock import SystemClock
from broadcaster.commands.exits import Exit
from broadcaster.commands.failing import Stop, wait_for
from broadcaster.commands.opened import machine, opened, settings, station_of
from broadcaster.commands.showing import out, print_json, table
from broadcaster.domain.audit import Action
from broadcaster.domain.refusals import Refused, sentence
from broadcaster.domain.stations import Station, StationKind, read_topics, renamed
from broadcaster.http.schemas.base import LOCALE
from broadcaster.languages import DEFAULT
from broadcaster.store.operations import audit
from broadcaster.store.stations import stations
from zones import Boundary, CrossingOutline, SwappedCoordinates
from zones import slug as slug_of

_MOST_MARGIN_M = 50_000
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_LANGUAGE = re.compile(LOCALE)
_LARGEST_FILE = 20 * 1024 * 1024
_LONGEST_NAME = 120


@click.group()
def station() -> None:
    """Who publishes: communes, schools, associations."""


@station.command("add")
@click.option("--insee", help="INSEE code of a commune: its boundary, town hall and contact are taken over.")
@click.option(
    "--boundary",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
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
def add(
    *,
    insee: str | None,
    boundary: Path | None,
    name: str | None,
    slug: str | None,
    kind: str | None,
    languages: str,
    margin_m: float | None,
    region: str | None,
    swap: bool | None,
    mend: bool,
) -> None:
    """Add a station: a commune of France by its INSEE code, or any other by its boundary.

    \b
    tocsin station add --insee 61214
    tocsin station add --boundary campus.geojson --name "Lycée Napoléon" --kind school --languages fr,en

    \b
    A boundary that seems to have its coordinates swapped, or an outline that crosses itself, is asked about.
    """  # noqa: D301  click reads the \b
    if (insee is None) == (boundary is None):
        raise Stop("give either --insee or --boundary")
    where = settings()
    fields: dict[str, Any] = {"region": "FR", "insee": None, "lon": None, "lat": None, "email": None, "phone": None}
    if insee is not None:
        fields |= territory.of_commune(insee.strip().upper())
    if region:
        fields["region"] = region.strip().upper()
    if boundary is not None:
        fields |= _from_file(boundary, name, fields["region"], swap=swap, mend=mend)
    if name:
        fields["name"] = name.strip()
    fields["slug"] = slug or slug_of(fields["name"])[:60].strip("-")
    fields["kind"] = StationKind(kind or ("authority" if insee else "association"))
    fields["languages"] = tuple(part.strip() for part in languages.split(",") if part.strip())
    fields["margin_m"] = where.margin_m if margin_m is None else margin_m
    _check(fields)
    fields["sea"] = territory.sea_of(fields["boundary"])

    async def work() -> Station | None:
        async with opened(where) as store, store.write() as unit:
            added = await stations.add(unit, fields, SystemClock().now())
            if added is not None:
                await audit.record(unit, machine(), Action.STATION_ADDED, added.id, station_id=added.id)
            return added

    made = wait_for(work())
    if made is None:
        raise Stop(f"there is a station {fields['slug']!r} already", hint="give this one another --slug")
    click.echo(f"added {made.name} as {made.slug}")
    click.echo(f"a key to send with: tocsin key add --station {made.slug} --role publish --label NAME")


@station.command("margin")
@click.argument("slug")
@click.argument("metres", type=click.FloatRange(0, _MOST_MARGIN_M))
def margin(*, slug: str, metres: float) -> None:
    """Change how far, in METRES, an area may reach over a station's boundary. The sea does not count."""

    async def work() -> Station:
        async with opened(settings()) as store, store.write() as unit:
            found = await station_of(unit, slug)
            await stations.change(unit, found.id, {"margin_m": metres})
            await audit.record(unit, machine(), Action.STATION_CHANGED, found.id, station_id=found.id)
            return found

    found = wait_for(work())
    click.echo(f"the margin of {found.name} is {metres:g} m; it was {found.margin_m:g} m")


@station.command("topics")
@click.argument("slug")
@click.argument("topics", nargs=-1)
@click.option("--rename", type=(str, str), multiple=True, metavar="TOPIC NAME", help="Followers' choices stay.")
@click.option("--yes", is_flag=True, help="Remove topics even if followers chose about them.")
def topics(*, slug: str, topics: tuple[str, ...], rename: tuple[tuple[str, str], ...], yes: bool) -> None:
    """Show what a station's alerts may be about, or set it: names, as in traffic works "Market day"."""

    async def work() -> Mapping[str, str]:
        async with opened(settings()) as store, store.write() as unit:
            found = await station_of(unit, slug)
            try:
                chosen = renamed(found.topics, dict(rename))
                if topics:
                    chosen = read_topics(topics, chosen)
                await stations.change(unit, found.id, {"topics": chosen}, sure=yes)
                if topics or rename:
                    await audit.record(unit, machine(), Action.TOPICS_CHANGED, found.id, station_id=found.id)
            except Refused as error:
                raise Stop(sentence(error), hint="--yes" if error.code == "topic-chosen" else "") from error
            return chosen

    out().print(table(("topic", "name"), list(wait_for(work()).items())))


@station.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def list_(*, as_json: bool) -> None:
    """List the stations, with how many follow each."""

    async def work() -> list[tuple[Station, int]]:
        async with opened(settings()) as store, store.read() as unit:
            return [(each, await stations.followers_count(unit, each.id)) for each in await stations.all_stations(unit)]

    found = wait_for(work())
    if as_json:
        print_json([{**_facts(each), "followers": count} for each, count in found])
        return
    rows = [(each.slug, each.name, each.kind, each.insee, ", ".join(each.languages), f"{n:,}") for each, n in found]
    out().print(table(("slug", "name", "kind", "INSEE", "languages", "#followers"), rows))


@station.command("show")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def show(*, slug: str, as_json: bool) -> None:
    """Show one station, its groups and its followers."""

    async def work() -> tuple[Station, int, list[tuple[str, str, int]]]:
        async with opened(settings()) as store, store.read() as unit:
            found = await station_of(unit, slug)
            return found, await stations.followers_count(unit, found.id), await stations.group_list(unit, found.id)

    found, followers, groups = wait_for(work())
    facts = {**_facts(found), "followers": followers}
    if as_json:
        members = [{"slug": group, "name": name, "members": count} for group, name, count in groups]
        print_json({**facts, "boundary": found.boundary, "groups": members})
        return
    out().print(table(("", ""), [(name, _plain(value)) for name, value in facts.items()]))
    if groups:
        out().print()
        out().print(table(("group", "name", "#members"), groups))


def _from_file(path: Path, name: str | None, region: str, *, swap: bool | None, mend: bool) -> dict[str, Any]:
    if not name:
        raise Stop("--boundary needs a --name: a file of a boundary does not say whose it is")
    if path.stat().st_size > _LARGEST_FILE:
        raise Stop(f"{path} is larger than {_LARGEST_FILE // 1024 // 1024} MiB: simplify the shape")
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Stop(f"{path} is no GeoJSON: {error}") from error
    found = _asked(document, region, swap=swap, mend=mend)
    for told in territory.left_out(found):
        click.echo(told, err=True)
    return {"name": name, **territory.of_boundary(found)}


def _asked(document: Any, region: str, *, swap: bool | None, mend: bool) -> Boundary:
    """Read a boundary, and ask for confirmations; stops if there is no terminal."""
    while True:
        try:
            return territory.read(document, region, swap=swap, mend=mend)
        except SwappedCoordinates as doubt:
            swap = _said(sentence(doubt), "give --swap, or --no-swap if the boundary is right as it is")
        except CrossingOutline as doubt:
            mend = _said(sentence(doubt), "give --mend to take it so, or redraw it")
            if not mend:
                raise Stop("nothing was added", hint="redraw the outline so that it does not cross itself") from doubt


def _may_ask() -> bool:
    return sys.stdin.isatty()


def _said(question: str, otherwise: str) -> bool:
    if not _may_ask():
        raise Stop(f"boundary: {question}", hint=otherwise)
    return click.confirm(question, err=True)


def _check(fields: dict[str, Any]) -> None:
    if not fields["name"] or len(fields["name"]) > _LONGEST_NAME:
        raise Stop(f"--name has 1 to {_LONGEST_NAME} characters")
    if not _SLUG.fullmatch(fields["slug"]):
        raise Stop(f"--slug {fields['slug']!r} is not made of 1 to 60 letters a-z, figures and hyphens")
    if not fields["languages"]:
        raise Stop("--languages names at least one language, as in fr,en")
    for language in fields["languages"]:
        if not _LANGUAGE.fullmatch(language):
            raise Stop(f"--languages: {language!r} is no language code, as fr or en are")
    if not re.fullmatch(r"[A-Z]{2}", fields["region"]):
        raise Stop(f"--region {fields['region']!r} is no ISO 3166 code of two letters, as FR or RE are", Exit.REFUSED)


def _facts(found: Station) -> dict[str, Any]:
    return {
        "slug": found.slug,
        "name": found.name,
        "kind": found.kind.value,
        "languages": list(found.languages),
        "insee": found.insee,
        "region": found.region,
        "lon": found.lon,
        "lat": found.lat,
        "email": found.email,
        "phone": found.phone,
        "margin_m": found.margin_m,
    }


def _plain(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value
