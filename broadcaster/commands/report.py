"""Prints an alert's report, the people not reached, and whom to visit."""

from collections.abc import AsyncIterator
from typing import Any

from rich.console import Console
from rich.text import Text

from broadcaster.commands.alert_words import states
from broadcaster.commands.api import Api
from broadcaster.commands.foresight import channel_of, say_sandbox, say_unwanted, say_warned
from broadcaster.commands.showing import moment, number, seconds, table
from broadcaster.commands.wording import many, reader, say_many, words
from broadcaster.domain.alerts import ThreadRole
from broadcaster.domain.reasons import Reason, Why, sentence
from broadcaster.domain.visits import FINDINGS, found_words

_ORDER = (
    "acknowledged", "opened", "displayed", "delivered", "accepted", "queued", "failed", "gone", "expired", "cancelled",
    "dead_letter",
)  # fmt: skip
_SHARES = ("p50", "p95", "p99")
_REASONS = frozenset(Reason)


def settled(report: dict[str, Any]) -> bool:
    """Return whether everyone is accounted for, except people in their quiet hours."""
    waits = report["resolved"] and 0 < report["unaccounted"] <= report["waiting"]
    return bool(waits or (report["state"] == "finished" and report["unaccounted"] == 0))


def show_report(console: Console, report: dict[str, Any], zone: str | None = None) -> None:
    """Print people by best state, deliveries by channel and state, and latencies."""
    people = report["people"]
    nobody_outside = any(each["code"] == "left-to-nobody" for each in report["warned"])
    if nobody_outside:
        pass  # said below; it is as it should be
    elif report["matched"] == 0:
        console.print(Text(words("0 people matched: NOBODY was told anything"), style="bold red"))
    else:
        said = states()
        parts = ", ".join(f"{number(count)} {said[state]}" for state, count in people.items() if count)
        matched = many("%(n)s person matched", "%(n)s people matched", report["matched"])
        console.print(Text.assemble((matched, "bold"), words(": "), parts))
    _say_apart(console, report)
    if report["unaccounted"] > report["waiting"]:
        told = many("%(n)s is not accounted for yet", "%(n)s are not accounted for yet", report["unaccounted"])
        console.print(Text(told, style="bold yellow"))
    elif settled(report) and report["matched"]:
        console.print(Text(words("everyone is accounted for"), style="bold green"))
    shown = [state for state in _ORDER if any(counts.get(state) for counts in report["channels"].values())]
    rows = [
        (
            channel_of(name, report["sandbox"]),
            *(number(counts.get(state, 0)) for state in shown),
            number(sum(counts.values())),
        )
        for name, counts in report["channels"].items()
    ]
    if rows:
        names = (words("channel"), *(f"#{states()[state]}" for state in shown), f"#{words('all')}")
        console.print(table(names, rows))
    if report["steps"]:
        figures = [
            (
                ", ".join(reader().channel(name, inside=True) for name in each["channels"]),
                seconds(each["after_s"]),
                *(number(each[n]) for n in ("people", "told", "confirmed")),
            )
            for each in report["steps"]
        ]
        names = (words("people"), words("told first"), words("confirmed"))
        console.print(table((words("step"), f"#{words('after')}", *(f"#{each}" for each in names)), figures))
    times = [
        (told, *(seconds(report[f"{name}_s"][share]) for share in _SHARES))
        for name, told in (("accepted", words("to accepted")), ("delivered", words("to delivered")))
    ]
    console.print(table((words("people"), *(f"#{share}" for share in _SHARES)), times))
    for name, why in report["stopped"].items():
        told = words("%(channel)s is stopped: %(why)s", channel=reader().channel(name), why=why)
        console.print(Text(told, style="bold red"))
    say_warned(console, report["warned"])
    say_sandbox(console, report["sandbox"])
    if report["cancelled_at"]:
        time = moment(report["cancelled_at"], zone)
        told = words("replaced %(time)s", time=time) if _replaced(report) else words("cancelled %(time)s", time=time)
        console.print(told)


