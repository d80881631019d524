"""A channel's gate, in time that passes only when nobody has anything to do: each figure is exact."""

from __future__ import annotations

import asyncio
import random
import selectors

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.bus import BusUnavailable, LocalBus
from broadcaster.sending.backoff import BASE_S, CAP_S, backoff_s
from broadcaster.sending.gate import Gate, SharedGate


class Idle(selectors.DefaultSelector):
    """Waits for nothing: the time that would have been waited is added to the clock, and a little for each turn."""

    now = 1000.0

    def select(self, timeout=None):
        self.now += max(timeout or 0.0, 0.0) + 1e-7
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    def __init__(self):
        self.idle = Idle()
        super().__init__(self.idle)

    def time(self):
        return self.idle.now


def run(work):
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(work)


def alone(concurrency, per_second):
    return Gate(concurrency, per_second)


def shared(concurrency, per_second):
    """A gate over a bucket that others could take of too."""
    bus = LocalBus()
    return SharedGate(concurrency, per_second, lambda *asked: bus.grant("x", per_second, max(1.0, per_second), *asked))


def cut_off(concurrency, per_second):
    """A shared gate whose bucket can't be reached."""

    async def grant(wanted, first):
        raise BusUnavailable

    return SharedGate(concurrency, per_second, grant)


GATES = {"alone": alone, "shared": shared, "cut off": cut_off}
over_all = pytest.mark.parametrize("make", GATES.values(), ids=GATES)


async def send(gate, rank, cost, log, *, takes_s=0.0, name=None):
    loop = asyncio.get_running_loop()
    async with gate.passing(rank, cost):
        log.append((loop.time(), name))
        log.inside = getattr(log, "inside", 0) + 1
        log.most = max(getattr(log, "most", 0), log.inside)
        try:
            await asyncio.sleep(takes_s)
        finally:
            log.inside -= 1


class Log(list):
    pass


@over_all
def test_never_more_are_inside_than_the_concurrency_allows(make):
    async def work():
        gate, log = make(3, 1000.0), Log()
        await asyncio.gather(*(send(gate, 0, 1, log, takes_s=0.1) for _ in range(30)))
        return log

    log = run(work())
    assert (len(log), log.most) == (30, 3)


@over_all
@settings(max_examples=30)
@given(
    per_second=st.sampled_from([0.1, 0.5, 1.0, 3.0, 10.0, 100.0]),
    costs=st.lists(st.integers(1, 6), min_size=1, max_size=40),
)
def test_in_no_span_of_time_is_more_let_through_than_the_rate_and_one_burst(make, per_second, costs):
    async def work():
        gate, log = make(100, per_second), Log()
        await asyncio.gather(*(send(gate, 0, cost, log, name=cost) for cost in costs))
        return log

    log = run(work())
    assert len(log) == len(costs)
    burst = max(1.0, per_second)
    for first in range(len(log)):
        spent = 0
        for at, cost in log[first:]:
            # What passes is started by the last token: only what went before it must have been earned.
            assert spent <= burst + (at - log[first][0]) * per_second + max(costs) + 1e-6
            spent += cost
    total = sum(costs[:-1])
    took = log[-1][0] - log[0][0]
    assert took >= (total - burst - max(costs)) / per_second - 1e-6


@pytest.mark.parametrize("per_second", [0.1, 1.0, 10.0])
def test_it_is_as_fast_as_its_rate_allows(per_second):
    async def work():
        gate, log = Gate(100, per_second), Log()
        await asyncio.gather(*(send(gate, 0, 1, log) for _ in range(50)))
        return log

    log = run(work())
    burst = max(1.0, per_second)
    assert log[-1][0] - log[0][0] == pytest.approx((50 - burst) / per_second, rel=1e-3)


def test_a_message_of_six_segments_takes_six_times_as_long_as_one():
    async def work():
        gate, log = Gate(10, 1.0), Log()
        await asyncio.gather(*(send(gate, 0, 6, log) for _ in range(5)))
        return [round(at - log[0][0], 6) for at, _ in log]

    assert run(work()) == pytest.approx([0, 6, 12, 18, 24], abs=1e-3)


@over_all
def test_the_smallest_rank_goes_first_and_within_a_rank_the_first_come(make):
    async def work():
        gate, log = make(1, 100.0), Log()
        hold = asyncio.create_task(send(gate, 0, 1, log, takes_s=1.0, name="holding"))
        await asyncio.sleep(0.5)
        ranks = [12, 0, 10, 0, 12, 1, 0]
        await asyncio.gather(hold, *(send(gate, rank, 1, log, name=(rank, n)) for n, rank in enumerate(ranks)))
        return [name for _, name in log], sorted((rank, n) for n, rank in enumerate(ranks))

    order, wanted = run(work())
    assert order == ["holding", *wanted]


