"""Words for what an audit entry adds to its action: ids, numbers and codes."""

from collections.abc import Mapping

from broadcaster.domain.audit import Param
from broadcaster.domain.visits import Finding, found_words
from broadcaster.web.console.roles import role_names
from broadcaster.web.i18n import Words
from broadcaster.web.resident.record_words import consent_ways
from broadcaster.web.severities import severity_words

_CONTENT = "content"
"""The hash of an alert's content is for machines."""


def param_words(params: Mapping[str, Param], words: Words) -> str:
    """Return an entry's parameters, as in « people: 31, severity: serious danger »; unknown names and codes stay."""
    names, codes = _names(words), _codes(words)

    def said(value: Param) -> str:
        if isinstance(value, bool):
            return words("yes") if value else words("no")
        return words("none") if value is None else codes.get(str(value), str(value))

    shown = ((names.get(name, name), said(value)) for name, value in params.items() if name != _CONTENT)
    return ", ".join(f"{_small(name)}{words(': ')}{_small(value)}" for name, value in shown)


def _small(said: str) -> str:
    """Begin a word of a list in lower case; not SMS, QR."""
    return said if said[1:2].isupper() else said[:1].lower() + said[1:]


def _names(words: Words) -> dict[str, str]:
    return {
        "added": words("New"),
        "admin": words("administrator"),
        "author": words("author"),
        "changed": words("Changed"),
        "closing": words("hash"),
        "contact": words("contact"),
        "days": words("days"),
        "entry": words("entry"),
        "erased": words("Erasures"),
        "everyone": words("everyone"),
        "first": words("from entry"),
        "form": words("format"),
        "found": words("result"),
        "granted": words("open to them"),
        "hash": words("hash"),
        "hours": words("hours"),
        "how": words("How"),
        "kept": words("Telephone"),
        "last": words("to entry"),
        "letter": words("letter"),
        "lines": words("lines"),
        "mails": words("e-mails"),
        "members": words("members"),
        "name": words("name"),
        "of": words("of the alert"),
        "passkey": words("passkey"),
        "paused": words("paused"),
        "people": words("people"),
        "person": words("person"),
        "places": words("Places"),
        "radius_m": words("Radius, in metres"),
        "reach": words("reach"),
        "role": words("role"),
        "round": words("step"),
        "rows": words("lines"),
        "schedule": words("scheduled alert"),
        "seq": words("entry"),
        "session": words("session"),
        "severity": words("severity"),
        "shown": words("identity shown"),
        "signed_on": words("Signed on"),
        "silent": words("after a long time without a sign of life"),
        "status": words("status"),
        "step": words("step"),
        "streets": words("Streets"),
        "training": words("training station"),
        "trusted": words("stays signed in"),
        "values": words("values"),
        "visits": words("Visit list"),
        "volunteer": words("volunteer"),
        "vulnerable": words("Vulnerable people"),
        "way": words("How"),
        "week": words("week"),
    }


def _codes(words: Words) -> dict[str, str]:
    return {
        **consent_ways(words),
        **severity_words(words),
        **role_names(words),
        **{each.word: found_words(each, words) for each in Finding},
        "actual": words("real"),
        "exercise": words("exercise"),
        "test": words("test"),
        "all_clear": words("all-clear"),
        "mistake": words("Sent by mistake"),
        "now": words("Now"),
        "skip": words("Skip"),
        "stop": words("Stop"),
        "none": words("none"),
        "sent": words("The letter was sent"),
        "confirmed": words("They want to stay, and all is right"),
        "joined": words("Tell them first"),
        "apart": words("No longer told first"),
        "removed": words("Remove the entry"),
        "changed": words("Change"),
    }
