"""Prints an alert's reach before it is sent."""

from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from broadcaster.commands.showing import money, seconds, table
from broadcaster.domain.people import CHANNEL_WORDS
from broadcaster.domain.spelling import counted

_WIDEST = 100
_BANNERS = {
    "actual": ("REAL ALERT: people will act on this", "bold white on red"),
    "exercise": ("EXERCISE: every message says that it is one", "bold black on cyan"),
    "test": ("TEST: every message says that it is one", "bold black on cyan"),
}

_HEARING = {
    "later": "{} will get it when their quiet hours end",
    "digest": "{} will get it in their daily digest",
    "unwanted": "{} want no such alert",
}


def _width(console: Console) -> int:
    return min(console.width, _WIDEST)


def banner(console: Console, status: str, station: str) -> None:
    """Print unmistakably whether the alert is real."""
    words, style = _BANNERS[status]
    console.print(Panel(Text(f"{words}\nstation: {station}", justify="center"), style=style, width=_width(console)))


def show_reach(console: Console, reach: dict[str, Any]) -> None:
    """Print whom it would reach, by which channels, cost and time."""
    people = reach["people"]
    if people == 0 and reach["others_fewer_than"]:
        console.print(f"[bold]nobody on the station's list, and fewer than {reach['others_fewer_than']} others[/bold]")
    elif people == 0:
        console.print(
            Panel(Text("0 people: NOBODY would be reached", justify="center"), style="bold red", width=_width(console))
        )
    else:
        area = "" if reach["area_km2"] is None else f" in {reach['area_km2']:.2f} km²"
        devices = counted(reach["devices"], "device", "devices")
        console.print(f"[bold]{how_many(reach)}[/bold]{area}, {devices}, {reach['reachable']:,} reachable now")
        if reach["others"] or reach["others_fewer_than"]:
            others = f"about {reach['others']:,}" if reach["others"] else f"fewer than {reach['others_fewer_than']}"
            console.print(f"{reach['registered']:,} are on the station's list, {others} are not")
    if reach["unconfirmed"]:
        console.print(f"about {reach['unconfirmed']:,} sign-ups are not confirmed yet, and not counted")
    say_woken(console, reach)
    _say_hearing(console, reach["hearing"])
    _say_lacking(console, reach)
    rows = [
        (
            CHANNEL_WORDS[name] + (" (sandbox)" if name in reach["sandbox"] else ""),
            f"{each['people']:,}",
            f"{each['contacts']:,}",
            f"{each['units']:,}",
            money(each["cost_minor"], reach["currency"]),
            seconds(each["seconds"]),
        )
        for name, each in reach["channels"].items()
    ]
    console.print(table(("channel", "#people", "#contacts", "#units", "#cost", "#takes"), rows))
    for each in reach["sms"]:
        told = f"SMS in {each['language']}: {each['encoding']}, {counted(each['segments'], 'segment', 'segments')}"
        if each["culprits"]:
            told += "; dearer because of " + " ".join(each["culprits"])
        console.print(told, markup=False)
    console.print(
        f"cost {money(reach['cost_minor'], reach['currency'])}; 95 % within {seconds(reach['seconds_to_95'])}"
    )
    say_sandbox(console, reach["sandbox"])
    for warning in reach["warnings"]:
        console.print(Text(f"warning: {warning}", style="yellow"))


def _say_lacking(console: Console, reach: dict[str, Any]) -> None:
    for name, one, several, told in (
        ("unused", "person has", "people have", "a contact that this alert does not use"),
        ("no_contact", "person has", "people have", "no contact at all"),
        ("opted_out", "person", "people", "opted out"),
        ("paused", "person", "people", "paused all messages"),
    ):
        if reach[name]:
            console.print(f"[yellow]{counted(reach[name], one, several)} {told}[/yellow]")
    for name, each in reach["further"].items():
        reached = counted(each["people"], "more person", "more people")
        cost = money(each["cost_minor"], reach["currency"]) if each["cost_minor"] else "free"
        console.print(f"--channels … {name} would reach {reached} ({cost})", markup=False)


def say_woken(console: Console, reach: dict[str, Any]) -> None:
    """Print how many people it wakes, if any."""
    if woken := reach["woken"]:
        console.print(f"[yellow]{counted(woken, 'person', 'people')} of them will be woken[/yellow]")


def _say_hearing(console: Console, hearing: dict[str, int]) -> None:
    for how, told in _HEARING.items():
        if n := hearing[how]:
            console.print(told.format(counted(n, "person", "people")))
    if missed := hearing["missed"]:
        sleep = counted(missed, "person sleeps", "people sleep")
        told = f"{sleep} then, and will NEVER get it: it is over before their quiet hours are\n--wakes wakes them"
        console.print(Panel(Text(told, justify="center"), style="bold red", width=_width(console)))


def how_many(reach: dict[str, Any]) -> str:
    """Return how many people are concerned; exact only if all are in the station's register."""
    if not reach["people"] and reach["others_fewer_than"]:
        return f"fewer than {reach['others_fewer_than']} people"
    return f"{'about ' if reach['others'] else ''}{counted(reach['people'], 'person', 'people')}"


def say_sandbox(console: Console, channels: list[str]) -> None:
    """Print prominently which channels send nothing."""
    if channels:
        names = ", ".join(CHANNEL_WORDS[each] for each in channels)
        console.print(
            Panel(
                f"SANDBOX: {names} send nothing; messages are composed and kept",
                style="bold yellow",
                width=_width(console),
            )
        )
