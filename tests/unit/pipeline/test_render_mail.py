"""What a mail says, and its headers."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from broadcaster.domain.alerts import MsgType, Severity, Status, Text
from broadcaster.domain.people import ChannelName
from broadcaster.domain.zones import zone_of
from broadcaster.languages import LANGUAGES, catalogs
from broadcaster.pipeline.render import render
from broadcaster.web.pages import written_time
from tests.unit.pipeline.rendered import HOSTILE, ID, PAGE, STATION, TEXTS, VAULT, context, parsed, texts_in
from zones import Area, Circle


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_mail_shows_what_the_author_wrote_and_nothing_of_it_is_taken_for_something_else(hostile):
    text = Text(hostile, f"{hostile}\n.\n{hostile}", hostile)
    mail = parsed(render(ChannelName.EMAIL, context({"fr": text}), "fr")(ID))
    assert mail["subject"] == f"{hostile} - L'Aigle"
    plain = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert plain.count(hostile) == 4
    assert "<script" not in html
    assert mail["bcc"] is None
    assert html.count("https://alerts.example/u/") == 1
    assert plain.count("https://alerts.example/u/") == 1


def test_a_mail_has_what_mail_programs_and_the_law_ask_for():
    mail = parsed(render(ChannelName.EMAIL, context(area=Area(circles=(Circle(0.6, 48.7, 500.0),))), "fr")(ID))
    assert mail["subject"] == "La Risle déborde - L'Aigle"
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    token = re.search(r"/u/([\w-]+)", mail["list-unsubscribe"])[1]
    assert VAULT.unlink("optout", token) == ID
    assert "<laigle.alerts.example>" in mail["list-id"]
    assert mail["content-language"] == "fr"
    assert mail["auto-submitted"] == "auto-generated"
    assert mail["references"].startswith("<thread-token.thread@")
    assert "L'Aigle" in mail["from"]
    plain = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert plain.startswith("La Risle déborde\n\nLe niveau monte vite.\n\nQue faire\u202f: Montez à l'étage.")
    assert "Valable jusqu’au 1er juillet 2026" in plain
    assert "(heure : France)" in plain, "whoever reads it may be elsewhere"
    assert "20:00" in plain, "in the station's own time"
    assert PAGE.search(plain)


def test_mails_of_one_delivery_bear_one_message_id_and_those_of_two_do_not():
    fill = render(ChannelName.EMAIL, context(), "fr")
    assert parsed(fill(1))["message-id"] == parsed(fill(1))["message-id"] != parsed(fill(2))["message-id"]


def test_an_all_clear_does_not_say_how_long_it_holds_and_one_overseas_says_its_own_time():
    clear = parsed(render(ChannelName.EMAIL, context(msg_type=MsgType.CANCEL), "fr")(ID))
    assert "Valable" not in clear.get_body(("plain",)).get_content()
    overseas = parsed(render(ChannelName.EMAIL, context(station=replace(STATION, region="RE")), "fr")(ID))
    assert "22:00" in overseas.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    ("severity", "status", "urgent"),
    [
        (Severity.SEVERE, Status.ACTUAL, True),
        (Severity.SEVERE, Status.EXERCISE, False),
        (Severity.MINOR, Status.ACTUAL, False),
    ],
)
def test_only_a_mail_that_is_grave_and_real_is_marked_urgent(severity, status, urgent):
    mail = parsed(render(ChannelName.EMAIL, context(severity=severity, status=status), "fr")(ID))
    assert (mail["importance"] == "high") == urgent


def test_a_stations_name_with_a_line_break_stops_no_mail():
    station = replace(STATION, name="L'Aigle\r\nBcc: all@b.example")
    mail = parsed(render(ChannelName.EMAIL, context(station=station), "fr")(ID))
    assert mail["bcc"] is None
    assert mail["subject"] == "La Risle déborde - L'Aigle Bcc: all@b.example"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_headline_of_a_mail_says_drill_and_colons_follow_the_language(language):
    mail = parsed(render(ChannelName.EMAIL, context(texts_in(language), status=Status.EXERCISE), language)(ID))
    html, text = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
    drill = f"[{catalogs().words(language)('EXERCISE')}] {TEXTS.get(language, TEXTS['en']).headline}"
    assert f">{drill}</h1>" in html
    before = re.findall(r"(.)(?=: )", text)
    assert before
    assert {each.isspace() for each in before} == {language == "fr"}


def test_a_mail_has_what_is_easy_to_read():
    easy = "Il y a une crue.\nMontez à l'étage."
    mail = parsed(render(ChannelName.EMAIL, context({"fr": replace(TEXTS["fr"], easy=easy)}), "fr")(ID))
    for kind in ("plain", "html"):
        said = unescape(mail.get_body((kind,)).get_content()).replace("\r\n", "\n")
        assert "Facile à lire" in said
        assert easy in said
    assert "Facile à lire" not in parsed(render(ChannelName.EMAIL, context(), "fr")(ID)).as_string()


@pytest.mark.parametrize("region", ["FR", "MF", "BL", "WF", "TF", "GB", "RE"])
def test_a_mail_tells_the_same_time_as_the_alerts_page(region):
    station = replace(STATION, region=region)
    mail = parsed(render(ChannelName.EMAIL, context(station=station), "fr")(ID))
    shown = written_time(context().alert.expires_at, zone_of(region), catalogs().words("fr"))
    assert shown.rpartition(", ")[2] in mail.get_body(("plain",)).get_content()
