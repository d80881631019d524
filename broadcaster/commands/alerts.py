"""``tocsin alert list|show|deliveries|unreached|visits|update|cancel``."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import click

from broadcaster.commands.alert_words import audiences, kinds, progress, severities, states, statuses
from broadcaster.commands.api import Api, Lost
from broadcaster.commands.changing import area_in, changes, like
from broadcaster.commands.exits import Exit
from broadcaster.commands.failing import Stop, Told, confirm, wait_for
from broadcaster.commands.following import follow
from broadcaster.commands.opened import settings
from broadcaster.commands.options import NUMBER, with_json, with_yes
from broadcaster.commands.reached import service
from broadcaster.commands.report import settled, show_report, show_unreached, unreached, visit_rows, visits
from broadcaster.commands.second_person import end_if_it_waits, with_reason, with_stake
from broadcaster.commands.showing import err, moment, number, out, print_json, table
from broadcaster.commands.wording import note, reader, say, words
from broadcaster.domain.alerts import AlertState, Severity
from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import CHANNELS
from broadcaster.register.sheets import BOM, csv_text, delimiter_of

_WAIT_S = 900.0


@click.group()
def alert() -> None:
    """What was sent, and what became of it."""


def asked(work: Callable[[Api], Awaitable[Any]], *, may_start: bool = False) -> Any:
    async def ask() -> Any:
        async with service(settings(), may_start=may_start) as api:
            try:
                return await work(api)
            except Lost as lost:
                raise Told(str(lost), Exit.UNREACHABLE) from lost

    return wait_for(ask())


@alert.command("list")
@click.option("--station", help="Only of this station.")
@click.option("--digests", is_flag=True, help="The daily digests, which are not among the alerts.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 200))
@with_json
def list_(*, station: str | None, digests: bool, limit: int, as_json: bool) -> None:
    """List the alerts, newest first."""
    query = {"station": station, "digests": "true" if digests else None, "limit": limit}
    page = asked(lambda api: api.get("/v1/alerts", **query))
    if as_json:
        print_json(page)
        return
    roles = {each["id"]: each["role"] for each in page["alerts"]}  # followers are newer, so on the same page
    rows = [
        (
            each["id"],
            moment(each["sent_at"], each["zone"]),
            each["station"],
            statuses()[each["status"]],
            kinds()[each["msg_type"]],
            severities()[each["severity"]],
            progress(each, roles),
            next(iter(each["texts"].values()))["headline"],
        )
        for each in page["alerts"]
    ]
    out().print(table(_listed(), rows))


def _listed() -> tuple[str, ...]:
    more = words("type"), words("severity"), words("state"), words("headline")
    return words("id"), words("sent"), words("station"), words("status"), *more


@alert.command("show")
@click.argument("alert_id", metavar="ID", type=NUMBER)
@with_json
def show(*, alert_id: int, as_json: bool) -> None:
    """Show an alert and its report. The exit code is 3 while not everyone is accounted for, 7 while it waits."""

    async def work(api: Api) -> tuple[Any, Any]:
        shown = await api.get(f"/v1/alerts/{alert_id}")
        sent = shown["state"] in set(AlertState)
        return shown, await api.get(f"/v1/alerts/{alert_id}/report") if sent else None

    shown, report = asked(work)
    if as_json:
        print_json({"alert": shown, "report": report})
    else:
        _show_alert(shown)
        if report is not None:
            show_report(out(), report, shown["zone"])
    end_if_it_waits(shown)
    if report is not None and not settled(report):
        raise click.exceptions.Exit(int(Exit.UNACCOUNTED))


def _show_alert(shown: dict[str, Any]) -> None:
    console = out()
    facts = [
        (words("station"), shown["station"]),
        (words("status"), statuses()[shown["status"]]),
        (words("type"), kinds()[shown["msg_type"]]),
        (words("severity"), severities()[shown["severity"]]),
        (words("event"), shown["event"]),
        (words("sent"), moment(shown["sent_at"], shown["zone"])),
        (words("until"), moment(shown["expires"], shown["zone"])),
        (words("channels"), ", ".join(reader().channel(each, inside=True) for each in shown["channels"])),
        (words("audience"), " ".join((audiences()[shown["audience"]["kind"]], *shown["audience"]["groups"]))),
        (words("page"), shown["url"]),
    ]
    console.print(table(("", ""), facts))
    for language, text in shown["texts"].items():
        console.print(f"[bold]{language}[/bold]", end=" ")
        console.print(text["headline"], markup=False)
        for part in (text["description"], text["instruction"]):
            if part:
                console.print("   " + part, markup=False)


@alert.command("deliveries")
@click.argument("alert_id", metavar="ID", type=NUMBER)
@click.option("--state", type=click.Choice([state.word for state in DeliveryState]), help="Only in this state.")
@click.option("--channel", type=click.Choice([name.value for name in CHANNELS]), help="Only by this channel.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1_000_000), help="How many at most.")
@with_json
def deliveries(*, alert_id: int, state: str | None, channel: str | None, limit: int, as_json: bool) -> None:
    """List an alert's deliveries: one to each contact, never its address."""

    async def work(api: Api) -> tuple[list[Any], str | None, str]:
        zone = (await api.get(f"/v1/alerts/{alert_id}"))["zone"]
        found: list[Any] = []
        cursor: str | None = None
        while len(found) < limit:
            page = await api.get(
                f"/v1/alerts/{alert_id}/deliveries",
                state=state,
                channel=channel,
                cursor=cursor,
                limit=min(1000, limit - len(found)),
            )
            found.extend(page["deliveries"])
            cursor = page["next"]
            if cursor is None:
                break
        return found, cursor, zone

    found, cursor, zone = asked(work)
    if as_json:
        print_json({"deliveries": found, "next": cursor})
        return
    rows = [
        (
            each["id"],
            each["external_id"] or each["subscriber_id"],
            reader().channel(each["channel"], inside=True),
            states()[each["state"]],
            each["attempts"],
            each["code"],
            moment(each["accepted_at"], zone),
            moment(each["delivered_at"], zone),
        )
        for each in found
    ]
    names = words("person"), words("channel"), words("state"), f"#{words('tries')}", words("code")
    out().print(table((f"#{words('id')}", *names, words("accepted"), words("delivered")), rows))
    if cursor is not None:
        note("there are more: give a higher --limit")


