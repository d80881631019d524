"""``tocsin schedule list|show|next|pause|resume|cancel``, and ``tocsin send --at``."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from broadcaster.commands.alert_words import severities, statuses
from broadcaster.commands.alerts import asked
from broadcaster.commands.api import Api
from broadcaster.commands.drafting import minutes_of
from broadcaster.commands.failing import Stop, confirm
from broadcaster.commands.options import NUMBER, with_json, with_yes
from broadcaster.commands.showing import number, out, print_json, table
from broadcaster.commands.wording import many, say, words

OPTIONS = (
    click.option("--at", help="Send it then, in the station's time: 2026-12-07 07:30."),
    click.option("--repeat", help="With --at: again and again, an RRULE of RFC 5545 such as FREQ=WEEKLY;BYDAY=MO."),
    click.option("--zone", help="With --at: another time zone, such as Indian/Reunion."),
    click.option("--skip-public-holidays", is_flag=True, help="With --repeat: not on public holidays."),
    click.option(
        "--skip-school-holidays", metavar="ZONE", help="With --repeat: not in the holidays of zone A, B or C."
    ),
    click.option("--grace", help="With --at: how late it is still sent, as in 30min; two hours, if not said."),
    click.option("--reason", help="With --at: why a severe or extreme alert is scheduled."),
    click.option("--public", is_flag=True, help="With --at: show its dates in the station's public calendar."),
)
_WITH_AT = ("repeat", "zone", "skip_public_holidays", "skip_school_holidays", "grace", "reason", "public")


def with_schedule(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def scheduled(body: dict[str, Any], given: dict[str, Any]) -> dict[str, Any] | None:
    """Return the document of POST /v1/schedules for an alert's document; None if the alert is sent now."""
    if not given["at"]:
        alone = [name for name in _WITH_AT if given[name]]
        if alone:
            raise Stop("goes-with-at", name=alone[0].replace("_", "-"))
        return None
    asked_for = {name: value for name, value in body.items() if name not in ("expires", "onset")}
    asked_for["at"] = given["at"].strip()
    for name in ("repeat", "zone", "skip_school_holidays", "reason"):
        if given[name]:
            asked_for[name] = given[name]
    for name in ("skip_public_holidays", "public"):
        asked_for[name] = given[name]
    for name, option in (("lasts_minutes", "expires"), ("onset_minutes", "onset"), ("grace_minutes", "grace")):
        if given[option]:
            asked_for[name] = minutes_of(option, given[option], given["at"])
    return asked_for


@click.group()
def schedule() -> None:
    """Alerts for later: when they are due, and what became of them."""


