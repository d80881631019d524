"""The collectors of our own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from broadcaster.metrics import Shown, Tally


def text_of(collector) -> str:
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry).decode()


def test_a_tally_is_a_histogram_whose_buckets_add_up():
    tally = Tally("t_seconds", "Times.", ("lane",))
    tally.add(("urgent",), 0.2, 1_000_000)
    tally.add(("urgent",), 100_000.0)
    told = text_of(tally)
    assert 't_seconds_bucket{lane="urgent",le="0.1"} 0.0' in told
    assert 't_seconds_bucket{lane="urgent",le="0.25"} 1e+06' in told
    assert 't_seconds_bucket{lane="urgent",le="14400"} 1e+06' in told
    assert 't_seconds_bucket{lane="urgent",le="+Inf"} 1.000001e+06' in told
    assert 't_seconds_count{lane="urgent"} 1.000001e+06' in told
    assert 't_seconds_sum{lane="urgent"} 300000.0' in told


def test_what_is_shown_is_gone_when_another_leads():
    shown = Shown()
    shown.show({"tocsin_leader": {(): 1.0}, "tocsin_queue_depth": {("resolve.urgent",): 3.0}})
    assert 'tocsin_queue_depth{queue="resolve.urgent"} 3.0' in text_of(shown)
    shown.hide()
    assert "\ntocsin_" not in text_of(shown)


def test_what_was_shown_half_a_minute_ago_is_no_more(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("broadcaster.metrics.time.monotonic", lambda: now[0])
    shown = Shown()
    shown.show({"tocsin_leader": {(): 1.0}})
    now[0] += 29.9
    assert "\ntocsin_leader 1.0" in text_of(shown)
    now[0] += 0.2
    assert "\ntocsin_leader" not in text_of(shown)
