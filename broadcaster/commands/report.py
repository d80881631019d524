"""Prints an alert's report, and the people not reached."""

from collections.abc import AsyncIterator
from typing import Any

from rich.console import Console
from rich.text import Text

from broadcaster.commands.api import Api
from broadcaster.commands.foresight import say_sandbox
from broadcaster.commands.showing import moment, seconds, table
from broadcaster.domain.people import CHANNEL_WORDS

_ORDER = (
    "acknowledged", "opened", "displayed", "delivered", "accepted", "queued", "failed", "gone", "expired", "cancelled",
    "dead_letter",
)  # fmt: skip
_APART = {
    "unconfirmed": "{:,} sign-ups are not confirmed yet, and not counted",
    "waiting": "for {:,} it waits until their quiet hours end",
    "digest": "{:,} get it in their daily digest",
    "unwanted": "{:,} want no such alert",
}
_SHARES = ("p50", "p95", "p99")


def settled(report: dict[str, Any]) -> bool:
    """Return whether everyone is accounted for, except people in their quiet hours."""
    waits = report["resolved"] and 0 < report["unaccounted"] <= report["waiting"]
    return bool(waits or (report["state"] == "finished" and report["unaccounted"] == 0))


def show_report(console: Console, report: dict[str, Any]) -> None:
    """Print people by best state, deliveries by channel and state, and latencies."""
    people = report["people"]
    if report["matched"] == 0:
        console.print(Text("0 people matched: NOBODY was told anything", style="bold red"))
    else:
        parts = ", ".join(f"{count:,} {state}" for state, count in people.items() if count)
        console.print(f"[bold]{report['matched']:,} people matched[/bold]: {parts}")
    _say_apart(console, report)
    if report["unaccounted"] > report["waiting"]:
        console.print(Text(f"{report['unaccounted']:,} are not accounted for yet", style="bold yellow"))
    elif settled(report) and report["matched"]:
        console.print(Text("everyone is accounted for", style="bold green"))
    states = [state for state in _ORDER if any(counts.get(state) for counts in report["channels"].values())]
    rows = [
        (
            CHANNEL_WORDS[name] + (" (sandbox)" if name in report["sandbox"] else ""),
            *(f"{counts.get(state, 0):,}" for state in states),
            f"{sum(counts.values()):,}",
        )
        for name, counts in report["channels"].items()
    ]
    if rows:
        console.print(table(("channel", *(f"#{state.replace('_', ' ')}" for state in states), "#all"), rows))
    times = [
        (f"to {name}", *(seconds(report[f"{name}_s"][share]) for share in _SHARES))
        for name in ("accepted", "delivered")
    ]
    console.print(table(("people", *(f"#{share}" for share in _SHARES)), times))
    for name, why in report["stopped"].items():
        console.print(Text(f"{CHANNEL_WORDS[name]} is stopped: {why}", style="bold red"))
    for warning in report["warnings"]:
        console.print(Text(f"warning: {warning}", style="yellow"))
    say_sandbox(console, report["sandbox"])
    if report["cancelled_at"]:
        console.print(f"cancelled {moment(report['cancelled_at'])}")


def _say_apart(console: Console, report: dict[str, Any]) -> None:
    for name, told in _APART.items():
        n = sum(report[name].values()) if isinstance(report[name], dict) else report[name]
        if n:
            console.print(told.format(n))


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


def show_unreached(console: Console, people: list[dict[str, Any]], *, title: str) -> None:
    """Print the people not reached, and why."""
    rows = [(each["external_id"], each["name"], Text(each["why"])) for each in people]
    console.print(table(("id", "name", "why"), rows, title=title))
