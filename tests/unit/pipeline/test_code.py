"""What the message with a code says: short, in the reader's language, and filled in by telephones themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from broadcaster.domain.people import ChannelName
from broadcaster.domain.stations import Station, StationKind
from broadcaster.pipeline.render import Links
from broadcaster.pipeline.render.code import Code, render_code
from broadcaster.store import Vault
from broadcaster.store.people.confirmations import Purpose
from channels.sms import count

STATION = Station(1, "laigle", "L'Aigle", StationKind.AUTHORITY, ("fr",), None, 0.0)
LINKS = Links("https://alertes.ville.example", Vault([b"a secret of tests, 32 bytes long"]))


def told(**changes):
    return replace(Code(STATION, LINKS, "fr", "012345", 7), **changes)


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("language", ["fr", "en-GB", "de", "es", "it", "nl", "pt"])
@pytest.mark.parametrize("name", ["L'Aigle", "Communauté de communes des Pays de L'Aigle et de la Marche"])
def test_an_sms_is_one_segment_and_its_last_line_binds_the_code_to_us(language, name, purpose):
    asked = told(language=language, station=replace(STATION, name=name), purpose=purpose)
    text = render_code(ChannelName.SMS, asked).text
    assert (count(text).encoding, count(text).segments) == ("GSM-7", 1)
    assert text.splitlines()[-1] == "@alertes.ville.example #012345"


def test_a_call_says_each_digit_twice_and_asks_for_no_key():
    call = render_code(ChannelName.VOICE, told())
    assert call.say.count("0, 1, 2, 3, 4, 5") == 2
    assert (call.language, call.gather_url, call.status_callback) == ("fr-FR", None, None)


def test_a_mail_has_the_code_in_its_subject_and_a_link_that_only_we_can_make():
    mail = render_code(ChannelName.EMAIL, told(language="en"))
    assert mail.template.subject == "Confirm your address: 012345"
    token = LINKS.vault.link("confirm", 7)
    assert f"https://alertes.ville.example/c/{token}" in mail.template.text
    assert LINKS.vault.unlink("confirm", token) == 7
    assert mail.unsubscribe_url is None


@pytest.mark.parametrize(
    ("purpose", "said"), [(Purpose.SHOW, "what L'Aigle keeps about you"), (Purpose.ANY, "for alerts from L'Aigle")]
)
def test_a_mail_that_shows_what_a_list_says_has_no_link_which_would_show_it_to_anybody_who_asked(purpose, said):
    mail = render_code(ChannelName.EMAIL, told(language="en", purpose=purpose))
    assert mail.template.subject == "Your code: 012345"
    assert said in mail.template.text
    for text in (mail.template.text, mail.template.html):
        assert "012345" in text
        assert "Tell it to nobody" in text
        assert "/c/" not in text
    assert said in render_code(ChannelName.VOICE, told(language="en", purpose=purpose)).say
