"""``tocsin import subscribers``."""

import asyncio
import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from broadcaster.clock import SystemClock
from broadcaster.commands.failing import Stop, confirm, wait_for
from broadcaster.commands.opened import machine, opened, settings, station_of
from broadcaster.commands.options import FILE
from broadcaster.commands.plan_words import removed, show_plan
from broadcaster.commands.progress import bar
from broadcaster.commands.showing import err, number
from broadcaster.commands.wording import many, note, reader, say, words
from broadcaster.domain.addresses import AddressState
from broadcaster.domain.refusals import located
from broadcaster.domain.stations import Station
from broadcaster.geocoding.client import Geocoder, GeocoderDisabled, GeocoderUnavailable
from broadcaster.geocoding.placing import place
from broadcaster.register.applying import apply
from broadcaster.register.mending import is_to_mend, to_mend
from broadcaster.register.planning import Plan, plan
from broadcaster.register.reading import WORKBOOK, Source, open_source
from broadcaster.store.engine.engine import Store
from broadcaster.store.people import addresses

_SHOWN = 10
_PAUSES_S = (1.0, 3.0)
_DELIMITERS = {"tab": "\t", "\\t": "\t"}


@dataclass(frozen=True)
class _Wish:
    station: str
    errors: Path
    skip_bad: bool
    empty_clears: bool
    allow_removals: bool
    dry_run: bool


@click.group("import")
def import_() -> None:
    """Take over lists from elsewhere."""


@import_.command("subscribers")
@click.argument("file", type=FILE)
@click.option("--station", required=True, help="Short name of the station they are to follow.")
@click.option("--skip-bad", is_flag=True, help="Take over the good lines, and leave out the bad ones.")
@click.option("--empty-clears", is_flag=True, help="An empty cell removes what the register holds.")
@click.option("--allow-removals", is_flag=True, help="Do not ask when the list removes a lot.")
@click.option(
    "--errors",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where refused lines are listed; without it, FILE.errors.csv.",
)
@click.option("--delimiter", help="One sign, or tab. Without it, found out from the header.")
@click.option("--encoding", help="utf-8, cp1252… Without it, found out: UTF-8, else Windows-1252.")
@click.option("--dry-run", is_flag=True, help="Check and compare everything, change nothing.")
def subscribers(
    *,
    file: Path,
    station: str,
    skip_bad: bool,
    empty_clears: bool,
    allow_removals: bool,
    errors: Path | None,
    delimiter: str | None,
    encoding: str | None,
    dry_run: bool,
) -> None:
    """Import a club's member list or a town's register: CSV or an Excel workbook (xlsx) with a header.

    \b
    external_id   who is who: the list's own number for a person; without it, the name and a contact are
    name          also first_name / prénom
    locale        fr, en…; without it, the station's first language
    mobile        gets SMS               also: sms, portable
    landline      gets calls             also: voice, fixe
    phone         the number decides     also: téléphone
    email         also: courriel; several values in a cell separated by ; or |
                  further ones in columns of their own: téléphone 2, email 2
                  of a child's guardians: mobile responsable 1, email responsable 2, nom responsable 1
    address       with postcode and city: looked up by TOCSIN_GEOCODER_URL   also: adresse, code postal, commune
    lon, lat      WGS 84 degrees, with label; further places as lon2, lat2, label2…
    vulnerable    oui, non: is in the register of vulnerable people, told before others (also: vulnérable)
    groups        names, separated by ; or |; new ones are made

    All or nothing, unless --skip-bad: one bad line, and nothing is changed. The same file imported again changes
    nothing; a changed line changes that person; people who are no longer in the file stay. A missing column leaves
    what it holds as it is, and so does an empty cell without --empty-clears. Of telephones, a number replaces those of
    its kind: a mobile the mobiles, a landline the landlines.
    """  # noqa: D301  click reads the \b
    if delimiter is not None:
        delimiter = _DELIMITERS.get(delimiter.lower(), delimiter)
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise Stop("delimiter")
    source = open_source(file, encoding=encoding, delimiter=delimiter)
    wish = _Wish(
        station, errors or file.with_name(file.name + ".errors.csv"), skip_bad, empty_clears, allow_removals, dry_run
    )
    if wish.errors.resolve() == file.resolve():
        raise Stop("errors-over-list")
    wait_for(_import(source, wish))


@import_.command("addresses")
@click.option("--station", required=True, help="Short name of the station.")
def look_up(*, station: str) -> None:
    """Go on looking up the addresses of earlier lists: those for which the geocoder was away, or that were cut short.

    A running service does so by itself. Nothing but addresses is sent to the geocoder.
    """

    async def work() -> None:
        async with opened(settings()) as store:
            async with store.read() as unit:
                found = await station_of(unit, station)
            await _place(store, found)

    wait_for(work())