def _replaced(report: dict[str, Any]) -> bool:
    """Return whether the alert that ended this one is an update."""
    roles = {each["id"]: each["role"] for each in report["versions"]}
    later = list(roles)[list(roles).index(report["alert_id"]) + 1 :] if roles else []
    return (
        next((roles[each] for each in later if roles[each] not in {ThreadRole.LEFT, ThreadRole.REMINDER}), "")
        == ThreadRole.UPDATE
    )


def _say_apart(console: Console, report: dict[str, Any]) -> None:
    say_many(
        "%(n)s sign-up is not confirmed yet, and not counted",
        "%(n)s sign-ups are not confirmed yet, and not counted",
        sum(report["unconfirmed"].values()),
        to=console.print,
    )
    say_many(
        "for %(n)s person it waits until their quiet hours end",
        "for %(n)s people it waits until their quiet hours end",
        report["waiting"],
        to=console.print,
    )
    say_many(
        "%(n)s person gets it in their daily digest",
        "%(n)s people get it in their daily digest",
        report["digest"],
        to=console.print,
    )
    say_unwanted(console, report["unwanted"])


async def unreached(api: Api, alert_id: str) -> AsyncIterator[dict[str, Any]]:
    """Yield the people not reached."""
    cursor: str | None = None
    while True:
        page = await api.get(f"/v1/alerts/{alert_id}/unreached", cursor=cursor, limit=1000)
        for each in page["unreached"]:
            yield each
        cursor = page["next"]
        if cursor is None:
            return


def show_unreached(console: Console, people: list[dict[str, Any]], count: int) -> None:
    """Print these of the ``count`` people not reached, and why."""
    rows = [(each["external_id"], each["name"], Text(_why(each["reasons"]))) for each in people]
    title = many("%(n)s person was not reached", "%(n)s people were not reached", count)
    console.print(table((words("id"), words("name"), words("why")), rows, title=title))


async def visits(api: Api, alert_id: str, who: str) -> list[dict[str, Any]]:
    """Return the streets of a visit list, those too that the service cut from the first answer.

    Of one with more than it gives at once (people without an address may be so many), only the first.
    """
    path = f"/v1/alerts/{alert_id}/visits"
    streets: list[dict[str, Any]] = (await api.get(path, who=who))["streets"]
    return [each if len(each["people"]) == each["listed"] else await _whole(api, path, who, each) for each in streets]


async def _whole(api: Api, path: str, who: str, street: dict[str, Any]) -> dict[str, Any]:
    found: list[dict[str, Any]] = (await api.get(path, who=who, street=street["place"]))["streets"]
    return found[0] if found else street


def visit_rows(streets: list[dict[str, Any]], zone: str | None) -> list[tuple[str, ...]]:
    """Return whom to visit, by street and house number, below the names of the columns."""
    named = words("Street"), words("House number"), words("Name"), words("Telephones")
    rows: list[tuple[str, ...]] = [(*named, words("First"), words("Last contact"), words("Reason"), words("Visited"))]
    for street in streets:
        for each in street["people"]:
            found = each["visited"]
            row = (
                street["name"],
                each["number"],
                each["name"] or "",
                " ".join(each["phones"]),
                words("yes") if each["first"] else "",
                moment(each["told_at"], zone) if each["told_at"] else "",
                _why(each["reasons"]) if each["reasons"] else words("has not confirmed"),
                f"{moment(found['at'], zone)} {found_words(FINDINGS[found['found']], words)}" if found else "",
            )
            rows.append(row)
    return rows


def _why(reasons: list[dict[str, Any]]) -> str:
    """Return the API's reasons as a sentence; a reason of a newer service is shown by its code."""
    known = [
        Why(Reason(each["reason"]), each["channel"], each["code"]) for each in reasons if each["reason"] in _REASONS
    ]
    return sentence(known, words, codes=True)