@schedule.command("list")
@click.option("--station", help="Only of this station.")
@click.option("--ended", is_flag=True, help="Those too that have ended.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 200))
@with_json
def list_(*, station: str | None, ended: bool, limit: int, as_json: bool) -> None:
    """List the schedules, newest first."""
    query = {"station": station, "ended": "true" if ended else None, "limit": limit}
    page = asked(lambda api: api.get("/v1/schedules", **query))
    if as_json:
        print_json(page)
        return
    rows = [
        (
            each["id"],
            local(each["next"], each["zone"]),
            _kinds()[each["kind"]],
            _state(each),
            each["repeat"] or words("once"),
            each["station"],
            _headline(each),
            each["author"],
        )
        for each in page["schedules"]
    ]
    names = words("next"), words("kind"), words("state"), words("repeat"), words("station"), words("headline")
    out().print(table((words("id"), *names, words("author")), rows))


@schedule.command("show")
@click.argument("schedule_id", metavar="ID", type=NUMBER)
@with_json
def show(*, schedule_id: int, as_json: bool) -> None:
    """Show a schedule, its next ten times, and what became of the last."""

    async def work(api: Api) -> tuple[Any, Any]:
        one = f"/v1/schedules/{schedule_id}"
        return await api.get(one), await api.get(one + "/occurrences")

    shown, occurrences = asked(work)
    if as_json:
        print_json({"schedule": shown, "occurrences": occurrences})
        return
    facts = [
        (words("headline"), _headline(shown)),
        (words("kind"), _kinds()[shown["kind"]]),
        (words("state"), _state(shown)),
        (words("author"), shown["author"]),
        (words("at"), f"{shown['at'].replace('T', ' ')} {shown['zone']}"),
        (words("repeat"), shown["repeat"] or words("once")),
        (words("severity"), f"{severities()[shown['severity']]} ({statuses()[shown['status']]})"),
        (words("holds"), f"{shown['lasts_minutes']} min"),
        (words("grace"), f"{shown['grace_minutes']} min"),
    ]
    if shown["reach_changed"]:
        now = many("%(n)s person", "%(n)s people", shown["reach_now"])
        told = words("%(people)s, and %(before)s when it was written", people=now, before=number(shown["reach"]))
        facts.append((words("reach"), told))
    out().print(table(("", ""), facts))
    zone = shown["zone"]
    rows = [(local(each, zone), "") for each in occurrences["coming"]]
    rows += [(local(each["at"], zone), f"{each['outcome']} {each['problem']}".strip()) for each in occurrences["past"]]
    out().print(table((words("when"), ""), rows))


@schedule.command("next")
@click.argument("schedule_id", metavar="ID", type=NUMBER)
@click.option("--count", default=10, show_default=True, type=click.IntRange(1, 100))
@with_json
def next_(*, schedule_id: int, count: int, as_json: bool) -> None:
    """Show when a schedule is next due, in its zone."""

    async def work(api: Api) -> tuple[Any, Any]:
        one = f"/v1/schedules/{schedule_id}"
        return await api.get(one), await api.get(one + "/occurrences", count=count)

    shown, found = asked(work)
    if as_json:
        print_json(found["coming"])
    else:
        for each in found["coming"]:
            click.echo(local(each, shown["zone"]))


@schedule.command("pause")
@click.argument("schedule_id", metavar="ID", type=NUMBER)
@click.option("--occurrence", metavar="WHEN", help="Only this time, as `next` shows it.")
@click.option("--following", is_flag=True, help="With --occurrence: that time and all after it.")
def pause(*, schedule_id: int, occurrence: str | None, following: bool) -> None:
    """Send nothing of a schedule until it is resumed; or leave one time out, or pause from one on."""
    if following and not occurrence:
        raise Stop("following-with-occurrence")

    async def work(api: Api) -> Any:
        one = f"/v1/schedules/{schedule_id}"
        body: dict[str, Any] = {"paused": True}
        if occurrence:
            zone = (await api.get(one))["zone"]
            body |= {"occurrence": _instant(occurrence, zone), "following": following}
        return await api.patch(one, body)

    shown = asked(work)
    again = f"tocsin schedule resume {shown['id']}"
    click.echo(
        words("that time is left out")
        if occurrence and not following
        else words("paused; go on with: %(command)s", command=again)
    )


@schedule.command("resume")
@click.argument("schedule_id", metavar="ID", type=NUMBER)
def resume(*, schedule_id: int) -> None:
    """Let a paused schedule go on."""
    shown = asked(lambda api: api.patch(f"/v1/schedules/{schedule_id}", {"paused": False}))
    say("next: %(time)s", time=local(shown["next"], shown["zone"]))


@schedule.command("cancel")
@click.argument("schedule_id", metavar="ID", type=NUMBER)
@with_yes
def cancel(*, schedule_id: int, yes: bool) -> None:
    """End a schedule: nothing more of it is sent, overdue or not."""

    async def work(api: Api) -> None:
        shown = await api.get(f"/v1/schedules/{schedule_id}")
        if not yes:
            confirm(words("End “%(headline)s”?", headline=_headline(shown)), "nothing-ended")
        await api.delete(f"/v1/schedules/{schedule_id}")

    asked(work)
    say("ended")


def _state(shown: dict[str, Any]) -> str:
    if shown["ended_at"]:
        return words("ended")
    if shown["awaiting_approval"]:
        return words("waits for approval")
    return words("paused") if shown["paused"] else words("open")


def _kinds() -> dict[str, str]:
    return {"alert": words("alert"), "reminder": words("reminder"), "drill": words("drill")}


def _headline(shown: dict[str, Any]) -> str:
    return str(next(iter(shown["texts"].values()))["headline"])


def local(at: str | None, zone: str) -> str:
    """Return an ISO 8601 instant in a schedule's zone, in the form of ``--at`` and ``--occurrence``."""
    return "" if at is None else f"{datetime.fromisoformat(at).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def _instant(text: str, zone: str) -> str:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Stop("no-occurrence", text=text[:40]) from None
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).isoformat()
