"""What every channel says, by status, kind and language, with whatever an author may write."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from html import unescape

import pytest

from broadcaster.domain.alerts import MsgType, Status, Text
from broadcaster.domain.people import ChannelName
from broadcaster.languages import LANGUAGES, catalogs
from broadcaster.pipeline.render import Links, render
from channels.sms import count
from tests.unit.pipeline.rendered import HOSTILE, ID, STATION, VAULT, context, parsed, texts_in


def spoken(channel, message):
    """What the receiver reads or hears first, of every part there is."""
    match channel:
        case ChannelName.PUSH:
            return [json.loads(message.payload)["title"], json.loads(message.fallback)["title"]]
        case ChannelName.SMS:
            return [message.text]
        case ChannelName.VOICE:
            return [f"{message.opening}\n{message.say}"]
        case ChannelName.EMAIL:
            mail = parsed(message)
            html = unescape(mail.get_body(("html",)).get_content())
            shown = re.sub(r"<[^>]*>", " ", html.partition("<body")[2].partition(">")[2])
            title = html.partition("<title>")[2]
            return [mail["subject"], mail.get_body(("plain",)).get_content(), title, shown]


@pytest.mark.parametrize(("channel", "language"), list(itertools.product(ChannelName, LANGUAGES)))
def test_the_first_word_of_an_exercise_or_a_test_says_that_it_is_one(channel, language):
    words = catalogs().words(language)
    first = {
        Status.EXERCISE: (words("EXERCISE"), words("Exercise, exercise, exercise. This is not a real alert.")),
        Status.TEST: (words("TEST"), words("Technical test. This is not a real alert.")),
    }
    for status, kind, sms in itertools.product(first, MsgType, ("", "Montez.")):
        texts = {key: replace(text, sms=sms) for key, text in texts_in(language).items()}
        made = render(channel, context(texts, status=status, msg_type=kind), language)(ID)
        for said in spoken(channel, made):
            assert said.strip().lstrip("[").startswith(first[status]), (status, kind, sms)


@pytest.mark.parametrize(("channel", "language"), list(itertools.product(ChannelName, LANGUAGES)))
def test_nothing_real_is_called_an_exercise_or_a_test(channel, language):
    words = catalogs().words(language)
    for kind in MsgType:
        made = render(channel, context(texts_in(language), msg_type=kind), language)(ID)
        for said in spoken(channel, made):
            assert not re.search(rf"\b({words('EXERCISE')}|{words('TEST')})\b", said), kind


@pytest.mark.parametrize(("channel", "language"), list(itertools.product(ChannelName, LANGUAGES)))
def test_an_all_clear_says_so_before_anything_but_exercise(channel, language):
    made = render(channel, context(texts_in(language), msg_type=MsgType.CANCEL), language)(ID)
    for said in spoken(channel, made):
        assert catalogs().words(language).typed("ALL CLEAR").lower() in said.lower().replace("’", "'")[:80]


@pytest.mark.parametrize("channel", ChannelName)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_that_may_be_issued_stops_a_channel(channel, hostile):
    text = Text(hostile[:160], hostile, hostile)
    render(channel, context({"fr": text}, station=replace(STATION, name=hostile[:120])), "fr")(ID)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:1", "https://x.example/t"]
)
@pytest.mark.parametrize("channel", ChannelName)
def test_wherever_the_links_begin_every_channel_can_say_it(channel, url):
    render(channel, context(links=Links(url, VAULT)), "fr")(ID)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_all_clear_says_so_once_and_stays_in_one_segment(language):
    words = catalogs().words(language)
    about = "Crue de la Risle" if language == "fr" else "Risle in flood"
    headline = words.typed('All clear: "%(headline)s"', headline=about)
    ended = words.typed("The alert is over. You no longer need to follow the instructions.")
    texts = {language: Text(headline, "", ended)}
    where = context(texts, station=replace(STATION, languages=(language,)), msg_type=MsgType.CANCEL)
    said = render(ChannelName.SMS, where, language)(ID).text
    assert said.casefold().count(words.typed("All clear").casefold()) == 1
    assert language == "ar" or words.typed("ALL CLEAR") not in said, "Arabic has no capitals"
    assert language == "ar" or count(said).segments == 1
    assert parsed(render(ChannelName.EMAIL, where, language)(ID))["subject"].startswith(headline)
    plain = render(ChannelName.SMS, context({language: Text("Crue")}, msg_type=MsgType.CANCEL), language)(ID).text
    assert plain.startswith(f"[{words.typed('ALL CLEAR')}] "), "a headline that does not say so has it before"