@alert.command("unreached")
@click.argument("alert_id", metavar="ID", type=NUMBER)
@with_json
def unreached_(*, alert_id: int, as_json: bool) -> None:
    """List the people whom nothing reached, and why."""

    async def work(api: Api) -> list[Any]:
        return [each async for each in unreached(api, str(alert_id))]

    found = asked(work)
    if as_json:
        print_json({"unreached": found})
    else:
        show_unreached(out(), found, len(found))


@alert.command("visits")
@click.argument("alert_id", metavar="ID", type=NUMBER)
@click.option("--unconfirmed", is_flag=True, help="Also those who were told and have not confirmed.")
@click.option("--csv", "as_csv", is_flag=True, help="A CSV file on stdout, for a spreadsheet.")
@with_json
def visits_(*, alert_id: int, unconfirmed: bool, as_csv: bool, as_json: bool) -> None:
    """List whom to visit, by street and house number, to print. The audit log records it."""

    async def work(api: Api) -> tuple[list[Any], str]:
        zone = (await api.get(f"/v1/alerts/{alert_id}"))["zone"]
        return await visits(api, str(alert_id), "unconfirmed" if unconfirmed else "unreached"), zone

    streets, zone = asked(work)
    columns, *people = visit_rows(streets, zone)
    if as_json:
        print_json({"streets": streets})
    elif as_csv:
        click.echo(BOM + csv_text([columns, *people], delimiter_of(reader().locale)), nl=False)
    else:
        out().print(table(columns, people))
    if rest := sum(each["listed"] for each in streets) - len(people):
        note("%(n)s of them are not in here: the console's CSV of this list has everyone", n=number(rest))


