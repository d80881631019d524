"""Texts about answers: their names on buttons, and the reply to each. A request for help is told 112 first."""

from broadcaster.domain.alerts import Alert
from broadcaster.domain.answers import HELP, RECEIVED, SAFE, Taken
from broadcaster.domain.stations import Station
from broadcaster.languages import DEFAULT, Words, catalogs


def label(alert: Alert, station: Station, words: Words, choice: int) -> str:
    """Return the name of a choice, as on its button."""
    if choice in _labels(words):
        return _labels(words)[choice]
    own = alert.question_in(words.language, station.languages[0])[1]
    return own[choice - 1] if choice <= len(own) else str(choice)


def counted(alert: Alert, station: Station, words: Words, choice: int) -> str:
    """Return the name of a choice for operators, who count who chose it."""
    return words("I need help") if choice == HELP else label(alert, station, words, choice)


def _labels(words: Words) -> dict[int, str]:
    return {RECEIVED: words("Received"), SAFE: words("I am safe"), HELP: words("Call 112 first. I need help")}


def reply(alert: Alert, station: Station, words: Words, choice: int, taken: Taken, *, helps: bool) -> str:
    """Return the reply to an answer. ``helps``: somebody is on duty for requests for help."""
    first = danger(words) if choice == HELP else ""
    return " ".join(part for part in (first, _said(alert, station, words, choice, taken, helps=helps)) if part)


def danger(words: Words) -> str:
    return words("If you are in danger, call 112 now (114 by SMS).")


def _said(alert: Alert, station: Station, words: Words, choice: int, taken: Taken, *, helps: bool) -> str:
    if taken is Taken.OVER:
        return words("This alert is over: no answer is needed any more.")
    if taken is Taken.OLDER:
        return words("You have given another answer since: that one counts.")
    if choice == HELP:
        gap = {"station": station.name}
        if helps:
            return words("%(station)s has your request for help.", **gap)
        return words("Nobody is on duty at %(station)s: do not wait for an answer from there.", **gap)
    if choice == RECEIVED:
        return words("Thank you: your answer is recorded.")
    return words("Thank you. Your answer: %(answer)s.", answer=label(alert, station, words, choice))


def words_for(locale: str, station: Station | None = None) -> Words:
    """Return the words in a person's language, else in the station's first language that has them."""
    return catalogs().words(locale, *(station.languages if station is not None else (DEFAULT,)))
