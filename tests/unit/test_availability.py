"""What goes away is logged once, and once more when it is back."""

from __future__ import annotations

from structlog.testing import capture_logs

from broadcaster.availability import Availability


def events(logs):
    return [each["event"] for each in logs]


def test_an_outage_is_two_lines_however_often_it_is_noticed():
    bus = Availability("the bus")
    with capture_logs() as logs:
        for _ in range(1000):
            bus.lost(OSError("connection refused"))
        for _ in range(1000):
            bus.found()
    assert events(logs) == ["the bus is away", "the bus is back"]
    assert logs[0]["error"] == "connection refused"
    assert logs[1]["away_s"] >= 0


def test_what_never_was_there_is_told_by_who_opens_it():
    store = Availability("the database", seen=False)
    with capture_logs() as logs:
        store.lost("no such host")
        store.found()
    assert events(logs) == []
    with capture_logs() as logs:
        store.lost("gone")
    assert events(logs) == ["the database is away"]
