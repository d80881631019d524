"""Segments against figures that Twilio's own calculator (npm sms-segments-calculator) and split-sms both gave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms import count, plain

EXTENDED = "€^{}\\[~]|\f"


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 159 + "€", "GSM-7", 161, 2),
        ("a" * 152 + "€" + "a" * 151 + "€" + "a", "GSM-7", 308, 3),
        (("a" * 152 + "€") * 3, "GSM-7", 462, 4),
        ("ç" * 70, "UCS-2", 70, 1),
        ("ç" * 71, "UCS-2", 71, 2),
        ("ç" * 134, "UCS-2", 134, 2),
        ("ç" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("😀" * 66, "UCS-2", 132, 2),
        ("😀" * 67, "UCS-2", 134, 3),
        ("a" * 66 + "😀" * 34 + "b", "UCS-2", 135, 3),
        ("\f", "GSM-7", 2, 1),
        ("\r\n" * 81, "GSM-7", 162, 2),
        ("ΔΦΓΛΩΠΨΣΘΞ", "GSM-7", 10, 1),
        ("e\u0301", "UCS-2", 2, 1),
        ("👨\u200d👩\u200d👧" * 9, "UCS-2", 72, 2),
        ("", "GSM-7", 0, 0),
    ],
)
def test_a_text_takes_what_twilio_counts(text, encoding, units, segments):
    counted = count(text)
    assert (counted.encoding, counted.units, counted.segments) == (encoding, units, segments)


def test_the_capacity_is_the_one_at_this_length():
    assert [count(sign * n).per_segment for sign, n in [("a", 160), ("a", 161), ("ç", 70), ("ç", 71)]] == [
        160,
        153,
        70,
        67,
    ]


@pytest.mark.parametrize("sign", EXTENDED)
def test_an_extended_sign_takes_two_septets_and_stays_gsm7(sign):
    assert (count(sign).units, count(sign).encoding) == (2, "GSM-7")


def test_the_default_alphabet_has_its_127_signs_and_the_extension_ten():
    signs = {chr(point) for point in range(0x110000)}
    fitting = signs - set(count("".join(signs)).culprits)
    assert len(fitting) == 127 + 10
    assert set(EXTENDED) <= fitting


def test_the_culprits_are_named_once_each_in_their_order():
    assert count("L’Aigle : ça déborde, l’œuf 😀 ça").culprits == ("’", "ç", "œ", "😀")
    assert count("è é ù ì ò à Ç É €").culprits == ()


@given(st.text(max_size=700))
def test_a_longer_text_never_takes_less_and_the_parts_hold_all_of_it(text):
    counted = count(text)
    assert counted.units <= counted.segments * counted.per_segment
    assert count(text + "a").segments >= counted.segments
    assert (counted.encoding == "GSM-7") is (not counted.culprits)


@pytest.mark.parametrize(
    ("text", "cheap"),
    [
        ("« Ça déborde »", '"Ça déborde"'),
        ("«\u202fça\u202f» et «\u00a0là\u00a0»", '"ça" et "là"'.replace("ç", "c")),
        ("l’œuf, le cœur, ŒUVRE", "l'oeuf, le coeur, OEUVRE"),
        ("forêt brûlée à Noël, hôpital, aîné, garçon", "foret brulée à Noel, hopital, ainé, garcon"),
        ("À ÊTRE ÉVACUÉ", "A ETRE ÉVACUÉ"),
        ("dès 25\u00a0°C… n° 5 — 3 m² ½", "dès 25 C... no 5 - 3 m2 1/2"),
        ("de\u0301ja\u0300", "déjà"),
        ("a\u200bb\u00adc\tQ`", "abc Q'"),
        ("“ok” ‘ok’ • → ≥", "\"ok\" 'ok' - -> >="),
    ],
)
def test_the_cheap_spelling_is_the_nearest_in_gsm7(text, cheap):
    assert plain(text) == cheap
    assert count(cheap).encoding == "GSM-7"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_the_cheap_spelling_is_stable_and_leaves_gsm7_alone(text):
    once = plain(text)
    assert plain(once) == once
    if count(text).encoding == "GSM-7":
        assert once == text


def test_what_has_no_neighbour_stays_as_it_is():
    assert plain("crue 😀 فيضان 洪水") == "crue 😀 فيضان 洪水"
