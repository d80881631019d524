"""What carries the ids of work from stage to stage; it holds nothing that the store does not."""

from broadcaster.bus.base import Bus, Job
from broadcaster.bus.local import LocalBus

__all__ = ["Bus", "Job", "LocalBus"]
