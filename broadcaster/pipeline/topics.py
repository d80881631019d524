"""Names on the bus: the topics that wake the loops, and the queues that carry work from stage to stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.domain.alerts import lane_of_rank

if TYPE_CHECKING:
    from broadcaster.domain.people import ChannelName

ALERTS = "alerts"
"""Topic: an alert was issued, changed or ended."""
PEOPLE = "people"
"""Topic: subscribers changed or moved."""
RESOLVE = "resolve"


def queue_of(channel: ChannelName | str, rank: int) -> str:
    """Return the queue of a channel's batches in the lane of that rank."""
    return f"deliver.{channel}.{lane_of_rank(rank)}"


def resolve_queue(rank: int) -> str:
    """Return the queue of alerts to be resolved in the lane of that rank: a big routine alert delays no flood."""
    return f"{RESOLVE}.{lane_of_rank(rank)}"
