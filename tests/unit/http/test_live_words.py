"""How it goes with an alert, in one sentence; lengths of time; the curve of how fast."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.domain.alerts import MsgType, Text, ThreadRole
from broadcaster.domain.deliveries import PersonState
from broadcaster.domain.latency import bucket
from broadcaster.domain.people import ChannelName
from broadcaster.web.console.alerts.live_curve import curve_of
from broadcaster.web.console.alerts.live_words import People, people_of, span, verdict
from broadcaster.web.i18n import catalogs
from tests.contract.stores import an_alert

ENGLISH, FRENCH = catalogs().words("en"), catalogs().words("fr")
NOW = datetime(2026, 6, 1, 3, tzinfo=UTC)
ALERT = an_alert(
    1,
    texts={"en": Text("Flood")},
    channels=(ChannelName.PUSH, ChannelName.SMS),
    expires_at=NOW + timedelta(hours=1),
    resolved_at=NOW,
)


@pytest.mark.parametrize(
    ("people", "changes", "look", "says"),
    [
        ((0, 0, 0, 0, 0), {"resolved_at": None}, "busy", "We are finding out who is concerned."),
        ((0, 0, 0, 0, 0), {}, "bad", "Nobody was told: nobody is concerned."),
        ((0, 0, 0, 0, 0), {"msg_type": MsgType.CANCEL}, "still", "Nobody had been told"),
        ((0, 0, 0, 0, 0), {"role": ThreadRole.LEFT}, "still", "Nobody had to be told that the alert no"),
        ((9, 4, 0, 5, 0), {"resolved_at": None}, "busy", "4 people of 9 are told. Sending goes on."),
        ((9, 9, 0, 0, 0), {"resolved_at": None}, "busy", "Sending goes on."),
        ((100, 40, 0, 60, 0), {}, "busy", "Sending goes on."),
        ((100, 40, 0, 30, 30), {}, "warn", "30 people could not be reached."),
        ((1, 1, 1, 0, 0), {}, "good", "Everyone is told: 1 person."),
        ((6000, 5912, 10, 0, 88), {}, "good", "5,912 people of 6,000 are told. 88 people could not be reached."),
        ((100, 80, 0, 0, 20), {}, "warn", "20 people could not be reached."),
        ((100, 20, 0, 0, 80), {}, "bad", "80 people could not be reached."),
        ((100, 0, 0, 0, 100), {}, "bad", "Nobody is told: no message went through."),
        ((9, 9, 0, 0, 0), {"sandbox": (ChannelName.PUSH, ChannelName.SMS)}, "still", "Nothing was sent"),
        ((9, 9, 0, 0, 0), {"sandbox": (ChannelName.SMS,)}, "good", "Everyone is told"),
    ],
)
def test_one_sentence_says_how_it_goes(people, changes, look, says):
    found = verdict(replace(ALERT, **changes), People(*people), ENGLISH)
    assert found.look == look
    assert says in f"{found.sentence} {found.more}"


def test_everyone_is_counted_once_and_a_hundred_in_a_hundred_is_everyone():
    people = people_of(dict.fromkeys(PersonState, 10) | {PersonState.PENDING: 1, PersonState.UNREACHED: 0})
    assert people == People(matched=51, reached=50, confirmed=40, pending=1, unreached=0)
    assert people.reached + people.pending + people.unreached == people.matched
    assert people.percent == 98
    assert People(1000, 999, 0, 0, 1).percent == 99


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (None, "–"),
        (0.04, "0,0 s"),
        (2.14, "2,1 s"),
        (5, "5 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (7500, "2 h 05 min"),
        (90_000, "1 j 1 h"),
    ],
)
def test_a_length_of_time_is_written_as_people_say_it(seconds, written):
    assert span(seconds, FRENCH).replace("\u00a0", " ") == written


def points(path):
    return [tuple(map(float, each.split())) for each in path[1:].split("L")]


def test_the_curve_only_rises_ends_at_how_many_were_reached_and_its_marks_stand_on_it():
    accepted = {bucket(seconds): n for seconds, n in ((0.4, 50), (2.0, 30), (9.0, 15), (600.0, 5))}
    made = curve_of(accepted, {}, matched=200, elapsed_s=None, words=ENGLISH)
    line = points(made.line)
    assert line == sorted(line, key=lambda point: (point[0], -point[1]))
    assert line[-1][1] == pytest.approx(1000 * (1 - 100 / (200 * 1.08)), abs=0.1)
    for mark in made.marks:
        assert any(abs(x - 10 * mark.x) < 0.1 and abs(y - 10 * mark.y) < 0.1 for x, y in line), mark
    assert [mark.label.split("%")[0] for mark in made.marks] == ["50", "95"]
    at_once = curve_of({3: 120}, {}, matched=200, elapsed_s=None, words=ENGLISH)
    assert [mark.label.split("%")[0] for mark in at_once.marks] == ["95"], "two labels never stand on each other"
    assert [label.replace("\u00a0", " ") for _, label in made.ticks][-1] == "5 min"
    assert [(each.label, each.right) for each in made.levels] == [("200", False), ("100", False)]
    assert [each.right for each in at_once.levels] == [False, True], "the curve rises where the label was"


def test_a_curve_that_stands_still_is_seen_to_stand_still():
    accepted = {bucket(1.0): 10}
    early = curve_of(accepted, {}, matched=20, elapsed_s=5.0, words=ENGLISH)
    late = curve_of(accepted, {}, matched=20, elapsed_s=900.0, words=ENGLISH)
    assert points(late.line)[1][0] < points(early.line)[1][0]
    assert points(late.line)[-2][1] == points(late.line)[-1][1]
    assert curve_of({}, {}, matched=20, elapsed_s=5.0, words=ENGLISH) is None
