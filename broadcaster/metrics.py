"""What is measured of the pipeline, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ISSUED = Counter("tocsin_alerts_issued_total", "Alerts taken.", ["status", "severity"])
MATCHED = Counter("tocsin_people_matched_total", "People written down as concerned by an alert.")
ENTERED = Counter("tocsin_people_entered_total", "People added to an alert that was already active.")
SENT = Counter("tocsin_messages_total", "Messages handed to a provider, by what it said.", ["channel", "result"])
OUTCOMES = Counter("tocsin_outcomes_total", "Outcomes and receipts written down.", ["state"])
SEND_SECONDS = Histogram("tocsin_send_seconds", "Time a provider takes for one message.", ["channel"])
GROUP_SECONDS = Histogram("tocsin_group_commit_seconds", "Time to write down a group of outcomes.")
RESOLVE_SECONDS = Histogram(
    "tocsin_resolve_seconds",
    "Time from an alert's turn until everyone concerned is written down.",
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300),
)
WAITING = Gauge("tocsin_queue_depth", "Jobs that wait on the bus.", ["queue"])
STOPPED = Gauge("tocsin_channel_stopped", "1 while a channel is stopped for its configuration.", ["channel"])
DEAD_LETTERS = Counter("tocsin_dead_letters_total", "Deliveries given up for an error of ours.", ["channel"])
