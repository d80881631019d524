"""Reason codes for the final state of a person or delivery, each with an English sentence, which pages translate."""

import json
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from broadcaster.domain.people import CHANNEL_WORDS, ChannelName


class Reason(StrEnum):
    """A stable code for programs; ``SENTENCES`` has its text."""

    NO_CONTACT = "no-contact"
    UNUSED = "contact-not-used"
    PAUSED = "paused"
    OPTED_OUT = "opted-out"
    QUIET = "quiet-hours"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"
    GONE = "gone"
    RETIRED = "contact-retired"
    ERASED = "contact-erased"
    SEALED = "address-sealed"
    CONFIRMED = "confirmed"
    BUDGET = "over-budget"
    BUG = "service-error"
    OTHER = "other"


NOT_TRIED = frozenset({Reason.NO_CONTACT, Reason.UNUSED, Reason.PAUSED, Reason.OPTED_OUT})
"""Reasons with which nothing was sent to the person; a later chunk of the same alert may find a contact."""

SENTENCES: Mapping[Reason, str] = {
    Reason.NO_CONTACT: "No valid number or address",
    Reason.UNUSED: "Has a number or address that this alert did not use",
    Reason.PAUSED: "Paused by their own wish",
    Reason.OPTED_OUT: "Opted out: they asked for no more messages",
    Reason.QUIET: "Not woken: the alert was over before their quiet hours were",
    Reason.EXPIRED: "too late, the alert was over",
    Reason.CANCELLED: "not sent, the alert had ended or been replaced",
    Reason.FAILED: "refused, or not delivered",
    Reason.GONE: "the address does not exist any more",
    Reason.RETIRED: "not sent, the address had stopped working",
    Reason.ERASED: "not sent, the address had been deleted",
    Reason.SEALED: "not sent, the stored address cannot be read",
    Reason.CONFIRMED: "not sent, they had confirmed the alert already",
    Reason.BUDGET: "not sent, the budget for it is used up",
    Reason.BUG: "an error of this service",
    Reason.OTHER: "Another reason",
}


class Why(NamedTuple):
    """One reason. ``channel``: None if no channel was tried. ``code``: the provider's own (``smtp:5.1.1``)."""

    reason: Reason
    channel: ChannelName | None = None
    code: str | None = None


def pack(found: Iterable[Why]) -> str:
    """Serialize reasons for the store; empty for none."""
    rows = list(found)
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")) if rows else ""


def unpack(packed: str) -> list[Why]:
    """Parse ``pack``'s output; codes of a newer version become ``OTHER``."""
    return [
        Why(Reason(reason) if reason in _KNOWN else Reason.OTHER, channel and ChannelName(channel), code)
        for reason, channel, code in (json.loads(packed) if packed else ())
    ]


_KNOWN = frozenset(Reason)


def sentence(found: Iterable[Why], words: Callable[[str], str] = str, *, codes: bool = False) -> str:
    """Return why a person was not reached, each reason once; ``codes``: include the providers' own."""
    said: dict[str, None] = {}
    for each in found:
        text = words(SENTENCES[each.reason])
        if each.channel is not None:
            text = f"{words(CHANNEL_WORDS[each.channel])}{words(': ')}{text}"
        said[f"{text} ({each.code})" if codes and each.code else text] = None
    return words("; ").join(said) or words(SENTENCES[Reason.OTHER])
