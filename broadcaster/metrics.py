"""Prometheus metrics of the pipeline. Every label has few, known values.

Counters and histograms of work are per process, and add up. Figures from the store for all processes (``LEADER``,
``STAGE``, ``PERSON``) are exported by one, the leading scheduler.
"""

import time
from collections import Counter as Count
from collections.abc import Iterable, Mapping

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import CHANNELS

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
FIRST_SECONDS = Histogram(
    "tocsin_first_message_seconds",
    "Time from an alert until its first message was handed to a provider.",
    ["lane"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
STOPPED = Gauge("tocsin_channel_stopped", "1 while a channel is stopped for its configuration.", ["channel"])
DEAD_LETTERS = Counter("tocsin_dead_letters_total", "Deliveries given up for an error of ours.", ["channel"])

_FRESH_S = 30.0
_GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "tocsin_leader": ("1 in the scheduler that leads; no series elsewhere.", ()),
    "tocsin_queue_depth": ("Jobs that wait on the bus.", ("queue",)),
    "tocsin_queue_age_seconds": ("Since when the oldest work waits that is due and in nobody's hands.", ("queue",)),
    "tocsin_deliveries_waiting": ("Deliveries that are still to be sent.", ("channel", "lane")),
    "tocsin_alerts_unfinished": ("Alerts with someone unaccounted for.", ("lane",)),
    "tocsin_unaccounted_deliveries": ("Deliveries without an outcome, of alerts whose deadline has passed.", ()),
    "tocsin_unaccounted_people": ("People without a final state, of alerts whose deadline has passed.", ()),
    "tocsin_late_deliveries": ("Deliveries still to be sent of alerts issued 15 minutes ago or more.", ("lane",)),
    "tocsin_outbox_waiting": ("Events that are written and not on the bus yet, counted up to 100,000.", ()),
    "tocsin_channel_stop_seconds": ("Since when a channel is stopped for its configuration.", ("channel",)),
}
_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0)


class Shown(Collector):
    """Gauges that one process reads together: exported while fresh, and hidden when another process reads them."""

    def __init__(self) -> None:
        self._values: Mapping[str, Mapping[tuple[str, ...], float]] = {}
        self._until = 0.0

    def show(self, values: Mapping[str, Mapping[tuple[str, ...], float]]) -> None:
        """Export these values, by gauge name and label values."""
        self._values, self._until = values, time.monotonic() + _FRESH_S

    def hide(self) -> None:
        self._values = {}

    def describe(self) -> Iterable[Metric]:
        return [GaugeMetricFamily(name, said, labels=labels) for name, (said, labels) in _GAUGES.items()]

    def collect(self) -> Iterable[Metric]:
        values = self._values if time.monotonic() < self._until else {}
        for name, (said, labels) in _GAUGES.items():
            family = GaugeMetricFamily(name, said, labels=labels)
            for key, value in values.get(name, {}).items():
                family.add_metric(key, value)
            yield family


class Tally(Collector):
    """A histogram with bulk adds, so that a million people do not take a million calls."""

    def __init__(self, name: str = "", said: str = "", labels: tuple[str, ...] = ()) -> None:
        self._name, self._said, self._labels = name, said, labels
        self._counts: dict[tuple[str, ...], Count[float]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def add(self, labels: tuple[str, ...], seconds: float, n: int = 1) -> None:
        """Add ``n`` of ``seconds`` each."""
        bound = next((each for each in _BOUNDS if seconds <= each), float("inf"))
        self._counts.setdefault(labels, Count())[bound] += n
        self._sums[labels] = self._sums.get(labels, 0.0) + seconds * n

    def describe(self) -> Iterable[Metric]:
        return [HistogramMetricFamily(self._name, self._said, labels=self._labels)]

    def collect(self) -> Iterable[Metric]:
        family = HistogramMetricFamily(self._name, self._said, labels=self._labels)
        for labels, counts in self._counts.items():
            total, buckets = 0, []
            for bound in (*_BOUNDS, float("inf")):
                total += counts[bound]
                buckets.append((f"{bound:g}" if bound != float("inf") else "+Inf", float(total)))
            family.add_metric(labels, buckets, self._sums[labels])
        yield family


LEADER = Shown()
STAGE = Tally(
    "tocsin_stage_seconds",
    "Time of an alert until all were written down (resolved), a provider took the first message (first_accepted), from"
    " the one to the other (resolved_to_accepted), and until nothing was left to send (finished).",
    ("stage", "lane"),
)
PERSON = Tally(
    "tocsin_person_seconds",
    "Time from the alert, or from a person's entering its area, until a provider took their first message (accepted),"
    " and until it was on their device (delivered).",
    ("measure", "lane"),
)
for _collector in (LEADER, STAGE, PERSON):
    REGISTRY.register(_collector)
BREAKER = Gauge(
    "tocsin_breaker_state", "Of a provider or push origin: 0 asked, 1 on trial, 2 left alone.", ["channel", "provider"]
)
BY_PROVIDER = Counter(
    "tocsin_provider_messages_total",
    "Messages handed to a provider, or a push service, by what it said.",
    ["channel", "provider", "result"],
)
FIRST_SHARE = Gauge("tocsin_provider_share", "What part of a channel's messages its first provider has.", ["channel"])
POSTPONED = Counter(
    "tocsin_postponed_total", "Deliveries put off because their provider or push origin is in trouble.", ["channel"]
)
# Initialize the series, since a rate misses the first increase of one that did not exist.
for _channel in CHANNELS:
    DEAD_LETTERS.labels(_channel)
    for _result in ("accepted", "transient", "permanent", "gone", "misconfigured"):
        SENT.labels(_channel, _result)
for _state in ("retry", *(each.word for each in DeliveryState)):
    OUTCOMES.labels(_state)
UNKNOWN_REPORTS = Counter("tocsin_unknown_reports_total", "Delivery reports of messages that nobody knows.")
