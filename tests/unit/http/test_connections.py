"""Which connections are closed, of those that ask for nothing."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from broadcaster.http.connections import FIRST_S, KEPT_S, Connections


class Opened:
    closed = False

    def force_close(self):
        self.closed = True


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_one_that_never_asks_is_closed_soon(clock):
    connections, silent = Connections(10, clock), Opened()
    connections.sweep([silent])
    clock.now += FIRST_S
    connections.sweep([silent])
    assert not silent.closed
    clock.now += 1
    connections.sweep([silent])
    assert silent.closed


def test_one_that_asked_is_kept_for_more_and_then_closed(clock):
    connections, kept = Connections(10, clock), Opened()
    with connections.at_work(kept):
        clock.now += 5000  # a stream, say
        connections.sweep([kept])
    clock.now += KEPT_S
    connections.sweep([kept])
    assert not kept.closed
    clock.now += 1
    connections.sweep([kept])
    assert kept.closed


def test_of_too_many_the_longest_waiting_go_and_none_that_is_being_answered(clock):
    connections, each = Connections(3, clock), [Opened() for _ in range(6)]
    for number in range(1, 7):
        connections.sweep(each[:number][-3:])  # one comes a second
        clock.now += 1
    with connections.at_work(each[3]):
        connections.sweep(each[3:])
        assert not any(one.closed for one in each[3:])
        connections.sweep([*each[3:], Opened()])
        assert [one.closed for one in each[3:]] == [False, True, False]


def test_nothing_is_kept_of_those_that_are_gone(clock):
    connections = Connections(10, clock)
    for _ in range(5):
        one = Opened()
        with connections.at_work(one):
            pass
        connections.sweep([one])
    connections.sweep([])
    assert (connections._since, connections._served, connections._at_work) == ({}, set(), set())
    assert (connections._known, connections._timed) == (set(), {})


def test_one_address_that_has_more_than_a_quarter_loses_its_oldest_that_wait(clock):
    greedy, modest = [Opened() for _ in range(130)], [Opened() for _ in range(20)]
    where = dict.fromkeys(greedy, "192.0.2.1") | dict.fromkeys(modest, "192.0.2.2")
    connections = Connections(400, clock, where.get)
    with connections.at_work(greedy[0]):
        for n in range(len(greedy)):
            connections.sweep(greedy[: n + 1])
            clock.now += 0.001
        connections.sweep([*greedy, *modest])
    assert [each.closed for each in greedy].count(True) == 30
    assert not greedy[0].closed, "it is being answered"
    assert not any(each.closed for each in (*modest, greedy[-1]))


def test_one_that_sends_a_body_waits_and_counts_in_its_callers_share_and_is_not_late(clock):
    sending, modest = [Opened() for _ in range(130)], [Opened() for _ in range(20)]
    connections = Connections(400, clock)
    with ExitStack() as blocks:
        for each, address in [*((each, "192.0.2.1") for each in sending), *((each, "192.0.2.2") for each in modest)]:
            blocks.enter_context(connections.at_work(each))
            blocks.enter_context(connections.waiting(each, address))
            clock.now += 0.001
        clock.now += KEPT_S + 1  # its own pace is judged elsewhere
        connections.sweep([*sending, *modest])
        assert [each.closed for each in sending] == [True] * 30 + [False] * 100
        assert not any(each.closed for each in modest)


def test_one_whose_body_came_is_at_work_again(clock):
    connections, each = Connections(400, clock), Opened()
    with connections.at_work(each):
        with connections.waiting(each):
            pass
        clock.now += KEPT_S + 1
        connections.sweep([each])
        assert not each.closed


def test_a_part_of_all_connections_is_kept_for_those_who_are_known(clock):
    connections, known, strangers = Connections(400, clock), [Opened() for _ in range(90)], []
    for each in known:
        with connections.at_work(each):
            connections.know(each)
    connections.sweep(known)
    for _ in range(500):
        clock.now += 0.01
        strangers.append(Opened())
        connections.opened(lambda: [each for each in (*known, *strangers) if not each.closed])
    assert not any(each.closed for each in known)
    assert sum(not each.closed for each in strangers) <= 300
    assert not strangers[-1].closed, "who comes now is heard: it may be an operator, or a provider that calls back"


def test_the_next_request_on_a_connection_is_a_strangers_until_it_proves_itself(clock):
    connections, shared = Connections(400, clock), Opened()
    with connections.at_work(shared):
        connections.know(shared)
    crowd = [Opened() for _ in range(300)]
    with connections.at_work(shared), connections.waiting(shared):
        clock.now += 1
        connections.sweep([shared, *crowd])
        assert shared.closed


def test_where_all_come_from_one_proxy_none_is_closed_for_it(clock):
    every = [Opened() for _ in range(150)]
    Connections(400, clock).sweep(every)
    assert not any(each.closed for each in every)
