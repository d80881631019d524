"""What each channel says: by status, kind and language, at its longest, and with whatever an author may write."""

from __future__ import annotations

import email
import email.policy
import itertools
import json
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.domain.alerts import MsgType, Severity, Status, Text
from broadcaster.domain.people import ChannelName
from broadcaster.domain.stations import Station, StationKind
from broadcaster.domain.zones import zone_of
from broadcaster.languages import LANGUAGES, catalogs, typed
from broadcaster.pipeline.render import Context, Links, render, sms_text, voice_message
from broadcaster.pipeline.render.push import _within
from broadcaster.store import Vault
from broadcaster.web.pages import written_time
from channels.email import Email, SmtpConfig
from channels.sms import count
from channels.webpush import MAX_PLAINTEXT
from tests.contract.stores import NOW, SECRET, an_alert
from zones import Area, Circle

VAULT = Vault([SECRET])
STATION = Station(1, "laigle", "L'Aigle", StationKind.AUTHORITY, ("fr", "en"), None, 1000.0)
TEXTS = {
    "fr": Text("La Risle déborde", "Le niveau monte vite.", "Montez à l'étage."),
    "en": Text("The Risle is flooding", "The water is rising fast.", "Go upstairs."),
}
ID = 12345
PAGE = re.compile(r"https://alerts\.example/(?:a/[\w-]{11}|r/[\w-]{13,18})")
NAMED = Links("https://alerts.example", VAULT, "LAIGLE")
NUMBERED = Links("https://alerts.example", VAULT, "+33600000000")
CASES = list(itertools.product(ChannelName, (Status.EXERCISE, Status.TEST), MsgType, LANGUAGES))


def texts_in(language):
    """Return the alert's texts, one of them in this language."""
    return {**TEXTS, language: TEXTS.get(language, TEXTS["en"])}


def context(texts=TEXTS, links=NUMBERED, station=STATION, **changes):
    return Context(an_alert(1, texts=texts, **changes), station, "thread-token", links, NOW)


def composed(message):
    return Email(SmtpConfig.from_url("smtp://127.0.0.1:25?from=t@alerts.example")).compose(message, "zoe@b.example")


def parsed(message):
    return email.message_from_bytes(composed(message).wire, policy=email.policy.default)


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


@pytest.mark.parametrize(("channel", "status", "kind", "language"), CASES)
@pytest.mark.parametrize("sms", ["", "Montez."])
def test_the_first_word_of_an_exercise_or_a_test_says_that_it_is_one(channel, status, kind, language, sms):
    texts = {key: replace(text, sms=sms) for key, text in texts_in(language).items()}
    made = render(channel, context(texts, status=status, msg_type=kind), language)(ID)
    words = catalogs().words(language)
    first = {
        Status.EXERCISE: (words("EXERCISE"), words("Exercise, exercise, exercise. This is not a real alert.")),
        Status.TEST: (words("TEST"), words("Technical test. This is not a real alert.")),
    }
    for said in spoken(channel, made):
        assert said.strip().lstrip("[").startswith(first[status])


@pytest.mark.parametrize(("channel", "kind", "language"), list(itertools.product(ChannelName, MsgType, LANGUAGES)))
def test_nothing_real_is_called_an_exercise_or_a_test(channel, kind, language):
    made = render(channel, context(texts_in(language), msg_type=kind), language)(ID)
    words = catalogs().words(language)
    for said in spoken(channel, made):
        assert not re.search(rf"\b({words('EXERCISE')}|{words('TEST')})\b", said)


@pytest.mark.parametrize(("channel", "language"), list(itertools.product(ChannelName, LANGUAGES)))
def test_an_all_clear_says_so_before_anything_but_exercise(channel, language):
    made = render(channel, context(texts_in(language), msg_type=MsgType.CANCEL), language)(ID)
    for said in spoken(channel, made):
        assert catalogs().words(language).typed("ALL CLEAR").lower() in said.lower().replace("’", "'")[:80]


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


# SMS

LETTERS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=160)
PIECES = ["x", "é", "ê", "😀", "«", "€", "word ", "mot été ", "🌊 crue "]
LONGEST = st.sampled_from(PIECES).map(lambda each: each * 4000)
NAMES = st.sampled_from(["A", "Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson " * 2, "🏫" * 120])


def up_to(longest):
    return st.one_of(LETTERS, LONGEST).map(lambda each: each[:longest])


