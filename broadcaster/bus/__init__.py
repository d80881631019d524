"""What carries the ids of work from stage to stage; it holds nothing that the store does not."""

from broadcaster.bus.base import BadAddress, Bus, BusUnavailable, Job, NoAnswer
from broadcaster.bus.local import LocalBus
from broadcaster.bus.streams import StreamsBus

__all__ = ["BadAddress", "Bus", "BusUnavailable", "Job", "LocalBus", "NoAnswer", "StreamsBus"]
