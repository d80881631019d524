"""Carries ids of work between stages; holds nothing that the store lacks."""

from broadcaster.bus.base import BadAddress, Bus, BusUnavailable, Job, NoAnswer
from broadcaster.bus.local import LocalBus
from broadcaster.bus.streams import StreamsBus

__all__ = ["BadAddress", "Bus", "BusUnavailable", "Job", "LocalBus", "NoAnswer", "StreamsBus"]
