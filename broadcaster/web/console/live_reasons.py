"""Why people were not reached, in an operator's words: what is written down for each, gathered into groups."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import CHANNELS, ChannelName
from broadcaster.store.dispatching import NO_CONTACT, OPTED_OUT, PAUSED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from broadcaster.web.i18n import Words

_FAILED = re.compile(
    rf"(?:^|; )({'|'.join(CHANNELS)}) ({'|'.join(state.word for state in DeliveryState if state.failure)})\b"
)
_NO_CONTACT, _PAUSED, _OPTED_OUT, _OTHER = "no-contact", "paused", "opted-out", "other"
_OF_WHY = {NO_CONTACT: _NO_CONTACT, PAUSED: _PAUSED, OPTED_OUT: _OPTED_OUT}


@dataclass(frozen=True, slots=True)
class Reason:
    """A group of people who were missed alike. ``slug`` names it in an address; ``whys`` as the store has them."""

    slug: str
    sentence: str
    people: int
    whys: tuple[str, ...]


def grouped(found: Mapping[str, int], words: Words) -> list[Reason]:
    """Group people (by why, as the store has it) into reasons, the largest first."""
    whys: defaultdict[str, list[str]] = defaultdict(list)
    for why in found:
        whys[slug_of(why)].append(why)
    made = [
        Reason(slug, _sentence(slug, words), sum(found[why] for why in each), tuple(sorted(each)))
        for slug, each in whys.items()
    ]
    return sorted(made, key=lambda reason: (-reason.people, reason.slug))


def slug_of(why: str) -> str:
    """Give the name of the group: what failed by which channel, however often and with whatever code."""
    if why in _OF_WHY:
        return _OF_WHY[why]
    pairs = {(CHANNELS.index(ChannelName(channel)), state) for channel, state in _FAILED.findall(why)}
    return ".".join(f"{CHANNELS[number]}-{state}" for number, state in sorted(pairs)) or _OTHER


def sentence_of(why: str, words: Words) -> str:
    """Give why one person was not reached, in words."""
    return _sentence(slug_of(why), words)


def _sentence(slug: str, words: Words) -> str:
    if slug == _NO_CONTACT:
        return words("No contact that works by the ways of this alert")
    if slug == _PAUSED:
        return words("Paused by their own wish")
    if slug == _OPTED_OUT:
        return words("Opted out: they asked for no more messages")
    if slug == _OTHER:
        return words("Another reason")
    said = []
    for part in slug.split("."):
        channel, _, state = part.partition("-")
        if channel in CHANNELS:
            said.append(f"{channel_word(ChannelName(channel), words)}{words(': ')}{_failure(state, words)}")
    return "; ".join(said) if words.language == "en" else "\u202f; ".join(said)


def channel_word(channel: ChannelName, words: Words) -> str:
    """Give what people call a channel."""
    return {
        ChannelName.PUSH: words("Notification"),
        ChannelName.SMS: words("SMS"),
        ChannelName.VOICE: words("Phone call"),
        ChannelName.EMAIL: words("E-mail"),
    }[channel]


def _failure(state: str, words: Words) -> str:
    return {
        DeliveryState.EXPIRED.word: words("too late, the alert was over"),
        DeliveryState.CANCELLED.word: words("not sent, the alert was lifted before"),
        DeliveryState.FAILED.word: words("refused, or not delivered"),
        DeliveryState.GONE.word: words("the address does not exist any more"),
        DeliveryState.DEAD_LETTER.word: words("an error of this service"),
    }.get(state, words("not delivered"))


def state_word(state: str, words: Words) -> str:
    """Give what became of a message, in words; ``state`` as ``DeliveryState.word``."""
    return {
        DeliveryState.QUEUED.word: words("waiting to leave"),
        DeliveryState.ACCEPTED.word: words("handed over, no proof of arrival"),
        DeliveryState.DELIVERED.word: words("arrived"),
        DeliveryState.DISPLAYED.word: words("shown on the device"),
        DeliveryState.OPENED.word: words("opened"),
        DeliveryState.ACKNOWLEDGED.word: words("confirmed by the person"),
    }.get(state) or _failure(state, words)
