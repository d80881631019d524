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


def opened(connections, *each):
    for one in each:
        connections.opened(one)


def test_one_that_never_asks_is_closed_soon(clock):
    connections, silent = Connections(10, clock), Opened()
    opened(connections, silent)
    clock.now += FIRST_S
    connections.sweep()
    assert not silent.closed
    clock.now += 1
    connections.sweep()
    assert silent.closed


def test_one_that_asked_is_kept_for_more_and_then_closed(clock):
    connections, kept = Connections(10, clock), Opened()
    opened(connections, kept)
    with connections.at_work(kept):
        clock.now += 5000  # a stream, say
        connections.sweep()
    clock.now += KEPT_S
    connections.sweep()
    assert not kept.closed
    clock.now += 1
    connections.sweep()
    assert kept.closed


def test_of_too_many_the_longest_waiting_go_and_none_that_is_being_answered(clock):
    connections, each = Connections(4, clock), [Opened() for _ in range(4)]
    for one in each[:3]:
        opened(connections, one)
        clock.now += 1
    with connections.at_work(each[0]):
        connections.sweep()
        assert not any(one.closed for one in each)
        opened(connections, each[3])
        assert [one.closed for one in each] == [False, True, False, False]


def test_nothing_is_kept_of_those_that_are_gone(clock):
    connections = Connections(10, clock)
    gone, gone_while_asking = Opened(), Opened()
    opened(connections, gone, gone_while_asking)
    with connections.at_work(gone):
        connections.know(gone)
    connections.closed(gone)
    with connections.at_work(gone_while_asking), connections.waiting(gone_while_asking):
        connections.closed(gone_while_asking)
    connections.know(gone_while_asking)
    assert not any((connections._since, connections._whose, connections._served, connections._at_work))
    assert not any((connections._known, connections._timed))


def test_one_address_that_has_more_than_a_quarter_loses_its_oldest_that_wait(clock):
    greedy, modest = [Opened() for _ in range(130)], [Opened() for _ in range(20)]
    where = dict.fromkeys(greedy, "192.0.2.1") | dict.fromkeys(modest, "192.0.2.2")
    connections = Connections(400, clock, where.get)
    for each in greedy:
        opened(connections, each)
        clock.now += 0.001
    opened(connections, *modest)
    with connections.at_work(greedy[0]):
        connections.sweep()
    assert [each.closed for each in greedy].count(True) == 30
    assert not greedy[0].closed, "it is being answered"
    assert not any(each.closed for each in (*modest, greedy[-1]))


def test_a_connection_sending_a_body_counts_in_its_callers_share_and_is_not_late(clock):
    sending, modest = [Opened() for _ in range(130)], [Opened() for _ in range(20)]
    connections = Connections(400, clock)
    opened(connections, *sending, *modest)
    with ExitStack() as blocks:
        for each, address in [*((each, "192.0.2.1") for each in sending), *((each, "192.0.2.2") for each in modest)]:
            blocks.enter_context(connections.at_work(each))
            blocks.enter_context(connections.waiting(each, address))
            clock.now += 0.001
        clock.now += KEPT_S + 1  # its own pace is judged elsewhere
        connections.sweep()
        assert [each.closed for each in sending] == [True] * 30 + [False] * 100
        assert not any(each.closed for each in modest)


def test_one_whose_body_came_is_at_work_again(clock):
    connections, each = Connections(400, clock), Opened()
    opened(connections, each)
    with connections.at_work(each):
        with connections.waiting(each):
            pass
        clock.now += KEPT_S + 1
        connections.sweep()
        assert not each.closed


def test_a_part_of_all_connections_is_kept_for_those_who_are_known(clock):
    connections, known, strangers = Connections(400, clock), [Opened() for _ in range(90)], []
    opened(connections, *known)
    for each in known:
        with connections.at_work(each):
            connections.know(each)
    for _ in range(500):
        clock.now += 0.01
        strangers.append(Opened())
        opened(connections, strangers[-1])
    assert not any(each.closed for each in known)
    assert sum(not each.closed for each in strangers) <= 300
    assert not strangers[-1].closed, "who comes now is heard: it may be an operator, or a provider that calls back"


def test_known_callers_are_not_counted_among_strangers_and_each_newcomer_takes_the_oldests_place(clock):
    connections, known, strangers = (
        Connections(400, clock),
        [Opened() for _ in range(90)],
        [Opened() for _ in range(302)],
    )
    opened(connections, *known)
    for each in known:
        with connections.at_work(each):
            connections.know(each)
    for each in strangers:
        clock.now += 0.01
        opened(connections, each)
    assert [each.closed for each in strangers] == [True] * 2 + [False] * 300
    assert not any(each.closed for each in known)


def test_the_next_request_on_a_connection_is_a_strangers_until_it_proves_itself(clock):
    connections, shared = Connections(400, clock), Opened()
    opened(connections, shared)
    with connections.at_work(shared):
        connections.know(shared)
    with connections.at_work(shared), connections.waiting(shared):
        clock.now += 1
        opened(connections, *(Opened() for _ in range(300)))
        assert shared.closed


def test_where_all_come_from_one_proxy_none_is_closed_for_it(clock):
    connections, every = Connections(400, clock), [Opened() for _ in range(150)]
    opened(connections, *every)
    connections.sweep()
    assert not any(each.closed for each in every)