def any_text():
    return st.builds(Text, up_to(160).map(lambda each: each if each.strip() else "x"), up_to(4000), up_to(2000))


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


# Push


@settings(max_examples=100)
@given(any_text(), st.sampled_from(Status), st.sampled_from(["A", "🏫" * 120]), st.integers(1, 2**62))
def test_a_push_fits_with_the_longest_texts_and_is_whole_json(text, status, name, delivery):
    where = context({"fr": text}, station=replace(STATION, name=name), status=status)
    made = render(ChannelName.PUSH, where, "fr")(delivery)
    assert len(made.payload) <= MAX_PLAINTEXT
    assert len(made.fallback) <= 2000
    for payload in map(json.loads, (made.payload, made.fallback)):
        assert payload["title"]
        assert VAULT.unlink("receipt", payload["receipt"].rpartition("/")[2]) == delivery
    if text.instruction.strip():
        body = json.loads(made.payload)["body"]
        assert text.instruction.strip()[:20].split()[0] in body, "what to do is never cut away"


def test_a_push_says_it_all_where_there_is_room():
    payload = json.loads(render(ChannelName.PUSH, context(), "en")(ID).payload)
    assert payload["title"] == "The Risle is flooding"
    assert payload["body"] == "The water is rising fast.\nGo upstairs."
    assert (payload["lang"], payload["status"], payload["tag"]) == ("en", "actual", "thread-token")


@pytest.mark.parametrize("hostile", ["@receipt@", '"receipt":"@receipt@"', '\\"receipt\\":\\"@receipt@\\"'])
def test_no_text_of_an_author_is_taken_for_the_place_of_the_receipt(hostile):
    text = Text(hostile, hostile * 20, hostile)
    payload = json.loads(render(ChannelName.PUSH, context({"fr": text}), "fr")(ID).payload)
    assert payload["title"] == hostile
    assert payload["body"] == f"{hostile * 20}\n{hostile}"


@given(st.text(max_size=60), st.integers(0, 90))
def test_cutting_a_text_to_its_room_always_ends_and_fits(text, room):
    cut = _within(text, room)
    assert cut == "" or len(orjson.dumps(cut)) <= room
    assert text == cut or len(cut) < len(text)


@pytest.mark.parametrize(
    ("severity", "status", "kind", "urgency"),
    [
        (Severity.EXTREME, Status.ACTUAL, MsgType.ALERT, "high"),
        (Severity.SEVERE, Status.ACTUAL, MsgType.ALERT, "high"),
        (Severity.MODERATE, Status.ACTUAL, MsgType.ALERT, "normal"),
        (Severity.MINOR, Status.ACTUAL, MsgType.ALERT, "low"),
        (Severity.MODERATE, Status.ACTUAL, MsgType.CANCEL, "high"),
        (Severity.EXTREME, Status.EXERCISE, MsgType.ALERT, "low"),
        (Severity.EXTREME, Status.TEST, MsgType.CANCEL, "low"),
    ],
)
def test_a_push_is_as_urgent_as_its_alert(severity, status, kind, urgency):
    where = context(severity=severity, status=status, msg_type=kind)
    assert render(ChannelName.PUSH, where, "fr")(ID).headers()["Urgency"] == urgency


@pytest.mark.parametrize(
    ("left", "ttl"), [(timedelta(hours=6), 21_600), (timedelta(days=30), 2_419_200), (timedelta(seconds=-5), 0)]
)
def test_a_push_service_keeps_a_message_until_the_alert_ends_and_its_twin_replaces_it(left, ttl):
    headers = render(ChannelName.PUSH, context(expires_at=NOW + left), "fr")(ID).headers()
    assert (headers["TTL"], headers["Topic"]) == (str(ttl), "thread-token")


# Mail

HOSTILE = [
    "{{unsubscribe_url}}",
    "{{way_out}} {{ 7 * 7 }} {% raw %}",
    "<script>alert(1)</script> & \"quotes\" 'single'",
    "=?utf-8?q?Bcc?= <x@y.example>",
    "%s %(x)s {0} {station}",
    "." * 40 + " From the sea",
    "🌊" * 60,
]


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