@alert.command("update")
@click.argument("alert_id", metavar="ID", type=NUMBER)
@click.option("--headline", help="The new headline; with it, the whole text in this language is replaced.")
@click.option("--description", help="What is happening.")
@click.option("--instruction", help="What to do.")
@click.option("--easy", help="The same in short plain sentences, one a line, for the alert's page (FALC).")
@click.option("--lang", help="The language of these texts.  [the alert's first]")
@click.option("--lat", type=float, help="Latitude of the new circle's centre.")
@click.option("--lon", type=float, help="Longitude of the new circle's centre.")
@click.option("--radius", type=float, help="The new circle's radius, in metres.")
@click.option("--area", "area_file", type=click.File("rb"), help="The new area as JSON: circles and polygons.")
@click.option("--severity", type=click.Choice([each.value for each in Severity]), help="How serious it is now.")
@click.option("--expires", help="Until when it holds now: 6h, 90min, 2d, or 2026-07-01T18:30.")
@click.option("--silent", is_flag=True, help="No SMS, e-mail or call to those who were told before.")
@with_stake
@with_yes
@with_json
def update_(*, alert_id: int, yes: bool, as_json: bool, stake: str, **given: Any) -> None:
    """Replace an alert by a new version, and tell each person what changed for them."""

    async def work(api: Api) -> Any:
        shown = await api.get(f"/v1/alerts/{alert_id}")
        body = changes(shown, given)
        if not yes:
            foreseen = await api.post("/v1/reach", {**like(shown), **area_in(body), "updates": str(alert_id)})
            _confirm_update(shown, foreseen["delta"])
        headers = {"Idempotency-Key": f"cli-{secrets.token_urlsafe(16)}", "If-Match": f'"{alert_id}"'}
        new = await api.post(f"/v1/alerts/{alert_id}/updates", with_reason(body, stake), headers=headers)
        if as_json:
            print_json(new)
        end_if_it_waits(new)
        return new, await _is_sent(api, new)

    new, sent = asked(work, may_start=True)
    if not sent:
        raise Stop("update-unfinished", Exit.UNACCOUNTED, id=new["id"])
    if not as_json:
        say("the alert is %(id)s now: %(url)s", id=new["id"], url=new["url"])
        say("follow it with: tocsin alert show %(id)s", id=new["id"])


async def _is_sent(api: Api, alert: dict[str, Any]) -> bool:
    """Let a temporary service run until everyone is accounted for; return whether they are. A lasting one goes on."""
    if not api.passing:
        return True
    report = await follow(api, alert["id"], wait_s=_WAIT_S, console=err())
    return report is not None and settled(report)


def _confirm_update(shown: dict[str, Any], delta: dict[str, int]) -> None:
    said = next(iter(shown["texts"].values()))
    note("newly inside: %(new)s · still inside: %(still)s · now outside: %(outside)s", **delta)
    confirm(words("Update “%(headline)s”?", headline=said["headline"]), "nothing-updated")


@alert.command("cancel")
@click.argument("alert_id", metavar="ID", type=NUMBER)
@click.option("--headline", help="What the all-clear says; without it, what was prepared with the alert.")
@click.option("--description", help="More of it.")
@click.option("--lang", help="The language of these two.  [the alert's first]")
@click.option("--mistake", is_flag=True, help="It was sent by mistake, and the message says so.")
@with_yes
@with_json
def cancel(
    *,
    alert_id: int,
    headline: str | None,
    description: str | None,
    lang: str | None,
    mistake: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """End an alert: the all-clear goes to everyone who was told, wherever they are now, and the unsent is stopped."""
    if description and not headline:
        raise Stop("headline-above")

    async def work(api: Api) -> Any:
        shown = await api.get(f"/v1/alerts/{alert_id}")
        language = lang or next(iter(shown["texts"]))
        if not yes:
            said = shown["texts"].get(language) or next(iter(shown["texts"].values()))
            gaps = {"headline": said["headline"], "status": statuses()[shown["status"]]}
            confirm(words("Cancel “%(headline)s” (%(status)s)?", **gaps), "nothing-cancelled")
        text = {"headline": headline, **({"description": description} if description else {})}
        body = {"kind": "mistake" if mistake else "all_clear", **({"texts": {language: text}} if headline else {})}
        cleared = await api.post(f"/v1/alerts/{alert_id}/cancel", body)
        return cleared, await _is_sent(api, cleared)

    cleared, sent = asked(work, may_start=True)
    if not sent:
        raise Stop("all-clear-unfinished", Exit.UNACCOUNTED, id=cleared["id"])
    if as_json:
        print_json(cleared)
    else:
        gaps = {name: cleared[name] for name in ("id", "url")}
        back = words("the notice of the mistake is alert %(id)s: %(url)s", **gaps)
        click.echo(back if mistake else words("the all-clear is alert %(id)s: %(url)s", **gaps))
        say("follow it with: tocsin alert show %(id)s", id=cleared["id"])
