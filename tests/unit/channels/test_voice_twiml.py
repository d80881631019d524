from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice import VoiceMessage, opening, reply, voice_language
from channels.voice.twiml import LONGEST_TWIML, spoken

HOSTILE = "Crue <b>rapide</b> & \"dangereuse\" 'ici' ]]> <!-- --> <?x?> </Say><Hangup/> 😀 &amp; \x00\x0b\ufffe"
URL = "https://tocsin.example/hooks/twilio/voice?t=a&n=1"


def message(say="La Risle déborde.", **changes):
    settings = {"language": "fr-FR", "menu": "Appuyez sur 1.", "gather_url": URL}
    return VoiceMessage(say, **(settings | changes))


def said(twiml):
    return [say.text for say in ET.fromstring(twiml).iter("Say")]


def test_the_text_is_said_twice_each_time_with_the_key_to_press():
    assert said(opening(message())) == ["La Risle déborde.", "Appuyez sur 1."] * 2


def test_the_key_works_from_the_first_word_and_goes_to_the_url():
    root = ET.fromstring(opening(message()))
    gather = root.find("Gather")
    assert gather is not None
    assert (gather.get("action"), gather.get("numDigits"), gather.get("method")) == (URL, "1", "POST")
    assert gather.get("input") == "dtmf"
    assert root.findall("Say") == []
    assert root[-1].tag == "Hangup"


def test_without_a_url_no_key_is_asked():
    root = ET.fromstring(opening(message(gather_url=None)))
    assert root.find("Gather") is None
    assert [say.text for say in root.findall("Say")] == ["La Risle déborde."] * 2


def test_every_text_has_the_language_of_the_message():
    twiml = opening(message("Flood.", language="en-GB"))
    assert {say.get("language") for say in ET.fromstring(twiml).iter("Say")} == {"en-GB"}


def test_a_reply_is_said_and_takes_a_further_key_where_one_is_wanted():
    root = ET.fromstring(reply(("Merci.", "fr-FR")))
    assert [verb.tag for verb in root] == ["Say", "Hangup"]
    root = ET.fromstring(reply(("Merci.", "fr-FR"), ("Bye.", "en-GB"), gather_url=URL))
    assert [verb.tag for verb in root] == ["Gather", "Hangup"]
    assert [(say.text, say.get("language")) for say in root.iter("Say")] == [("Merci.", "fr-FR"), ("Bye.", "en-GB")]


def test_a_pause_stands_between_lines_so_that_everybody_can_follow():
    root = ET.fromstring(opening(message("Montez.", opening="Ceci est une alerte.\nDanger extrême.")))
    gather = root.find("Gather")
    assert gather is not None
    said_once = ["Say", "Pause", "Say", "Pause", "Say", "Pause", "Say", "Pause"]
    assert [verb.tag for verb in gather] == said_once * 2


def test_hostile_text_is_said_and_never_executed():
    twiml = opening(message(HOSTILE, menu=HOSTILE))
    assert [verb.tag for verb in ET.fromstring(twiml)] == ["Pause", "Gather", "Hangup"]
    assert set(said(twiml)) == {HOSTILE.rstrip("\x00\x0b\ufffe").rstrip()}
    assert len(said(reply((HOSTILE, "fr-FR")))) == 1


@given(st.text(min_size=1, max_size=3_000))
def test_whatever_is_said_makes_one_document_within_the_limit(text):
    try:
        twiml = opening(message(text))
    except ValueError:
        return
    assert len(twiml) <= LONGEST_TWIML
    assert len(said(twiml)) >= 4


def test_a_long_text_ends_at_the_last_sentence_that_fits():
    text = " ".join(f"Phrase numéro {n}." for n in range(400))
    kept = spoken(message(text))
    assert text.startswith(kept)
    assert kept.endswith(".")
    one_more = text[: text.index(".", len(kept)) + 1]
    assert len(opening(message(one_more))) < len(opening(message(kept))) + 60
    assert spoken(message(one_more)) == kept


def test_a_long_sentence_ends_at_a_word_and_says_that_more_follows():
    text = "évacuation " * 500
    kept = spoken(message(text))
    assert kept.endswith("évacuation…")


def test_a_long_word_is_cut():
    kept = spoken(message("é" * 5_000))
    assert set(kept) == {"é", "…"}
    assert LONGEST_TWIML - 3 <= len(opening(message("é" * 5_000))) <= LONGEST_TWIML


def test_escapes_count_against_the_limit():
    lengths = [len(spoken(message(sign * 5_000))) for sign in "a&"]
    for plain, escaped in pairwise(lengths):
        assert plain > 4 * escaped


@pytest.mark.parametrize(
    "bad",
    [
        {"say": " \x00 "},
        {"say": "a" * 20_001},
        {"language": "français"},
        {"language": "fr_FR"},
        {"menu": ""},
        {"menu": "a" * 701},
        {"opening": "a" * 701},
        {"gather_url": "/hooks"},
        {"gather_url": "https://x/é"},
        {"status_callback": "ftp://x"},
        {"timeout_s": 4},
        {"timeout_s": 601},
    ],
)
def test_a_message_that_can_not_be_said_is_refused(bad):
    with pytest.raises(ValueError, match=r"."):
        message(**bad)


def test_a_plain_language_gets_the_country_that_twilio_wants():
    assert [voice_language(tag) for tag in ("fr", "en", "fr-CA", "br")] == ["fr-FR", "en-GB", "fr-CA", "br"]
