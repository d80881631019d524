"""The simulation of a nation, where what must come out can be reckoned by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from broadcaster.pipeline import dispatch, track
from tests.bench.nation_plan import (
    CHANNELS,
    FIRST_PART,
    GROUP,
    MEASURED,
    PART,
    PUSH,
    SMS,
    Channel,
    Plan,
    PushService,
    Took,
    free,
    measured,
)
from tests.bench.nation_run import RESOLVER, Nation, Resource

PEOPLE = 20_000
ONE_SERVICE = {"one": PushService(1.0)}


def plan(*, channel=PUSH, senders=1, **of_channel):
    channels = {channel: Channel(1.0, **of_channel)}
    return Plan("a test", channels, PEOPLE, senders=senders, services=ONE_SERVICE, receipts=0.0)


def took(**seconds):
    return {**free(), **{name.replace("_", " "): Took(each, "a test") for name, each in seconds.items()}}


def test_a_bucket_alone_lets_through_its_rate():
    told = Nation(plan(channel=SMS, per_second=200.0, cost=2.0), free()).run()
    assert told.seconds(100) == pytest.approx(PEOPLE * 2 / 200)
    assert told.seconds(50) == pytest.approx(PEOPLE / 200, rel=1e-3)
    assert told.busy(SMS)["rate sms"] == pytest.approx(1.0)
    assert told.bound_by(SMS) == "rate sms"


@pytest.mark.parametrize("senders", [1, 4])
def test_cores_alone_share_the_work(senders):
    told = Nation(plan(senders=senders), took(cpu_push=1e-3)).run()
    # Batches are not cut up, so that one sender may have one more than another.
    assert told.seconds(100) == pytest.approx(PEOPLE * 1e-3 / senders, abs=0.3)
    assert told.bound_by(PUSH) == "senders' cores"


def test_places_alone_turn_over_once_an_answer():
    told = Nation(plan(senders=2, places=50, latency_s=0.1), free()).run()
    assert told.seconds(100) == pytest.approx(PEOPLE * 0.1 / 50 / 2, rel=0.05)


def test_a_spread_of_answers_holds_places_for_their_mean():
    told = Nation(plan(places=10, latency_s=0.1, spread=1.0), free()).run()
    assert told.seconds(100) == pytest.approx(PEOPLE * 0.1 * 1.6487 / 10, rel=0.05)


def test_a_push_service_s_limit_holds_up_its_own_share_only():
    services = {"slow": PushService(0.5, 100.0), "quick": PushService(0.5)}
    told = Nation(replace(plan(), services=services, runners=PEOPLE), free()).run()
    assert told.seconds(100) == pytest.approx(PEOPLE / 2 / 100, rel=0.03)
    assert told.seconds(49) == pytest.approx(0.0, abs=1e-6)


def test_parts_are_written_one_after_the_other():
    told = Nation(plan(), took(part=0.05)).run()
    assert told.written_s == pytest.approx(PEOPLE / PART * 0.05)
    assert told.seconds(100) == pytest.approx(told.written_s)
    assert told.bound_by(PUSH) == RESOLVER
    quicker = Nation(replace(plan(), side_by_side=4), took(part=0.05)).run()
    assert quicker.written_s == pytest.approx(told.written_s / 4, rel=0.05)


def test_the_sums_of_an_alert_are_changed_by_one_at_a_time():
    times = {**free(), "group": Took(0.01, "a test", locked_s=0.01)}
    told = Nation(plan(senders=8), times).run()
    assert told.accounted_s == pytest.approx(PEOPLE / GROUP * 0.01, rel=0.05)


def test_a_database_of_more_cores_is_done_sooner():
    times = {**free(), "take push": Took(0.02, "a test", server_s=0.02)}
    batches = 1 + (PEOPLE - FIRST_PART) // PART * 4 + 4
    one, four = (Nation(replace(plan(senders=8), database_cores=cores), times).run().seconds(100) for cores in (1, 4))
    assert one == pytest.approx(batches * 0.02, rel=0.02)
    assert four == pytest.approx(one / 4, rel=0.05)


def test_everyone_is_sent_one_message_and_no_more():
    shares = {name: Channel(share) for name, share in zip(CHANNELS, (0.6, 0.25, 0.1, 0.05), strict=True)}
    told = Nation(replace(plan(), channels=shares, people=12_345), MEASURED).run()
    assert sum(len(each) for each in told.accepted.values()) == 12_345
    assert len(told.accepted[PUSH]) == pytest.approx(0.6 * 12_345, abs=1)


def test_a_resource_idle_for_long_is_busy_only_when_wanted():
    resource = Resource(2)
    assert [resource.serve(10.0, 1.0) for _ in range(3)] == [(10.0, 11.0), (10.0, 11.0), (11.0, 12.0)]
    assert resource.busy(12.0) == pytest.approx(3 / 4)
    assert resource.busy(11.0) == pytest.approx(1.0)


def test_its_sizes_are_the_service_s_own():
    assert (dispatch.FIRST_PART, max(dispatch.PART.values()), track.GROUP) == (FIRST_PART, PART, GROUP)


def test_what_was_measured_goes_before_what_is_written_here(tmp_path):
    rows = [{"name": "push bare", "cpu_us": 250.0}, {"name": "sms", "cpu_us": None}]
    (tmp_path / "bench.json").write_text(json.dumps({"machine": {"small": False}, "rows": rows}))
    step = {"wall_ms": 20.0, "server_cpu_ms": 9.0, "locked_ms": 2.0}
    (tmp_path / "nation_times.json").write_text(json.dumps({"group of 500 outcomes": step}))
    times = measured(tmp_path)
    assert times["cpu push"].wall_s == pytest.approx(250e-6)
    assert times["cpu sms"] == MEASURED["cpu sms"]
    assert (times["group"].wall_s, times["group"].server_s, times["group"].locked_s) == (0.02, 0.009, 0.002)
    assert "bench.json" in times["cpu push"].source


def test_a_run_of_a_hundredth_is_no_measure(tmp_path):
    rows = [{"name": "push bare", "cpu_us": 250.0}]
    (tmp_path / "bench.json").write_text(json.dumps({"machine": {"small": True}, "rows": rows}))
    assert measured(tmp_path) == MEASURED
