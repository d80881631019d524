"""An operator's sign-in."""

from __future__ import annotations

from broadcaster.domain.stations import Caller, Role
from broadcaster.http import sessions
from broadcaster.http.sessions import Sessions

SOMEONE = Caller(1, Role.READ, None)


def test_a_session_ends_after_eight_hours():
    now = [0.0]
    kept = Sessions(lambda: now[0])
    name = kept.start(SOMEONE)
    now[0] = 8 * 3600 - 1
    assert kept.find(name) is SOMEONE
    now[0] += 1
    assert kept.find(name) is None


def test_a_session_ends_when_it_is_ended_and_others_stay():
    kept = Sessions()
    mine, theirs = kept.start(SOMEONE), kept.start(SOMEONE)
    kept.end(mine)
    assert kept.find(mine) is None
    assert kept.find(theirs) is SOMEONE
    assert kept.find("") is None


def test_there_are_never_more_sessions_than_are_set(monkeypatch):
    monkeypatch.setattr(sessions, "_MOST", 3)
    kept = Sessions()
    names = [kept.start(SOMEONE) for _ in range(5)]
    assert [kept.find(name) is not None for name in names] == [False, False, True, True, True]
