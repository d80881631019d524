"""Warnings of a reach or a report, as codes with parameters; sentences are made where they are read.

To add one: its line in ``WARNINGS``, its French in ``web/locale/fr/LC_MESSAGES/warned.po``, and the place that warns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from broadcaster.domain.people import CHANNEL_WORDS
from broadcaster.domain.refusals import ENGLISH, Reader, filled

WARNINGS: Mapping[str, str | tuple[str, str]] = {
    "nobody-on-list": "Nobody on the station's own list is concerned, and fewer than %(fewer)s others.",
    "nobody-concerned": "NOBODY is concerned: 0 people match. Check the area and the audience.",
    "nobody-told": "NOBODY will be told: those concerned sleep until it is over, or want no such alert.",
    "nobody-reachable": "NOBODY can be reached: no one who matches has a contact by these channels.",
    "contact-not-used": (
        "%(some)s of %(n)s person has a contact that this alert does not use: %(channels)s would reach them.",
        "%(some)s of %(n)s people have a contact that this alert does not use: %(channels)s would reach them.",
    ),
    "no-contact": (
        "%(some)s of %(n)s person has no contact at all.",
        "%(some)s of %(n)s people have no contact at all.",
    ),
    "no-contact-visit": (
        "%(some)s of %(n)s person has no contact at all: go and see them.",
        "%(some)s of %(n)s people have no contact at all: go and see them.",
    ),
    "opted-out": (
        "%(n)s person opted out of messages by these channels: nothing is sent to them.",
        "%(n)s people opted out of messages by these channels: nothing is sent to them.",
    ),
    "paused": (
        "%(n)s person paused all messages: nothing is sent to them.",
        "%(n)s people paused all messages: nothing is sent to them.",
    ),
    "slow": "At the configured rates it takes %(minutes)s minutes until 95%% have a first message.",
    "sms-dear": "The SMS in '%(language)s' takes %(now)s segments; without %(signs)s it would take %(cheaper)s.",
    "budget-exceeded-sms": (
        "%(n)s SMS over the station's budget: sent anyway, because the alert is this serious.",
        "%(n)s SMS over the station's budget: sent anyway, because the alert is this serious.",
    ),
    "budget-exceeded-voice": (
        "%(n)s call over the station's budget: made anyway, because the alert is this serious.",
        "%(n)s calls over the station's budget: made anyway, because the alert is this serious.",
    ),
    "budget-stops-sms": (
        "%(n)s SMS will not be sent: the station's budget is used up.",
        "%(n)s SMS will not be sent: the station's budget is used up.",
    ),
    "budget-stops-voice": (
        "%(n)s call will not be made: the station's budget is used up.",
        "%(n)s calls will not be made: the station's budget is used up.",
    ),
    "month-budget-sms": "The month's budget of SMS is used up: %(used)s of %(most)s.",
    "month-budget-voice": "The month's budget of calls is used up: %(used)s of %(most)s.",
    "alert-budget-sms": "This alert's budget of SMS is used up: %(used)s of %(most)s.",
    "alert-budget-voice": "This alert's budget of calls is used up: %(used)s of %(most)s.",
    "digest-to-nobody": "NOBODY was sent this digest: those who wanted it have left, or have no push and no e-mail.",
    "end-to-nobody": "NOBODY had been told of the alert: its end went to no one.",
    "left-to-nobody": "Nobody had to be told that the alert no longer applies to them.",
    "nobody-reached": "NOBODY was reached: no one is concerned by the rule '%(rule)s'.",
    "nobody-reached-in-area": "NOBODY was reached: no one in the area is concerned by the rule '%(rule)s'.",
    "maybe-twice": (
        "%(n)s message may have been sent twice: a sender died while it was sending them.",
        "%(n)s messages may have been sent twice: a sender died while it was sending them.",
    ),
    "sender-refused": (
        "%(keeper)s refuses %(channels)s from this service: %(n)s person (%(answer)s).",
        "%(keeper)s refuses %(channels)s from this service: %(n)s people (%(answer)s).",
    ),
}
"""What an operator must see before or after an alert, by code; a pair is chosen by the parameter ``n``."""


@dataclass(frozen=True, slots=True)
class Warned:
    """``params`` fill the sentence; ``channels``: names of channels."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, words: Reader = ENGLISH) -> str:
        """Return the sentence in a reader's language; a code of a newer service is returned unchanged."""
        params = {**self.params}
        if "channels" in params:
            params["channels"] = words(" or ").join(_channel(each, words) for each in params["channels"])
        return filled(WARNINGS.get(self.code, self.code), params, words)


def english(warned: Sequence[Warned]) -> tuple[str, ...]:
    return tuple(each.sentence() for each in warned)


def _channel(name: str, words: Reader) -> str:
    word = words(CHANNEL_WORDS.get(name, name))
    return word if word.isupper() else word.lower()
