"""Prints an alert's reach before it is sent."""

from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from broadcaster.commands.showing import money as priced
from broadcaster.commands.showing import number, seconds, table
from broadcaster.commands.wording import many, reader, say_many, words
from broadcaster.domain.warned import Warned

_WIDEST = 100
_STYLES = {"actual": "bold white on red", "exercise": "bold black on cyan", "test": "bold black on cyan"}


def _width(console: Console) -> int:
    return min(console.width, _WIDEST)


def banner(console: Console, status: str, station: str) -> None:
    """Print unmistakably whether the alert is real."""
    said = {
        "actual": words("REAL ALERT: people will act on this"),
        "exercise": words("EXERCISE: every message says that it is one"),
        "test": words("TEST: every message says that it is one"),
    }[status]
    shown = Text(f"{said}\n{words('station: %(station)s', station=station)}", justify="center")
    console.print(Panel(shown, style=_STYLES[status], width=_width(console)))


def show_reach(console: Console, reach: dict[str, Any]) -> None:
    """Print whom it would reach, by which channels, cost and time."""
    people = reach["people"]
    if people == 0 and reach["others_fewer_than"]:
        told = words("nobody on the station's list, and fewer than %(n)s others", n=reach["others_fewer_than"])
        console.print(Text(told, style="bold"))
    elif people == 0:
        told = words("0 people: NOBODY would be reached")
        console.print(Panel(Text(told, justify="center"), style="bold red", width=_width(console)))
    else:
        parts = [how_many(reach)]
        if reach["area_km2"] is not None:
            parts.append(words("in %(km2)s km²", km2=reader().number(round(reach["area_km2"], 2))))
        parts.append(many("%(n)s device", "%(n)s devices", reach["devices"]))
        parts.append(words("%(reachable)s reachable now", reachable=number(reach["reachable"])))
        console.print(Text(", ".join(parts), style="bold"))
        if reach["others"] or reach["others_fewer_than"]:
            console.print(_others(reach))
    say_many(
        "about %(n)s sign-up is not confirmed yet, and not counted",
        "about %(n)s sign-ups are not confirmed yet, and not counted",
        reach["unconfirmed"],
        to=console.print,
    )
    say_woken(console, reach)
    _say_hearing(console, reach["hearing"])
    _say_further(console, reach)
    currency = reach["currency"]
    rows = [
        (
            channel_of(name, reach["sandbox"]),
            number(each["people"]),
            number(each["contacts"]),
            number(each["units"]),
            priced(each["cost_minor"], currency),
            seconds(each["seconds"]),
        )
        for name, each in reach["channels"].items()
    ]
    columns = words("people"), words("contacts"), words("units"), words("cost"), words("takes")
    console.print(table((words("channel"), *(f"#{each}" for each in columns)), rows))
    for each in reach["sms"]:
        console.print(_sms(each), markup=False)
    gaps = {"cost": priced(reach["cost_minor"], currency), "seconds": seconds(reach["seconds_to_95"])}
    console.print(words("cost %(cost)s; 95 in 100 within %(seconds)s", **gaps))
    _say_expected(console, reach["expected"], currency)
    say_sandbox(console, reach["sandbox"])
    say_warned(console, reach["warned"])


def _say_expected(console: Console, expected: dict[str, Any], currency: str) -> None:
    """Print what the steps probably come to."""
    told = {
        "accepted": words("a first message for %(share)s"),
        "displayed": words("seen by %(share)s"),
        "confirmed": words("confirmed by %(share)s"),
    }
    parts = [words("expected with the steps: %(cost)s", cost=priced(expected["cost_minor"], currency))]
    for until, each in expected["reached"].items():
        within = words("95 in 100 within %(seconds)s", seconds=seconds(each["seconds_to_95"]))
        share = words("%(n)s in 100", n=number(round(100 * each["share"])))
        parts.append(told[until] % {"share": share if each["seconds_to_95"] is None else within})
    console.print(words("; ").join(parts))


