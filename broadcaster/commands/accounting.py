"""Prints an alert's account, and the people not reached."""

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


def settled(account: dict[str, Any]) -> bool:
    """Return whether everyone is accounted for, except people in their quiet hours."""
    waits = account["resolved"] and 0 < account["unaccounted"] <= account["waiting"]
    return bool(waits or (account["state"] == "finished" and account["unaccounted"] == 0))


def show_report(console: Console, account: dict[str, Any]) -> None:
    """Print people by best state, deliveries by channel and state, and latencies."""
    people = account["people"]
    if account["matched"] == 0:
        console.print(Text("0 people matched: NOBODY was told anything", style="bold red"))
    else:
        parts = ", ".join(f"{count:,} {state}" for state, count in people.items() if count)
        console.print(f"[bold]{account['matched']:,} people matched[/bold]: {parts}")
    _say_apart(console, account)
    if account["unaccounted"] > account["waiting"]:
        console.print(Text(f"{account['unaccounted']:,} are not accounted for yet", style="bold yellow"))
    elif settled(account) and account["matched"]:
        console.print(Text("everyone is accounted for", style="bold green"))
    states = [state for state in _ORDER if any(counts.get(state) for counts in account["channels"].values())]
    rows = [
        (
            CHANNEL_WORDS[name] + (" (sandbox)" if name in account["sandbox"] else ""),
            *(f"{counts.get(state, 0):,}" for state in states),
            f"{sum(counts.values()):,}",
        )
        for name, counts in account["channels"].items()
    ]
    if rows:
        console.print(table(("channel", *(f"#{state.replace('_', ' ')}" for state in states), "#all"), rows))
    times = [
        (f"to {name}", *(seconds(account[f"{name}_s"][share]) for share in _SHARES))
        for name in ("accepted", "delivered")
    ]
    console.print(table(("people", *(f"#{share}" for share in _SHARES)), times))
    for name, why in account["stopped"].items():
        console.print(Text(f"{CHANNEL_WORDS[name]} is stopped: {why}", style="bold red"))
    for warning in account["warnings"]:
        console.print(Text(f"warning: {warning}", style="yellow"))
    say_sandbox(console, account["sandbox"])
    if account["cancelled_at"]:
        console.print(f"cancelled {moment(account['cancelled_at'])}")


def _say_apart(console: Console, account: dict[str, Any]) -> None:
    for name, told in _APART.items():
        n = sum(account[name].values()) if isinstance(account[name], dict) else account[name]
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
