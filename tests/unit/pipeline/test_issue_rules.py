"""What a station may say, and to whom: each refusal names the field and says what to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.domain.alerts import ENDINGS, Message, Severity, Text, ThreadRole
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.people import CHANNELS
from broadcaster.domain.refusals import Refused, sentence
from broadcaster.domain.stations import Station, StationKind
from broadcaster.languages import LANGUAGES
from broadcaster.pipeline.prepared import ending, left_outside
from broadcaster.pipeline.rules import check_receivers, check_texts
from tests.contract.stores import BOUNDARY, an_alert
from zones import Area, Circle

TOWN = Station(1, "laigle", "L'Aigle", StationKind.AUTHORITY, ("fr", "en"), BOUNDARY, 1000.0)
SCHOOL = Station(2, "ecole", "École", StationKind.SCHOOL, ("fr",), None, 0.0)
HERE = Area(circles=(Circle(0.63, 48.76, 1500.0),))
ELSEWHERE = Area(circles=(Circle(2.35, 48.85, 1500.0),))
ACROSS = Area(circles=(Circle(0.8, 48.76, 3000.0),))


def check_rules(station, area, audience, severity, known_groups):
    message = Message(texts={}, area=area, audience=audience, severity=severity, channels=CHANNELS)
    check_receivers(station, message, known_groups)


def refused(check, *args):
    with pytest.raises(Refused) as caught:
        check(*args)
    return caught.value


@pytest.mark.parametrize(
    ("asked", "field", "told"),
    [
        ((TOWN, None, Audience(), Severity.SEVERE), "area", "This audience needs an area"),
        ((TOWN, None, Audience(AudienceKind.EVERYONE), Severity.SEVERE), "area", "This audience needs an area"),
        (
            (SCHOOL, HERE, Audience(AudienceKind.EVERYONE), Severity.SEVERE),
            "audience",
            "another authority may address everyone",
        ),
        ((TOWN, HERE, Audience(AudienceKind.EVERYONE), Severity.MODERATE), "audience", "severe or extreme"),
        ((TOWN, HERE, Audience(AudienceKind.EVERYONE), Severity.MINOR), "audience", "severe or extreme"),
        ((TOWN, None, Audience(AudienceKind.GROUPS), Severity.MINOR), "audience.groups", "at least one group"),
        ((TOWN, None, Audience(AudienceKind.GROUPS, ("club", "nope")), Severity.MINOR), "audience.groups", "nope"),
        ((TOWN, None, Audience(AudienceKind.TOLD, told=1), Severity.MINOR), "audience", "cancel the alert"),
        ((TOWN, ELSEWHERE, Audience(), Severity.SEVERE), "area", ""),
        ((TOWN, ACROSS, Audience(), Severity.SEVERE), "area", ""),
        ((TOWN, ELSEWHERE, Audience(AudienceKind.ALL_FOLLOWERS), Severity.SEVERE), "area", ""),
    ],
)
def test_what_a_station_may_not_do_is_refused_by_field(asked, field, told):
    error = refused(check_rules, *asked, {"club": 1})
    assert error.field.startswith(field)
    assert told in sentence(error)


@pytest.mark.parametrize(
    ("station", "area", "audience", "severity"),
    [
        (TOWN, HERE, Audience(), Severity.MINOR),
        (TOWN, HERE, Audience(AudienceKind.EVERYONE), Severity.EXTREME),
        (TOWN, None, Audience(AudienceKind.ALL_FOLLOWERS), Severity.MINOR),
        (SCHOOL, ELSEWHERE, Audience(), Severity.MINOR),
        (TOWN, None, Audience(AudienceKind.GROUPS, ("club",)), Severity.MINOR),
    ],
)
def test_what_a_station_may_do_is_not_refused(station, area, audience, severity):
    check_rules(station, area, audience, severity, {"club": 1})


def test_a_group_that_is_not_there_is_refused_with_those_that_are():
    audience = Audience(AudienceKind.GROUPS, ("nope",))
    asked = TOWN, None, audience, Severity.MINOR
    assert "It has: club, ecole." in sentence(refused(check_rules, *asked, {"ecole": 2, "club": 1}))
    assert "It has: –." in sentence(refused(check_rules, *asked, {}))


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({}, "texts"),
        ({"en": Text("Flood")}, "texts"),
        ({"fr": Text("")}, "texts.fr.headline"),
        ({"fr": Text(" \u00a0 ")}, "texts.fr.headline"),
        ({"fr": Text("x" * 161)}, "texts.fr.headline"),
        ({"fr": Text("x", "x" * 4001)}, "texts.fr.description"),
        ({"fr": Text("x", "", "x" * 2001)}, "texts.fr.instruction"),
        ({"fr": Text("x", sms="x" * 801)}, "texts.fr.sms"),
        ({"fr": Text("Crue"), "en": Text("Flood", "x" * 4001)}, "texts.en.description"),
    ],
)
def test_texts_that_are_missing_unknown_empty_or_too_long_are_refused_by_field(texts, field):
    assert refused(check_texts, TOWN, texts).field == field


def test_texts_at_their_longest_are_taken():
    check_texts(TOWN, {"fr": Text("x" * 160, "x" * 4000, "x" * 2000, "x" * 800)})


@pytest.mark.parametrize("sign", ["\r\n", "\n", "\t", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"])
def test_a_headline_is_one_line_without_control_characters(sign):
    error = refused(check_texts, TOWN, {"fr": Text(f"Crue{sign}Bcc: all@ville.example")})
    assert error.field == "texts.fr.headline"
    assert f"U+{ord(sign[0]):04X}" in sentence(error)


@pytest.mark.parametrize("sign", ["\r", "\x00", "\x0b", "\x0c", "\x1b", "\x7f", "\x9f", "\u2028", "\udfff"])
@pytest.mark.parametrize("name", ["description", "instruction", "sms"])
def test_a_longer_text_holds_no_control_character_but_line_breaks_and_tabs(name, sign):
    assert refused(check_texts, TOWN, {"fr": Text("Crue", **{name: f"a{sign}b"})}).field == f"texts.fr.{name}"
    check_texts(TOWN, {"fr": Text("Crue", **{name: "a\n\n\tb"})})


@given(
    st.sampled_from(list(LANGUAGES)),
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=160),
)
def test_what_stands_ready_is_always_something_that_may_be_sent(language, headline):
    if not headline.strip():
        return
    alert = an_alert(1, texts={language: Text(headline, "long" * 900, "do", "sms")})
    station = Station(1, "x", "X", StationKind.AUTHORITY, (language,), None, 0.0)
    for ready in (*(ending(alert, station, role) for role in ENDINGS), left_outside(alert, station)):
        check_texts(station, ready)
        assert list(ready) == [language]
        assert ready[language].sms == "", "an SMS that the author wrote of the alert says nothing of its end"
        assert headline[:100].rstrip() in ready[language].headline
        assert ready[language].headline.endswith('"'), "what it is about stands in quotes, however long it is"


def test_the_all_clear_stands_ready_in_each_language_of_the_alert():
    texts = {"fr": Text("Crue"), "en": Text("Flood"), "oc": Text("Aigat")}
    ready = ending(an_alert(1, texts=texts), TOWN, ThreadRole.ALL_CLEAR)
    assert set(ready) == {"fr", "en", "oc"}
    assert ready["oc"].description == ready["fr"].description, "the station's language, which has words"