@over_all
def test_after_a_rest_only_one_seconds_worth_is_saved_up(make):
    async def work():
        gate, log = make(100, 5.0), Log()
        await asyncio.sleep(3600)
        await asyncio.gather(*(send(gate, 0, 1, log) for _ in range(20)))
        return log

    log = run(work())
    assert sum(at - log[0][0] < 0.15 for at, _ in log) <= 6


async def all_places(gate, concurrency):
    """Return whether every place can be had again."""
    async with asyncio.timeout(100):
        for _ in range(concurrency):
            await gate.enter(0)
    for _ in range(concurrency):
        gate.leave()
    return True


@over_all
@pytest.mark.parametrize("turns", range(5))
def test_one_that_is_cancelled_just_as_it_is_let_in_leaks_no_place(make, turns):
    async def work():
        gate = make(1, 1000.0)
        await gate.enter(0)
        waiting = asyncio.create_task(gate.enter(0))
        await asyncio.sleep(0.01)
        gate.leave()
        for _ in range(turns):
            await asyncio.sleep(0)
        waiting.cancel()
        (found,) = await asyncio.gather(waiting, return_exceptions=True)
        if found is None:
            gate.leave()
        return await all_places(gate, 1)

    assert run(work())


@over_all
@pytest.mark.parametrize("seed", range(6))
def test_no_sequence_of_entering_leaving_and_cancelling_leaks_or_doubles_a_place(make, seed):
    async def work():
        chance, gate, log = random.Random(seed), make(4, 50.0), Log()
        tasks = []
        for _ in range(200):
            if chance.random() < 0.6:
                takes_s = chance.random() * 0.2
                tasks.append(
                    asyncio.create_task(send(gate, chance.randrange(3), chance.randrange(1, 4), log, takes_s=takes_s))
                )
            elif tasks:
                tasks[chance.randrange(len(tasks))].cancel()
            await asyncio.sleep(chance.choice([0, 0, 0.001, 0.05]))
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (log.most, log.inside) == (4, 0)
        return await all_places(gate, 4)

    assert run(work())


@over_all
def test_anybody_who_waits_behind_one_that_was_cancelled_is_let_in(make):
    async def work():
        gate, log = make(1, 10.0), Log()
        await gate.enter(0)
        first = asyncio.create_task(gate.enter(0))
        second = asyncio.create_task(send(gate, 1, 1, log))
        await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        gate.leave()
        async with asyncio.timeout(30):
            await second
        return len(log)

    assert run(work()) == 1


def test_senders_that_share_a_bucket_keep_its_rate_together():
    async def work():
        bus, log = LocalBus(), Log()
        gates = [SharedGate(50, 10.0, lambda *asked: bus.grant("sms", 10.0, 10.0, *asked)) for _ in range(3)]
        await asyncio.gather(*(send(gate, 0, 1, log) for gate in gates for _ in range(40)))
        return log

    log = run(work())
    assert log[-1][0] - log[0][0] == pytest.approx((120 - 10) / 10.0, rel=0.05)


def test_a_gate_whose_bucket_comes_back_counts_together_with_the_others_again():
    async def work():
        bus, log, away = LocalBus(), Log(), True

        async def grant(wanted, first):
            if away:
                raise BusUnavailable
            return await bus.grant("sms", 10.0, 10.0, wanted, first)

        gate = SharedGate(50, 10.0, grant)
        await asyncio.gather(*(send(gate, 0, 1, log) for _ in range(30)))
        away = False
        await asyncio.gather(*(send(gate, 0, 1, log) for _ in range(30)))
        return log, bus._buckets

    log, buckets = run(work())
    assert len(log) == 60
    assert "sms" in buckets


# Back-off


@given(st.integers(-3, 200), st.floats(0, 1))
def test_the_wait_before_the_next_try_grows_to_five_minutes_and_is_never_none(attempts, spread):
    wait = backoff_s(attempts, spread=spread)
    assert 0.5 <= wait <= CAP_S
    assert wait <= max(0.5, BASE_S * 2 ** max(attempts - 1, 0))


@given(st.integers(1, 200), st.floats(0, 86_400), st.floats(0, 1))
def test_never_is_tried_before_the_provider_said(attempts, retry_after_s, spread):
    assert retry_after_s <= backoff_s(attempts, retry_after_s, spread) <= retry_after_s + 10.0


def test_a_crowd_does_not_come_back_in_one_instant():
    assert len({round(backoff_s(6), 3) for _ in range(200)}) > 150
    assert len({round(backoff_s(1, 30.0), 3) for _ in range(200)}) > 150
