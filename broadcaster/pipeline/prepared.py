"""Texts prepared with an alert, by language: its ending, and the message to people outside an update's area."""

from collections.abc import Mapping

from broadcaster.domain.alerts import TEXT_LIMITS, Alert, Text, ThreadRole
from broadcaster.domain.stations import Station
from broadcaster.domain.templates import still_blank
from broadcaster.languages import Words, catalogs


def ending(alert: Alert, station: Station, role: ThreadRole) -> dict[str, Text]:
    """Return the texts of an all-clear, or of the notice that an alert was a mistake.

    The all-clear comes from the template, if that has one without placeholders left to fill in.
    """
    written = alert.prepared.get("all_clear", {})
    ready = {language: text for language, text in written.items() if not list(still_blank({language: text}))}
    return {
        language: _mistake(text, words)
        if role is ThreadRole.MISTAKE
        else ready.get(language) or _all_clear(text, words)
        for language, text, words in _each(alert, station)
    }


def _all_clear(text: Text, words: Words) -> Text:
    around = words.typed('All clear: "%(headline)s"', headline="%s")
    ended = words.typed("The alert is over. You no longer need to follow the instructions.")
    return Text(headline=_around(around, text), description=ended)


def _mistake(text: Text, words: Words) -> Text:
    around = words.typed('Sent by mistake: "%(headline)s"', headline="%s")
    taken_back = words.typed("This alert was sent by mistake. You need not do what it said.")
    return Text(headline=_around(around, text), description=taken_back)


def left_outside(alert: Alert, station: Station) -> dict[str, Text]:
    """Return the texts for people outside an update's area, which never sound like an all-clear."""
    found: dict[str, Text] = {}
    for language, text, words in _each(alert, station):
        around = words.typed('No longer where you are: "%(headline)s"', headline="%s")
        elsewhere = words.typed("This alert no longer applies where you are. It goes on elsewhere.")
        look = words.typed("See where before you go anywhere.")
        found[language] = Text(headline=_around(around, text), description=elsewhere, instruction=look)
    return found


def _each(alert: Alert, station: Station) -> list[tuple[str, Text, Words]]:
    texts: Mapping[str, Text] = alert.texts
    return [(language, text, catalogs().words(language, *station.languages)) for language, text in texts.items()]


def _around(around: str, text: Text) -> str:
    most = TEXT_LIMITS["headline"] - len(around) + len("%s")
    headline = text.headline if len(text.headline) <= most else text.headline[: most - 1].rstrip() + "…"
    return around % headline
