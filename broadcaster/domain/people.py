"""Subscribers and the ways to reach them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broadcaster.domain.addresses import Address


class ChannelName(StrEnum):
    PUSH = "push"
    SMS = "sms"
    VOICE = "voice"
    EMAIL = "email"


CHANNEL_WORDS = {
    ChannelName.PUSH: "Notification",
    ChannelName.SMS: "SMS",
    ChannelName.VOICE: "Phone call",
    ChannelName.EMAIL: "E-mail",
}
"""What people call a channel, in English; pages translate it."""

CHANNELS: tuple[ChannelName, ...] = tuple(ChannelName)
"""In the order of their numbers in the store."""

CHANNEL_NUMBER: dict[ChannelName, int] = {name: number for number, name in enumerate(CHANNELS)}

PUSH = CHANNEL_NUMBER[ChannelName.PUSH]


class ContactStatus(IntEnum):
    """``GONE``: the provider says it is dead. ``STOPPED``: its owner told the provider to stop (SMS STOP)."""

    ACTIVE = 0
    GONE = 1
    STOPPED = 2


class LinkStatus(IntEnum):
    """Whether a subscriber has shown that a contact is theirs; only ``CONFIRMED`` ones are written to."""

    PENDING = 0
    CONFIRMED = 1


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact as given. ``canonical`` is what makes two the same; ``address`` all that is needed to write to it."""

    channel: ChannelName
    canonical: str
    address: str


@dataclass(frozen=True, slots=True)
class NewPlace:
    """A point that matters to a subscriber: WGS 84 degrees."""

    label: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class NewSubscriber:
    """A subscriber as given by a form, a register or the API; ``groups`` are slugs.

    ``address``: of their home, to be looked up. ``vulnerable``: enrolled as somebody to be told before others; None
    says nothing of it, and leaves it as it was.
    """

    locale: str
    contacts: tuple[NewContact, ...] = ()
    places: tuple[NewPlace, ...] = ()
    groups: tuple[str, ...] = ()
    external_id: str | None = None
    name: str | None = None
    vulnerable: bool | None = None
    address: Address | None = None
