"""Subscribers and their contacts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from broadcaster.domain.addresses import Address
from broadcaster.domain.words import Worded


class ChannelName(StrEnum):
    PUSH = "push"
    SMS = "sms"
    VOICE = "voice"
    EMAIL = "email"


CHANNEL_WORDS: Mapping[str, str] = {
    ChannelName.PUSH: "Notification",
    ChannelName.SMS: "SMS",
    ChannelName.VOICE: "Phone call",
    ChannelName.EMAIL: "E-mail",
}
"""Channel names in English; pages translate them."""

CHANNELS: tuple[ChannelName, ...] = tuple(ChannelName)
"""In the order of their numbers in the store."""

CHANNEL_NUMBER: dict[ChannelName, int] = {name: number for number, name in enumerate(CHANNELS)}

PUSH = CHANNEL_NUMBER[ChannelName.PUSH]

PHONES = (ChannelName.SMS, ChannelName.VOICE)
"""The channels whose contact is a telephone number."""

LINKED = (ChannelName.EMAIL,)
"""The channels whose message with a code also has a link, which may be opened on another device."""


class ContactStatus(Worded):
    """``GONE``: the provider reports it dead. ``STOPPED``: its owner opted out at the provider (SMS STOP)."""

    ACTIVE = 0
    GONE = 1
    STOPPED = 2


MOST_GUARDIANS = 4
"""Of one child. Each is told once, by their own contacts; what one of them answers is the child's answer."""


class LinkStatus(IntEnum):
    """Whether a subscriber has proven ownership of a contact; only ``CONFIRMED`` ones are written to."""

    PENDING = 0
    CONFIRMED = 1


@dataclass(frozen=True, slots=True)
class NewContact:
    """``canonical``: comparison form. ``address``: everything needed to write to it. ``guardian``: number of the
    guardian whose it is (1 to ``MOST_GUARDIANS``), 0: the person's own.
    """

    channel: ChannelName
    canonical: str
    address: str
    guardian: int = 0


@dataclass(frozen=True, slots=True)
class NewPlace:
    """A subscriber's place: WGS 84 degrees."""

    label: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class NewSubscriber:
    """A subscriber from a form, a register or the API; ``groups`` are slugs.

    ``address``: home address to geocode. ``vulnerable``: told before others; None keeps the stored value.
    ``guardians``: names of a child's guardians, the first one's first; empty where only their contacts are known.
    """

    locale: str
    contacts: tuple[NewContact, ...] = ()
    places: tuple[NewPlace, ...] = ()
    groups: tuple[str, ...] = ()
    external_id: str | None = None
    name: str | None = None
    vulnerable: bool | None = None
    address: Address | None = None
    guardians: tuple[str, ...] = ()
