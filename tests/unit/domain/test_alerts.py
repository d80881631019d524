"""Lanes, ranks, languages, and when an alert holds."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.domain.alerts import (
    GRAVE,
    RULES,
    Alert,
    Category,
    Certainty,
    Lane,
    MsgType,
    Severity,
    Status,
    Text,
    Urgency,
    lane_of,
    rank_of,
)
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, ChannelName

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
ALERT = Alert(
    id=1,
    token="t",
    station_id=1,
    msg_type=MsgType.ALERT,
    status=Status.ACTUAL,
    severity=Severity.SEVERE,
    urgency=Urgency.IMMEDIATE,
    certainty=Certainty.OBSERVED,
    category=Category.MET,
    event="Flood",
    texts={"fr": Text("Crue"), "en": Text("Flood")},
    area=None,
    audience=Audience(),
    channels=CHANNELS,
    sent_at=NOON,
    expires_at=NOON + timedelta(hours=1),
)


@pytest.mark.parametrize(("severity", "status"), list(itertools.product(Severity, Status)))
def test_only_what_is_grave_and_real_goes_by_the_urgent_lane(severity, status):
    urgent = status is Status.ACTUAL and severity in (Severity.EXTREME, Severity.SEVERE)
    assert (lane_of(severity, status) is Lane.URGENT) == urgent


def test_every_urgent_rank_goes_before_every_routine_one():
    ranks = {lane: set() for lane in Lane}
    for severity, status in itertools.product(Severity, Status):
        ranks[lane_of(severity, status)].add(rank_of(severity, status))
    assert max(ranks[Lane.URGENT]) < 10 <= min(ranks[Lane.ROUTINE]), "the workers tell the lanes apart by 10"


@pytest.mark.parametrize("status", Status)
def test_the_graver_goes_first_and_every_severity_has_a_rank(status):
    order = [Severity.EXTREME, Severity.SEVERE, Severity.MODERATE, Severity.MINOR]
    ranks = [rank_of(severity, status) for severity in order]
    assert ranks == sorted(set(ranks))
    assert set(order) == set(Severity)


def test_every_severity_has_its_row_and_caps_unknown_is_minor():
    assert list(RULES) == list(Severity)
    assert Severity("unknown") is Severity.MINOR
    with pytest.raises(ValueError, match="dreadful"):
        Severity("dreadful")


def test_only_what_is_not_grave_may_be_quietened_and_is_sent_late_by_itself():
    for severity, rules in RULES.items():
        grave = severity in GRAVE
        assert rules.quiet is (rules.grace is not None) is not grave


@pytest.mark.parametrize(
    ("locale", "given"),
    [("fr", "fr"), ("en", "en"), ("en-GB", "en"), ("fr-CA", "fr"), ("de", "en"), ("", "fr"), ("EN", "en")],
)
def test_a_reader_gets_their_language_or_the_stations(locale, given):
    assert ALERT.text_in(locale, "fr") == (given, ALERT.texts[given])


def test_a_reader_whose_language_and_the_stations_are_not_there_gets_the_first():
    assert replace(ALERT, texts={"fr": Text("Crue")}).text_in("de", "br") == ("fr", Text("Crue"))


@pytest.mark.parametrize(
    ("changes", "at", "holds"),
    [
        ({}, timedelta(), True),
        ({}, timedelta(minutes=59, seconds=59), True),
        ({}, timedelta(hours=1), False),
        ({"cancelled_at": NOON}, timedelta(minutes=1), False),
        ({"msg_type": MsgType.CANCEL}, timedelta(minutes=1), False),
        ({"msg_type": MsgType.UPDATE}, timedelta(minutes=1), True),
    ],
)
def test_an_alert_holds_until_it_expires_or_is_cancelled_and_an_all_clear_never(changes, at, holds):
    assert replace(ALERT, **changes).active(NOON + at) is holds


@pytest.mark.parametrize("kind", AudienceKind)
def test_followers_and_everyone_mean_nothing_without_an_area(kind):
    assert Audience(kind).needs_area == (kind in {AudienceKind.FOLLOWERS, AudienceKind.EVERYONE})


def test_the_numbers_of_the_channels_are_those_that_rows_were_written_with():
    assert [CHANNEL_NUMBER[name] for name in (ChannelName.PUSH, "sms", "voice", "email")] == [0, 1, 2, 3]


def test_readers_of_other_languages_get_english_before_the_stations_own_and_what_it_lacks_is_marked():
    texts = {"fr": Text("Crue", "L'eau monte.", "Montez."), "en": Text("Flood", "Water is rising.")}
    alert = replace(ALERT, texts=texts)
    assert alert.text_in("de-AT", "fr") == ("en", Text("Flood", "Water is rising.", "(FR) Montez."))
    assert [alert.text_in(each, "fr")[0] for each in ("fr-CA", "br", "en-GB", "pt")] == ["fr", "fr", "en", "en"]
