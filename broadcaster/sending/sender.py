from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from broadcaster.domain.people import ChannelName
from broadcaster.sending.backoff import STOP_S
from broadcaster.sending.gate import Gate
from broadcaster.sending.origins import Origins
from channels.base import Channel
from channels.sms.smpp import Smpp
from channels.transport.failover import Failover, Provider


@dataclass
class Sender:
    """A channel with its gate and state. ``stopped_until``: when a broken channel is retried.

    ``providers``: one or two. ``failover``: the channel itself if it has two providers. ``listener``: what receives
    delivery reports. ``signs_as``: the sender of its texts. ``patience_s``: time limit per message, else the settings'.
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
        """Return whether the channel is stopped and not due for a retry.

        A time too far ahead comes from a clock that has been corrected since.
        """
        return self.stopped_until is not None and now < self.stopped_until <= now + timedelta(seconds=STOP_S)

    @property
    def provider(self) -> str:
        return "+".join(each.name for each in self.providers)
