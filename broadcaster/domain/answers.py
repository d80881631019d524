"""Answers to an alert: received, safe, help, or those of the alert's own question.

A choice is a number: 1 to 5 answer the alert's own question; greater ones mean the same in every alert.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from broadcaster.domain.alerts import RULES, Alert, MsgType
from broadcaster.domain.audience import Pool
from broadcaster.domain.spelling import key
from broadcaster.domain.words import Worded

RECEIVED, SAFE, HELP = 11, 12, 13
WORDS: Mapping[int, str] = {RECEIVED: "received", SAFE: "safe", HELP: "help"}
FEWEST, MOST = 2, 5
"""Numbers of the answers that an alert's own question may have."""
LONGEST_QUESTION, LONGEST_ANSWER = 160, 40

HELP_AFTER = timedelta(hours=24)
"""How long after the end of an alert a request for help is still recorded; other answers are not."""
UNTAKEN = timedelta(minutes=2)
"""After this time, all operators of the station are told of a request for help that nobody took charge of."""


@dataclass(frozen=True, slots=True)
class HelpFigures:
    """Requests for help in one alert. ``taken_p95_s``: from asking until an operator takes charge; None: none yet."""

    asked: int = 0
    untaken: int = 0
    closed: int = 0
    taken_p95_s: float | None = None


class Way(Worded):
    """The way an answer came in; the first four are channel numbers."""

    PUSH = 0
    SMS = 1
    VOICE = 2
    EMAIL = 3
    PAGE = 4
    VISIT = 5


class Taken(IntEnum):
    """The result of recording an answer."""

    RECORDED = 0
    OLDER = 1
    """The person has given a later answer."""
    OVER = 2
    """The alert was over."""


def word_of(choice: int) -> str:
    """Return a choice's name for programs: ``received``, ``safe``, ``help``, or the number of an own answer."""
    return WORDS.get(choice) or str(choice)


def choice_of(word: str) -> int | None:
    """Return the choice that ``word_of`` names; None for an unknown one."""
    for choice, name in WORDS.items():
        if name == word:
            return choice
    return int(word) if len(word) == 1 and word in "12345" else None


def differ(answers: Sequence[str]) -> bool:
    """Return whether no two answers read the same."""
    return len({key(each) for each in answers}) == len(answers)


def asks(alert: Alert) -> bool:
    """Return whether an alert's messages ask for an answer: by severity, or because the author asks."""
    if alert.msg_type is MsgType.CANCEL or alert.audience.pool is Pool.STORED:
        return False
    return alert.own_answers > 0 or RULES[alert.severity].answers


def offered(alert: Alert, *, helps: bool) -> tuple[int, ...]:
    """Return the choices that an alert offers. ``helps``: somebody is on duty for requests for help."""
    if not asks(alert):
        return ()
    own = tuple(range(1, alert.own_answers + 1)) or (RECEIVED, SAFE)
    return (*own, HELP) if helps else own


def takes(alert: Alert, choice: int) -> bool:
    """Return whether an alert accepts this choice. A request for help is accepted even if the duty has ended."""
    own = alert.own_answers
    return choice == HELP or (1 <= choice <= own if own else choice in (RECEIVED, SAFE))


def of_digit(alert: Alert, digit: str) -> int | None:
    """Return the choice of a digit in a call or SMS: 1 received, 2 safe, 3 help, or an answer to the own question."""
    if alert.own_answers:
        choice = choice_of(digit)
        return choice if choice is not None and choice <= alert.own_answers else None
    return {"1": RECEIVED, "2": SAFE, "3": HELP}.get(digit)
