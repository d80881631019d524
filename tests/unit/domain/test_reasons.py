"""Reasons: each has its sentence in every language, and what is stored of them is read again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import CHANNELS
from broadcaster.domain.reasons import SENTENCES, Reason, Why, pack, sentence, unpack
from broadcaster.languages import CONSOLE
from broadcaster.web.i18n import catalogs

whys = st.builds(Why, st.sampled_from(Reason), st.none() | st.sampled_from(CHANNELS), st.none() | st.text(max_size=60))


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("language", CONSOLE)
def test_every_reason_has_a_sentence_in_every_language(reason, language):
    words = catalogs().words(language)
    said = words(SENTENCES[reason])
    assert said
    assert language == "en" or said != SENTENCES[reason], "not translated"
    shown = sentence([Why(reason, CHANNELS[1], "x:1")], words, codes=True)
    assert said in shown
    assert re.match(r"SMS\W*: ", shown)
    assert shown.endswith("(x:1)")


def test_every_state_that_is_a_failure_has_a_reason():
    reasons = {state: state.reason for state in DeliveryState if state.failure}
    assert len(set(reasons.values())) == len(reasons)


@given(st.lists(whys, max_size=6))
def test_what_is_stored_is_read_again(found):
    assert unpack(pack(found)) == found


def test_a_reason_of_a_newer_version_is_another_reason():
    assert unpack('[["flown","sms",null]]') == [Why(Reason.OTHER, CHANNELS[1])]


def test_a_reason_that_two_contacts_share_is_said_once():
    twice = [Why(Reason.GONE, CHANNELS[0], "push:410"), Why(Reason.GONE, CHANNELS[0], "push:404")]
    assert sentence(twice) == "Notification: the address does not exist any more"
    assert sentence(twice, codes=True).count("push:4") == 2


def test_nobody_is_without_a_reason():
    assert sentence(unpack("")) == "Another reason"
