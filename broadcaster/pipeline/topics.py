"""Names on the bus: topics that wake loops, and queues between stages."""

from broadcaster.domain.alerts import lane_of_rank
from broadcaster.domain.people import ChannelName

ALERTS = "alerts"
"""Topic: an alert was issued, changed or ended."""
PEOPLE = "people"
"""Topic: subscribers changed or moved."""
RESOLVE = "resolve"


def queue_of(channel: ChannelName | str, rank: int) -> str:
    return f"deliver.{channel}.{lane_of_rank(rank)}"


def resolve_queue(rank: int) -> str:
    """Return the queue of alerts to resolve in that rank's lane, so that a big routine alert delays no urgent one."""
    return f"{RESOLVE}.{lane_of_rank(rank)}"