def _others(reach: dict[str, Any]) -> str:
    registered = number(reach["registered"])
    if reach["others"]:
        gaps = {"registered": registered, "others": number(reach["others"])}
        return words("%(registered)s are on the station's list, about %(others)s are not", **gaps)
    gaps = {"registered": registered, "others": number(reach["others_fewer_than"])}
    return words("%(registered)s are on the station's list, fewer than %(others)s are not", **gaps)


def channel_of(name: str, sandbox: list[str]) -> str:
    """Return a channel's name, marked if it sends nothing."""
    said = reader().channel(name, inside=True)
    return words("%(channel)s (sandbox)", channel=said) if name in sandbox else said


def _sms(told: dict[str, Any]) -> str:
    segments = many("%(n)s segment", "%(n)s segments", told["segments"])
    gaps = {"language": _language(told["language"]), "encoding": told["encoding"], "segments": segments}
    said = words("SMS in %(language)s: %(encoding)s, %(segments)s", **gaps)
    if told["culprits"]:
        said += words("; dearer because of %(signs)s", signs=" ".join(told["culprits"]))
    return said


def _language(tag: str) -> str:
    """Return a language's name in the reader's language; its tag if CLDR has none."""
    return str(reader().locale.languages.get(tag.split("-", maxsplit=1)[0], tag))


def _say_further(console: Console, reach: dict[str, Any]) -> None:
    """Print whom more channels would reach; who lacks what is in the warnings."""
    for name, each in reach["further"].items():
        cost = priced(each["cost_minor"], reach["currency"]) if each["cost_minor"] else words("free")
        told = many(
            "--channels … %(name)s would reach %(n)s more person (%(cost)s)",
            "--channels … %(name)s would reach %(n)s more people (%(cost)s)",
            each["people"],
            name=name,
            cost=cost,
        )
        console.print(told, markup=False)


def say_warned(console: Console, warned: list[dict[str, Any]]) -> None:
    """Print what an operator must see."""
    for each in warned:
        warning = Warned(each["code"], each["params"]).sentence(reader())
        console.print(Text(words("warning: %(warning)s", warning=warning), style="yellow"))


def say_woken(console: Console, reach: dict[str, Any]) -> None:
    if woken := reach["woken"]:
        told = many("%(n)s person of them will be woken", "%(n)s people of them will be woken", woken)
        console.print(Text(told, style="yellow"))


def _say_hearing(console: Console, hearing: dict[str, int]) -> None:
    say_many(
        "%(n)s person will get it when their quiet hours end",
        "%(n)s people will get it when their quiet hours end",
        hearing["later"],
        to=console.print,
    )
    say_many(
        "%(n)s person will get it in their daily digest",
        "%(n)s people will get it in their daily digest",
        hearing["digest"],
        to=console.print,
    )
    say_unwanted(console, hearing["unwanted"])
    if hearing["missed"]:
        told = many(
            "%(n)s person sleeps then, and will NEVER get it: it is over before their quiet hours are",
            "%(n)s people sleep then, and will NEVER get it: it is over before their quiet hours are",
            hearing["missed"],
        )
        shown = Text(f"{told}\n{words('--wakes wakes them')}", justify="center")
        console.print(Panel(shown, style="bold red", width=_width(console)))


def say_unwanted(console: Console, n: int) -> None:
    say_many("%(n)s person wants no such alert", "%(n)s people want no such alert", n, to=console.print)


def how_many(reach: dict[str, Any]) -> str:
    """Return how many people are concerned; exact only if all are in the station's register."""
    n = reach["people"]
    if not n and reach["others_fewer_than"]:
        return words("fewer than %(n)s people", n=reach["others_fewer_than"])
    if reach["others"]:
        return many("about %(n)s person", "about %(n)s people", n)
    return many("%(n)s person", "%(n)s people", n)


def say_sandbox(console: Console, channels: list[str]) -> None:
    """Print prominently which channels send nothing."""
    if channels:
        names = ", ".join(reader().channel(each, inside=True) for each in channels)
        told = words("SANDBOX: %(channels)s send nothing; messages are composed and kept", channels=names)
        console.print(Panel(Text(told), style="bold yellow", width=_width(console)))