async def _place(store: Store, station: Station) -> None:
    """Look up waiting addresses, and print what is left to a person."""
    async with store.read() as unit:
        waiting = (await addresses.counts(unit, station.id))[AddressState.WAITING]
    if waiting:
        with bar(words("looking up addresses"), waiting) as count:
            why = await _patiently(store, station, count)
        if why:
            note("%(why)s: the addresses that are left wait", why=why)
            again = f"tocsin import addresses --station {station.slug}"
            told = words("a running service goes on by itself; or: %(command)s", command=again)
            click.echo(f"  {told}", err=True)
    async with store.read() as unit:
        counts = await addresses.counts(unit, station.id)
    if sum(counts.values()):
        placed = counts[AddressState.PLACED] + counts[AddressState.CONFIRMED] + counts[AddressState.GIVEN]
        gaps = {
            "placed": number(placed),
            "uncertain": number(counts[AddressState.UNCERTAIN]),
            "lost": number(counts[AddressState.NOT_FOUND]),
            "waiting": number(counts[AddressState.WAITING]),
        }
        say("addresses: %(placed)s placed, %(uncertain)s uncertain, %(lost)s not found, %(waiting)s waiting", **gaps)
    if counts[AddressState.UNCERTAIN] + counts[AddressState.NOT_FOUND]:
        page = f"/console/people/addresses?station={station.slug}"
        told = words("until they are placed no circle reaches these people: %(page)s", page=page)
        click.echo(f"  {told}")


async def _patiently(store: Store, station: Station, count: Callable[[int], None]) -> str:
    """Look up all waiting addresses, retrying while the geocoder is away; return why some are left, or empty."""
    geocoder = Geocoder(settings().geocoder_url)
    done = 0

    def told(more: int) -> None:
        count(done + more)

    for pause_s in (*_PAUSES_S, None):
        try:
            await place(store, geocoder, station, SystemClock(), told)
        except GeocoderDisabled:
            return words("addresses are not looked up (TOCSIN_GEOCODER_URL is off)")
        except GeocoderUnavailable as error:
            if pause_s is None:
                return str(error)
            await asyncio.sleep(pause_s)
        else:
            break
    return ""


async def _import(source: Source, wish: _Wish) -> None:
    aside = err().print
    name = {"\t": words("tab"), ";": words("semicolon"), ",": words("comma"), "|": words("bar")}.get(
        source.delimiter, source.delimiter
    )
    how = "" if source.encoding == WORKBOOK else words(", separated by %(name)s", name=name)
    aside(f"{source.path.name}{words(': ')}{source.encoding_name}{how}", markup=False)
    if source.header > 1:
        aside("  " + words("the header is in line %(n)s; what stands above it is not read", n=source.header))
    if source.guessed and source.encoding == "cp1252":
        aside("  " + words("it is not UTF-8, so it is read as Windows-1252; if names look wrong, give --encoding"))
    if source.columns.ignored:
        ignored = ", ".join(source.columns.ignored)
        aside("  " + words("columns that mean nothing here: %(columns)s", columns=ignored), markup=False)
    async with opened(settings()) as store:
        async with store.read() as unit:
            station = await station_of(unit, wish.station)
        with bar(words("checking"), None) as count:
            made = await plan(store, station, source, empty_clears=wish.empty_clears, vulnerable=True, progress=count)
        with made:
            show_plan(made)
            _report_refusals(made, wish)
            if wish.dry_run:
                say("dry run: nothing was changed")
            else:
                _confirm_removals(made, wish)
                await _apply(store, made)
                await _place(store, station)


async def _apply(store: Store, made: Plan) -> None:
    if made.new + made.changed == 0:
        say("nothing to change")
        return
    with bar(words("sealing and writing"), made.new + made.changed) as count:
        await apply(store, made, machine(), progress=count)
    gaps = {"new": number(made.new), "changed": number(made.changed), "unchanged": number(made.unchanged)}
    say("done: %(new)s added, %(changed)s changed, %(unchanged)s left as they were", **gaps)


def _confirm_removals(made: Plan, wish: _Wish) -> None:
    """Stop if a lot would be removed without confirmation."""
    if not made.removes_many or wish.allow_removals:
        return
    if not sys.stdin.isatty():
        raise Stop("removes-many", what=removed(made))
    confirm(words("Remove %(what)s from the register?", what=removed(made)), "nothing-changed")


def _report_refusals(made: Plan, wish: _Wish) -> None:
    """Write refused lines to the error file; stops unless they are skipped."""
    if not made.refusals:
        with contextlib.suppress(FileNotFoundError):
            _remove_old(wish.errors)
        return
    wish.errors.write_bytes(to_mend(made, reader()))
    for each in made.refusals[:_SHOWN]:
        told = words("line %(line)s: %(problem)s", line=each.line, problem=located(each, reader()))
        click.echo(f"  {told}", err=True)
    if len(made.refusals) > _SHOWN:
        click.echo("  " + words("… and %(more)s more", more=number(len(made.refusals) - _SHOWN)), err=True)
    note("each refused line is in %(path)s", path=wish.errors)
    if not wish.skip_bad:
        lines = many("%(n)s line", "%(n)s lines", made.lines)
        raise Stop("lines-refused", refused=number(made.refused_lines), lines=lines)


def _remove_old(path: Path) -> None:
    """Remove an earlier run's error file, which could be mistaken for this one's."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        ours = is_to_mend(file.readline())
    if ours:
        path.unlink()
