"""A channel as the service uses it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from broadcaster.sending.backoff import STOP_S
from broadcaster.sending.origins import Origins

if TYPE_CHECKING:
    from datetime import datetime

    from broadcaster.domain.people import ChannelName
    from broadcaster.sending.gate import Gate
    from channels.base import Channel
    from channels.sms.smpp import Smpp
    from channels.transport.failover import Failover, Provider


@dataclass
class Sender:
    """A channel as the service uses it. ``stopped_until``: it is broken, and tried again then.

    ``providers`` are one or two; ``failover`` is the channel itself where it has two; ``listener`` is the part of it
    that hears what becomes of messages; ``signs_as`` is who its texts are from; ``patience_s`` bounds a message, else
    the settings do.
    """

    name: ChannelName
    channel: Channel[Any, Any]
    gate: Gate
    sandboxed: bool
    batch_size: int
    hint: str = ""
    stopped_until: datetime | None = None
    providers: tuple[Provider[Any, Any], ...] = ()
    failover: Failover[Any, Any] | None = None
    listener: Smpp | None = None
    signs_as: str = ""
    patience_s: float | None = None
    origins: Origins = field(default_factory=Origins)

    def resting(self, now: datetime) -> bool:
        """Return whether the channel is stopped, and not to be tried yet.

        A time further ahead is of a clock that was ahead, and was set right since.
        """
        return self.stopped_until is not None and now < self.stopped_until <= now + timedelta(seconds=STOP_S)

    @property
    def provider(self) -> str:
        """Who this channel speaks to, in a word."""
        return "+".join(each.name for each in self.providers)
