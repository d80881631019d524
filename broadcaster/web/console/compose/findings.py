"""What is wrong with a draft, in its writer's words: what the API refuses, and what nobody could read."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any

from broadcaster.errors import Refused
from broadcaster.http.problems import HttpProblem
from broadcaster.http.reading import refusal
from broadcaster.web.console.frame import words_of
from zones import ZoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aiohttp import web

    from broadcaster.http.route import Call, Handler
    from broadcaster.web.i18n import Words

_BLANK = re.compile(r"\[[^\]\n]{1,60}\]")
_OUTSIDE = r"goes outside the station's territory.*?, by ([\d., km]+) at the farthest"
_FAR = r"lies (?:far|wholly) outside the station's territory"
_TOO_LONG = r"(?:This has|has) ([\d,]+) characters[:,] (?:and )?([\d,]+) (?:are|is) the most"


def told_in_words(handler: Handler) -> Handler:
    """Make a handler's refusals speak the page's language; the fields keep their names."""

    @wraps(handler)
    async def handle(call: Call[Any, Any]) -> web.StreamResponse:
        words = words_of(call.request)
        try:
            return await handler(call)
        except (Refused, ZoneError) as error:
            raise refusal([(error.field, in_words(error.problem, words))]) from error
        except HttpProblem as problem:
            if problem.kind == "refused" and problem.errors:
                raise refusal([(field, in_words(said, words)) for field, said in problem.errors]) from problem
            raise

    return handle


def in_words(problem: str, words: Words) -> str:
    """Return one of the API's sentences in the reader's words; one that is not known, as it is."""
    for pattern, say in _SAYINGS:
        found = re.search(pattern, problem)
        if found is not None:
            return say(words, found)
    return problem


def unreadable(texts: Mapping[str, Mapping[str, Any]], words: Words) -> list[tuple[str, str]]:
    """Return (field, problem) of what the API would take, and nobody could read, or was left to be filled in."""
    found: list[tuple[str, str]] = []
    for language, text in texts.items():
        for name in ("headline", "description", "instruction"):
            said = text.get(name)
            if not isinstance(said, str) or not said.strip():
                continue
            where = f"texts.{language}.{name}"
            if not any(sign.isalnum() for sign in said):
                found.append((where, words("Signs alone say nothing to whoever hears them read out: write words.")))
            blank = _BLANK.search(said)
            if blank is not None:
                found.append((where, words("This is still to be filled in: %(blank)s", blank=blank[0])))
    return found


def joined(*parts: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return all findings, each field once: the first that is said of it."""
    found: dict[str, str] = {}
    for part in parts:
        for field, problem in part:
            found.setdefault(field, problem)
    return list(found.items())


def _too_long(words: Words, found: re.Match[str]) -> str:
    length, most = (int(each.replace(",", "")) for each in found.groups())
    return words("Too long by %(over)s characters: %(most)s at most.", over=length - most, most=most)


def _outside(words: Words, found: re.Match[str]) -> str:
    return words(
        "This goes beyond your territory, by %(far)s. Move it, make it smaller, or have the station's margin widened.",
        far=found[1].strip(),
    )


def _group(words: Words, found: re.Match[str]) -> str:
    return words("There is no group “%(name)s” any more.", name=found[1])


def _days(words: Words, found: re.Match[str]) -> str:
    return words("At most %(days)s days ahead.", days=found[1])


_SAYINGS: tuple[tuple[str, Callable[[Words, re.Match[str]], str]], ...] = (
    (_TOO_LONG, _too_long),
    (
        r"is empty: say in a few words|This is empty, or too short",
        lambda words, _: words("Say in a few words what happens."),
    ),
    (r"^This is missing, and needed", lambda words, _: words("This is needed.")),
    (
        r"no text in the station's (?:own )?language",
        lambda words, _: words("Write at least the headline in this language."),
    ),
    (
        r"is needed for this audience|There is no area: draw",
        lambda words, _: words("Show on the map where it happens."),
    ),
    (_OUTSIDE, _outside),
    (_FAR, lambda words, _: words("This lies outside of your territory. Move it.")),
    (
        r"redraw it so that it does not cross itself",
        lambda words, _: words("The outline crosses itself: draw it anew."),
    ),
    (
        r"A ring has at least four positions|The polygon is flat",
        lambda words, _: words("An outline has three corners at least."),
    ),
    (r"draw a smaller area", lambda words, _: words("This area is too large.")),
    (
        r"This station has no territory",
        lambda words, _: words("Your station has no territory: draw a circle or an outline."),
    ),
    (
        r"by public authorities only",
        lambda words, _: words("Only a town hall or another authority may address everyone."),
    ),
    (
        r"only when severity is severe or extreme",
        lambda words, _: words(
            "Everyone in an area is addressed only when the danger is grave. Choose those who follow you."
        ),
    ),
    (
        r"names? (?:no group|at least one group)|Name at least one group",
        lambda words, _: words("Choose at least one group."),
    ),
    (r"names a group the station does not have: (\S+)", _group),
    (r"names no channel|These are too few", lambda words, _: words("Choose at least one channel.")),
    (r"is in the past: nothing would be sent", lambda words, _: words("This time is over already.")),
    (r"is more than (\d+) days ahead", _days),
    (r"This must be one line|one line of plain text", lambda words, _: words("One line only, without special signs.")),
    (r"control character", lambda words, _: words("This holds signs that can't be sent. Write it anew.")),
    (r"date and time", lambda words, _: words("Choose a day and an hour.")),
    (
        r"m is too (?:small|large): a circle's radius",
        lambda words, _: words("A circle has a radius of 300 to 5000 metres."),
    ),
)
