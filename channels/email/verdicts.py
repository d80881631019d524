"""Whom a relay's permanent refusal blames: the mailbox, its current state, or the sender.

RFC 3463's codes are reliable where servers use them as specified; many answer 550, 5.0.0 or 5.7.1 to everything, and
some use 5.1.1 for a full mailbox. So the text can overrule the code, mostly in one direction: away from "the mailbox is
dead". The order is: wordings documented by single providers, the sender's troubles, a full mailbox, the code, then
words that name a mailbox. Anything else is ``UNCLEAR``.

To add a provider's wording, add it to ``verdicts.toml`` with its source, and the answer itself to
``tests/unit/channels/mail_diagnostics.txt``.
"""

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files
from typing import NamedTuple


class Verdict(StrEnum):
    """``MAILBOX``: it does not exist or is closed. ``FULL``: it exists but accepts nothing for now.

    ``SENDER``: the sender's policy, reputation, authentication, content or rate; the mailbox is fine. ``UNCLEAR``:
    refused permanently for no stated reason, or for a domain's DNS or routing.
    """

    MAILBOX = "mailbox"
    FULL = "full"
    SENDER = "sender"
    UNCLEAR = "unclear"


class _Rule(NamedTuple):
    verdict: Verdict
    words: re.Pattern[str]
    codes: frozenset[str]
    stage: str | None


def _read() -> tuple[tuple[_Rule, ...], tuple[_Rule, ...]]:
    table = tomllib.loads(files("channels.email").joinpath("verdicts.toml").read_text(encoding="utf-8"))

    def rules(kind: str) -> tuple[_Rule, ...]:
        return tuple(
            _Rule(
                Verdict(row["verdict"]),
                re.compile(_with_phrases("|".join(row["words"]), table["phrases"]), re.IGNORECASE),
                frozenset(row.get("codes", ())),
                row.get("stage"),
            )
            for row in table[kind]
        )

    return rules("rule"), rules("naming")


def _with_phrases(words: str, phrases: Mapping[str, str]) -> str:
    for name, phrase in phrases.items():
        words = words.replace("{" + name + "}", phrase)
    return words


_RULES, _NAMING = _read()
_MAILBOX, _FULL, _SENDER, _UNCLEAR = Verdict

# RFC 3463 and IANA's registry of enhanced codes: whole code, then subject
_BY_CODE: Mapping[str, Verdict] = {
    "5.1.1": _MAILBOX,
    "5.1.3": _MAILBOX,
    "5.1.6": _MAILBOX,
    "5.1.7": _SENDER,
    "5.1.8": _SENDER,
    "5.1.9": _SENDER,
    "5.1.10": _MAILBOX,  # RFC 7505; Exchange's "recipient not found"
    "5.1.20": _SENDER,
    "5.1.90": _SENDER,  # Exchange: the sender's daily limit
    "5.1.351": _MAILBOX,  # Exchange: recipient unknown to the remote server
    "5.2.1": _MAILBOX,
    "5.2.2": _FULL,
    "5.2.3": _FULL,
    "5.2.121": _FULL,
    "5.2.122": _FULL,
    "5.3.1": _FULL,
    "5.3.4": _SENDER,
    "5.4.5": _SENDER,  # Gmail: the sender's daily quota
    "5.7.17": _MAILBOX,  # RFC 7293: the mailbox has another owner now
    "5.7.18": _MAILBOX,  # RFC 7293: the domain has
}
_BY_SUBJECT: Mapping[str, Verdict] = {"5.6": _SENDER, "5.7": _SENDER}
_BY_BASIC: Mapping[int, Verdict] = {552: _FULL, 556: _MAILBOX}  # RFC 7504 for 556

_ADDRESS = re.compile(r"<[^<>\s]*>|[^\s<>()\[\]]*@[^\s<>()\[\]]*")
_LINK_PATH = re.compile(r"(https?://[^/\s]+)/(?!\S*[?&]p=)\S*")
_CONTINUED = re.compile(r"(?<!\S)5\d\d-(?=5\.|\S)")


def verdict_of(stage: str, code: int, enhanced: str | None, text: str, domain: str = "") -> Verdict:
    """Return whom the answer blames; mentions of the recipient's ``domain`` are ignored."""
    said = plain(text, domain)
    for rule in _RULES:
        if _applies(rule, stage, code, enhanced) and rule.words.search(said):
            return rule.verdict
    by_code = _BY_CODE.get(enhanced or "")
    if by_code is not None:
        return by_code
    for rule in _NAMING:
        if _applies(rule, stage, code, enhanced) and rule.words.search(said):
            return rule.verdict
    if enhanced is None:
        return _BY_BASIC.get(code, _UNCLEAR)
    return _BY_SUBJECT.get(enhanced.rpartition(".")[0], _UNCLEAR)


def plain(text: str, domain: str = "") -> str:
    """Return an answer on one line, without addresses, the recipient's domain, or link paths."""
    said = _LINK_PATH.sub(r"\1", _ADDRESS.sub(" ", " ".join(text.split())))
    if domain:
        said = re.sub(rf"(?<![\w-]){re.escape(domain)}(?![\w-])", " ", said, flags=re.IGNORECASE)
    return " ".join(_CONTINUED.sub("", said).split())


def _applies(rule: _Rule, stage: str, code: int, enhanced: str | None) -> bool:
    return (not rule.codes or (enhanced or str(code)) in rule.codes) and rule.stage in {None, stage}
