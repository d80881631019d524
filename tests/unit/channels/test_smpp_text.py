"""A text becomes as many parts as was counted beforehand, and a telephone reads the same text out of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms import count
from channels.sms.smpp.text import DEFAULT_ALPHABET, UCS2, parts_of, readable

GSM = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡AZÄÖÑÜ§¿azäöñüà\n\r"
EXTENDED = "^{}\\[~]|€\f"


@given(st.text(alphabet=GSM + EXTENDED, min_size=1, max_size=700))
def test_a_gsm_text_is_cut_as_it_was_counted_and_no_sign_is_halved(text):
    coding, parts = parts_of(text)
    assert coding == DEFAULT_ALPHABET
    assert len(parts) == count(text).segments
    assert "".join(readable(part, coding) for part in parts) == text
    assert all(len(part) <= (160 if len(parts) == 1 else 153) for part in parts)
    assert not any(part.endswith(b"\x1b") for part in parts)


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), min_size=1, max_size=300).map(lambda t: t + "😀"))
def test_any_other_text_is_cut_as_it_was_counted_and_no_pair_is_halved(text):
    coding, parts = parts_of(text)
    assert coding == UCS2
    assert len(parts) == count(text).segments
    assert "".join(part.decode("utf-16-be") for part in parts) == text
    assert all(len(part) <= (140 if len(parts) == 1 else 134) for part in parts)


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("a" * 159 + "€", 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("ê" * 71, 2),
    ],
)
def test_the_edges_are_those_of_the_standard(text, segments):
    assert len(parts_of(text).octets) == segments == count(text).segments
