"""The form of an escalation policy: a station's for a severity, or a template's. ``policy_form.html`` shows it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from multidict import MultiDict

from broadcaster.domain.escalation import MOST_STEPS, Step, Until, read_policy
from broadcaster.domain.people import CHANNELS
from broadcaster.domain.refusals import Refused, sentence
from broadcaster.web.console.alerts.live_next import until_words
from broadcaster.web.console.alerts.live_words import span
from broadcaster.web.i18n import Words

_ROWS = 4
_MOST_FIGURES = 8
_DURATION = re.compile(r"(\d{1,6})\s*(s|min|)", re.ASCII)
_EMPTY = asdict(Step((), 0))


def typed(form: MultiDict[str], name: str) -> dict[str, Any]:
    """Return a form's policy as ``read_policy`` takes it, without the steps that have no channel.

    What is not a whole number stays text.
    """
    steps = []
    for row in range(MOST_STEPS):
        step = f"{name}.{row}"
        channels = form.getall(f"{step}.channels", [])
        if channels:
            numbers = {
                "after_s": seconds(form.get(f"{step}.after", "")),
                "repeat": number(form.get(f"{step}.repeat", "")),
                "every_s": seconds(form.get(f"{step}.every", "")),
            }
            steps.append({"channels": channels, "until": form.get(f"{step}.until", Until.CONFIRMED), **numbers})
    return {"steps": steps, "longest_s": seconds(form.get(f"{name}.longest", ""))}


def problem(policy: Mapping[str, Any], words: Words) -> str | None:
    """Return what is wrong with a policy of ``typed``, by the labels of the form; None if nothing."""
    for label, said in _unread(policy, words):
        return words("%(field)s: “%(said)s” is not a whole number.", field=label, said=said)
    try:
        read_policy(policy)
    except Refused as error:
        return sentence(error, words)
    return None


def _unread(policy: Mapping[str, Any], words: Words) -> Iterator[tuple[str, str]]:
    """Yield the label and the text of each number that stayed text."""
    labels = {
        "after_s": words("Minutes after the first step"),
        "repeat": words("How many repeats"),
        "every_s": words("Minutes between repeats"),
    }
    for at, step in enumerate(policy["steps"], start=1):
        for name, label in labels.items():
            if isinstance(step[name], str):
                yield f"{words('Step %(n)s', n=at)}, {label}", step[name]
    if isinstance(policy["longest_s"], str):
        yield words("Send nothing later than this many minutes after the first step"), policy["longest_s"]


def seconds(said: str) -> int | str:
    """Return the seconds of *2*, *2 min* or *90 s*; other text is returned as it is. Empty: 0."""
    found = _DURATION.fullmatch(said.strip() or "0")
    return said if found is None else int(found[1]) * (1 if found[2] == "s" else 60)


def written(value: int | str) -> str:
    """Return seconds as ``seconds`` reads them: minutes where they are whole."""
    if isinstance(value, str):
        return value
    minutes, rest = divmod(value, 60)
    return f"{value} s" if rest else str(minutes)


def number(said: str) -> int | str:
    """Return a whole number; text that is not one, or too long, is returned as it is. Empty: 0."""
    said = said.strip() or "0"
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _MOST_FIGURES else said


def shown(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy (``Policy.to_json``, or ``typed``) for the form, with empty steps to fill in."""
    steps = [*policy["steps"], *[_EMPTY] * (_ROWS - len(policy["steps"]))]
    return {
        "longest": written(policy["longest_s"]),
        "used": max(1, len(policy["steps"])),
        "steps": [each | {"after": written(each["after_s"]), "every": written(each["every_s"])} for each in steps],
    }


def outline(policy: Mapping[str, Any], words: Words) -> str:
    """Return a valid policy's steps in one line: « Notification → SMS, E-mail (1 min) »."""
    steps = []
    for each in policy["steps"]:
        channels = ", ".join(words.channel(name) for name in each["channels"])
        steps.append(f"{channels} ({span(each['after_s'], words)})" if each["after_s"] else channels)
    return " → ".join(steps)


def choices(words: Words) -> dict[str, list[tuple[str, str]]]:
    """Return what the form offers for each step."""
    return {
        "until": [(each.value, word) for each, word in until_words(words).items()],
        "step_channels": [(each.value, words.channel(each)) for each in CHANNELS],
    }