@pytest.mark.parametrize("channel", ChannelName)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_that_may_be_issued_stops_a_channel(channel, hostile):
    text = Text(hostile[:160], hostile, hostile)
    render(channel, context({"fr": text}, station=replace(STATION, name=hostile[:120])), "fr")(ID)


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
    assert "Valable jusqu’au 1 juillet 2026" in plain
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


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:1", "https://x.example/t"]
)
@pytest.mark.parametrize("channel", ChannelName)
def test_wherever_the_links_begin_every_channel_can_say_it(channel, url):
    render(channel, context(links=Links(url, VAULT)), "fr")(ID)


def test_a_stations_name_with_a_line_break_stops_no_mail():
    station = replace(STATION, name="L'Aigle\r\nBcc: all@b.example")
    mail = parsed(render(ChannelName.EMAIL, context(station=station), "fr")(ID))
    assert mail["bcc"] is None
    assert mail["subject"] == "La Risle déborde - L'Aigle Bcc: all@b.example"


# Voice


def test_a_call_says_who_calls_what_happens_and_what_to_do_and_asks_for_a_key():
    made = voice_message(context(), "fr", ID)
    assert made.say == "La Risle déborde.\nLe niveau monte vite.\nMontez à l'étage."
    assert made.language == "fr-FR"
    assert "appuyez sur 1" in made.menu
    token = re.search(r"/hooks/twilio/voice\?d=([\w-]+)", made.gather_url)[1]
    assert VAULT.unlink("receipt", token) == ID


@pytest.mark.parametrize(
    ("said", "heard"), [("Crue", "Crue."), ("Crue !", "Crue !"), ("Crue…", "Crue…"), ("Crue. ", "Crue.")]
)
def test_each_part_of_a_call_ends_as_a_sentence(said, heard):
    assert voice_message(context({"fr": Text(said)}), "fr", ID).say == heard


@pytest.mark.parametrize(
    ("severity", "kind", "opening", "stops"),
    [
        (Severity.EXTREME, MsgType.ALERT, ["Ceci est une alerte.", "Danger extrême."], False),
        (Severity.MODERATE, MsgType.UPDATE, ["Mise à jour.", "Ceci est une alerte.", "Danger."], True),
        (Severity.MINOR, MsgType.ALERT, ["Information."], True),
        (Severity.SEVERE, MsgType.CANCEL, ["Fin d'alerte."], False),
    ],
)
def test_a_call_says_first_that_it_is_an_alert_and_how_serious_and_lets_nobody_leave_a_grave_one(
    severity, kind, opening, stops
):
    made = voice_message(context(severity=severity, msg_type=kind), "fr", ID)
    assert made.opening.split("\n") == [*opening, "Message de L'Aigle."]
    assert ("appuyez sur 9" in made.menu) == stops
    assert "appuyez sur 0" in made.menu


def test_an_own_question_is_asked_with_its_keys():
    text = Text("Crue", question="Pouvez-vous aider ?", answers=("Oui", "Non"))
    made = voice_message(context({"fr": text}), "fr", ID)
    assert made.menu.split("\n")[:3] == ["Pouvez-vous aider ?", "Pour Oui, appuyez sur 1.", "Pour Non, appuyez sur 2."]


@pytest.mark.parametrize(("locale", "language"), [("en-GB", "en-GB"), ("de", "en-GB"), ("", "fr-FR")])
def test_everyone_hears_a_language_that_the_alert_has(locale, language):
    assert voice_message(context(), locale, ID).language == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_headline_of_a_mail_says_itself_that_it_is_a_drill_and_colons_stand_as_its_language_has_them(language):
    mail = parsed(render(ChannelName.EMAIL, context(texts_in(language), status=Status.EXERCISE), language)(ID))
    html, text = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
    drill = f"[{catalogs().words(language)('EXERCISE')}] {TEXTS.get(language, TEXTS['en']).headline}"
    assert f">{drill}</h1>" in html
    before = re.findall(r"(.)(?=: )", text)
    assert before
    assert {each.isspace() for each in before} == {language == "fr"}


@pytest.mark.parametrize("region", ["FR", "MF", "BL", "WF", "TF", "GB", "RE"])
def test_a_mail_tells_the_same_time_as_the_alerts_page(region):
    station = replace(STATION, region=region)
    mail = parsed(render(ChannelName.EMAIL, context(station=station), "fr")(ID))
    shown = written_time(context().alert.expires_at, zone_of(region), catalogs().words("fr"))
    assert shown.rpartition(", ")[2] in mail.get_body(("plain",)).get_content()


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
