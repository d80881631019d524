"""The form of an escalation policy: a station's for a severity, or a template's. ``policy_form.html`` shows it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from multidict import MultiDict

from broadcaster.domain.escalation import MOST_STEPS, Step, Until
from broadcaster.domain.people import CHANNELS
from broadcaster.web.i18n import Words

_ROWS = 4
_MOST_FIGURES = 8
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
            numbers = {part: number(form.get(f"{step}.{part}", "")) for part in ("after_s", "repeat", "every_s")}
            steps.append({"channels": channels, "until": form.get(f"{step}.until", Until.CONFIRMED), **numbers})
    return {"steps": steps, "longest_s": number(form.get(f"{name}.longest_s", ""))}


def number(said: str) -> int | str:
    """Return a whole number; what is none, or is too long for one, stays text. Empty: 0."""
    said = said.strip() or "0"
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _MOST_FIGURES else said


def shown(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy (``Policy.to_json``, or ``typed``) for the form, with empty steps to fill in."""
    steps = list(policy["steps"])
    return {"longest_s": policy["longest_s"], "steps": steps + [_EMPTY] * (_ROWS - len(steps))}


def choices(words: Words) -> dict[str, list[tuple[str, str]]]:
    """Return what the form offers for each step."""
    until = {
        Until.ACCEPTED: words("to those for whom no message was accepted"),
        Until.DISPLAYED: words("to those to whom nothing was displayed"),
        Until.CONFIRMED: words("to those who have not confirmed"),
    }
    return {
        "until": [(each.value, word) for each, word in until.items()],
        "step_channels": [(each.value, words.channel(each)) for each in CHANNELS],
    }
