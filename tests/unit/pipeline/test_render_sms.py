"""What an SMS says, and in how many segments."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.domain.alerts import MsgType, Status, Text
from broadcaster.domain.people import ChannelName
from broadcaster.languages import LANGUAGES, catalogs, typed
from broadcaster.pipeline.render import render, sms_text
from channels.sms import count
from tests.contract.stores import NOW
from tests.unit.pipeline.rendered import ID, NAMED, NUMBERED, PAGE, STATION, TEXTS, VAULT, any_text, context

BY_SMS = """EXERCISE; TEST; Update; ALL CLEAR; All clear: "%(headline)s"; SENT BY MISTAKE; Stop: %(url)s
Sent by mistake; Sent by mistake: "%(headline)s"; %(question)s Reply %(answers)s; Reply 1 received, 2 safe
In danger: 112 (SMS 114). Reply 1 received, 2 safe, 3 help; If you are in danger, call 112 now (114 by SMS).
The alert is over. You no longer need to follow the instructions.; This alert is over: no answer is needed any more.
This alert was sent by mistake. You need not do what it said.; No longer where you are: "%(headline)s"
This alert no longer applies where you are. It goes on elsewhere.; See where before you go anywhere.
%(station)s has your request for help.; You have given another answer since: that one counts.
Nobody is on duty at %(station)s: do not wait for an answer from there.; Thank you: your answer is recorded.
Thank you. Your answer: %(answer)s.; I am safe; This number sends the alerts of your town. STOP ends them.
You get no more messages and calls from here. To get them again, write START.
You get messages from here again. To stop them, write STOP.
Your message is kept for %(station)s, and is not read day and night.
%(station)s asks for your opinion. Your vote is secret.
%(station)s: your code %(code)s, good for %(minutes)s min. Not you? Ignore this.
%(station)s: test that you asked for. Alerts reach this number.
%(station)s: your device no longer gets notifications. Turn them on again: %(page)s"""


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "ar"])
def test_our_own_words_never_make_an_sms_dearer(language):
    words = catalogs().words(language)
    said = {sentence: typed(words(sentence)) for sentence in re.split("; |\n", BY_SMS)}
    assert {each: count(each).culprits for each in said.values() if count(each).culprits} == {}
    same = [one for one, other in said.items() if one == other and len(one) > len("Stop: %(url)s")]
    assert language == "en" or same == [], "not translated"
    gaps = {"station": "x" * 40, "code": "123456", "minutes": 15, "page": "https://alerts.example.org/me"}
    for sentence in said:
        if sentence.startswith("%(station)s: "):
            bound = "\n\n@alerts.example.org #123456" if "%(code)s" in sentence else ""
            assert count(typed(words(sentence, **gaps)) + bound).segments == 1, sentence


NAMES = st.sampled_from(["A", "Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson " * 2, "🏫" * 120])


@settings(max_examples=150)
@given(any_text(), st.sampled_from(Status), st.sampled_from(MsgType), st.sampled_from([NAMED, NUMBERED]), NAMES)
def test_an_sms_takes_three_segments_unless_its_instruction_needs_more(text, status, kind, links, name):
    where = context({"fr": text}, links, replace(STATION, name=name[:120]), status=status, msg_type=kind)
    said = render(ChannelName.SMS, where, "fr")(ID).text
    assert count(said).segments <= (9 if text.instruction else 3)
    if count(said).segments > 3:
        assert " ".join(text.instruction.split())[:40] in " ".join(said.split())
    assert PAGE.search(said)
    assert ("https://alerts.example/u/" in said) == (links is NAMED)


@settings(max_examples=80)
@given(any_text())
def test_no_letter_of_an_sms_is_replaced_by_another(text):
    said = render(ChannelName.SMS, context({"fr": text}), "fr")(ID).text
    written = [*f"L'Aigle: {text.headline}".split(), *text.instruction.split(), *text.description.split()]
    words = said.rpartition("\nhttps://")[0].split()
    kept = [word.removesuffix("...") for word in words if word != "..."]
    if text.headline.split()[0].startswith(kept[0]) and kept[0] != "L'Aigle:":
        written = written[1:]
    for was, now in zip(written, kept, strict=False):
        assert was.startswith(now)


def test_a_short_sms_says_it_all_and_in_order():
    said = render(ChannelName.SMS, context(), "fr")(ID).text
    assert re.fullmatch(
        r"L'Aigle: La Risle déborde\nMontez à l'étage\. Le niveau monte vite\.\nhttps://alerts\.example/r/\S+\n"
        r"Répondez 1 lu, 2 en sécurité",
        said,
    )


def test_the_instruction_stays_when_the_description_is_too_long():
    text = Text("Crue", "x " * 2000, "Montez à l'étage.")
    said = render(ChannelName.SMS, context({"fr": text}), "fr")(ID).text
    assert "Montez à l'étage. x x" in said
    assert " ...\nhttps://" in said


@pytest.mark.parametrize("sms", ["x" * 800, "é🌊" * 400, "Montez."])
def test_an_authors_own_sms_is_sent_whole_whatever_it_costs(sms):
    said = render(ChannelName.SMS, context({"fr": Text("Crue", sms=sms)}), "fr")(ID).text
    assert said.startswith(f"{sms}\nhttps://")


@pytest.mark.parametrize("links", [NAMED, NUMBERED])
@pytest.mark.parametrize("delivery", [1, 70_000, 4_000_000_000])
def test_the_sms_that_is_previewed_takes_as_much_as_the_one_that_is_sent(links, delivery):
    text = Text("Crue", "le niveau monte " * 200)
    where = context({"fr": text}, links)
    preview = sms_text(where, "fr", text)
    sent = render(ChannelName.SMS, where, "fr")(delivery).text
    assert count(preview).segments == count(sent).segments
    assert len(sent) <= len(preview)


def test_the_way_out_of_a_preview_leads_nowhere():
    where = context(links=NAMED)
    preview = sms_text(where, "fr", TEXTS["fr"])
    (token,) = re.findall(r"/u/(\S+)", preview)
    assert VAULT.unlink("optout", token) is None


def test_the_way_out_of_an_sms_leads_to_its_own_delivery():
    (token,) = re.findall(r"/u/(\S+)", render(ChannelName.SMS, context(links=NAMED), "fr")(ID).text)
    assert VAULT.unlink("optout", token) == ID


@pytest.mark.parametrize(("left_s", "validity"), [(1, 1), (3600, 3600), (36_000, 36_000), (90_000, 36_000), (0.2, 1)])
def test_an_sms_is_worth_sending_until_the_alert_ends_and_ten_hours_at_the_most(left_s, validity):
    where = context(expires_at=NOW + timedelta(seconds=left_s))
    assert render(ChannelName.SMS, where, "fr")(ID).validity_s == validity
