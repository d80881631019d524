import email
import email.header
import email.policy
import email.utils
import html
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.email import Email, InlineImage, Mail, MailTemplate, SmtpConfig

CONFIG = SmtpConfig.from_url("smtp://127.0.0.1", sender="alerte@ville.example")
PIXEL = bytes.fromhex("89504e470d0a1a0a") + bytes(range(256))

# What a line may hold: no control character, no separator of lines, no half of a character
one_line = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=120).filter(
    str.strip
)
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


def template(**changes) -> MailTemplate:
    return MailTemplate(
        **{"subject": "Crue", "text": "t", "html": "<p>h</p>", "language": "fr", "list_id": "laigle.ville.example"}
        | changes
    )


def composed(mail: Mail, config: SmtpConfig = CONFIG) -> bytes:
    wire = Email(config).compose(mail, "bob@example.com").wire
    lines = wire.split(b"\r\n")
    assert all(b"\r" not in line and b"\n" not in line for line in lines)
    assert max(map(len, lines)) <= 998
    assert wire.endswith(b"\r\n")
    assert wire.isascii()
    return wire


def parsed(mail: Mail, config: SmtpConfig = CONFIG):
    message = email.message_from_bytes(composed(mail, config), policy=email.policy.default)
    assert [part.defects for part in message.walk()] == [[] for _ in message.walk()]
    return message


def content(message, kind: str) -> str:
    """The decoded text; bytes rather than get_content(), which would forgive other line ends."""
    return message.get_body((kind,)).get_payload(decode=True).decode().replace("\r\n", "\n")


def as_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(one_line)
@example("Vigilance rouge : crue de la Risle à L'Aigle, évacuez immédiatement les quartiers bas de la ville 🌊")
@example("=?utf-8?q?x?=")
@example("two  blanks ")
@example("x" * 120)
@example("a: " * 40)
@example("漢字" * 40)
def test_any_subject_comes_back_as_it_was(subject):
    wire = composed(Mail(template(subject=subject), "a1"))
    assert email.message_from_bytes(wire, policy=email.policy.default)["Subject"] == subject
    head = wire.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78


@given(any_text, any_text)
@example("é" * 5000, ".\n..\n.\r\n")
@example("x" * 20_000, "a \t \nb ")
@example("From here\n--=_tocsin_alternative--\n", "\x00\x0b\x0c\x85\u2028")
def test_any_body_comes_back_as_it_was(text, markup):
    message = parsed(Mail(template(text=text, html=markup), "a1"))
    assert content(message, "plain") == as_lines(text)
    assert content(message, "html") == as_lines(markup)


@given(st.lists(st.tuples(any_text, st.sampled_from(["{{name}}", "{{street}}", ""])), max_size=6), any_text, any_text)
@example([("x" * 75, "{{name}}"), (" ", "{{street}}"), ("\n", "{{name}}")], "é" * 200, ".")
@example([("x" * 76, "{{name}}")], "y " * 40, "")
@example([("a ", "{{name}}"), ("\r\n", "{{street}}")], "b ", "\r\n")
def test_slots_are_filled_wherever_they_stand_and_whatever_fills_them(cut, name, street):
    fill = {"name": name, "street": street}
    text = "".join(piece + token for piece, token in cut) + "{{name}}{{street}}"
    mail = Mail(template(text=text, html=text, placeholders=("name", "street")), "a1", fill=fill)
    wire = composed(mail)
    assert max(map(len, wire.split(b"\r\n"))) <= 78
    for line in wire.partition(b"\r\n\r\n")[2].split(b"\r\n"):
        assert len(line) <= 76
        assert line == line.rstrip(b" \t")

    def expected(value=str):
        # a token made by chance from two pieces is a token too, as for the channel
        parts = as_lines(text).replace("{{name}}", "\ue000").replace("{{street}}", "\ue001")
        return as_lines(parts.replace("\ue000", value(name)).replace("\ue001", value(street)))

    if "\ue000" in text + name + street or "\ue001" in text + name + street or "{{" in name + street:
        return
    message = parsed(mail)
    assert content(message, "plain") == expected()
    assert content(message, "html") == expected(html.escape)


def test_values_are_escaped_in_html_and_not_in_text():
    mail = Mail(
        template(text="{{name}}", html='<a title="{{name}}">{{name}}</a>', placeholders=("name",)),
        "a1",
        fill={"name": '"><script>alert(1)</script>'},
    )
    assert content(parsed(mail), "plain") == '"><script>alert(1)</script>'
    assert "<script>" not in content(parsed(mail), "html")
    assert content(parsed(mail), "html").count("&lt;script&gt;") == 2


def test_braces_around_a_name_that_is_no_slot_are_text():
    mail = Mail(template(text="{{name}} {{other}} {{}}", placeholders=("name",)), "a1", fill={"name": "{{other}}"})
    assert content(parsed(mail), "plain") == "{{other}} {{other}} {{}}"


def test_the_readable_text_is_what_the_text_part_says():
    mail = Mail(
        template(text="Zoé, {{unsubscribe_url}}\n", placeholders=("unsubscribe_url",)),
        "a1",
        unsubscribe_url="https://tocsin.example/u/1?a=1&b=2",
    )
    composed_mail = Email(CONFIG).compose(mail, "Bob@EXAMPLE.com")
    assert composed_mail.readable == content(parsed(mail), "plain") == "Zoé, https://tocsin.example/u/1?a=1&b=2\n"
    assert (composed_mail.to, composed_mail.content_type) == ("Bob@example.com", "message/rfc822")


def test_the_headers_are_those_of_a_list_that_one_leaves_by_one_click():
    mail = Mail(
        template(urgent=True, sender_name="Mairie de L’Aigle", headers=(("Feedback-ID", "a1:laigle"),)),
        "alert-7.person-9",
        unsubscribe_url="https://tocsin.example/u/abc",
        date=datetime(2026, 3, 1, 13, 30, tzinfo=timezone(timedelta(hours=1))),
        references="alert-6.person-9",
    )
    raw = email.message_from_bytes(composed(mail))
    assert raw["To"] == "bob@example.com"
    assert raw["List-Unsubscribe"] == "<https://tocsin.example/u/abc>"  # RFC 2369 section 3.2
    assert raw["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"  # RFC 8058 section 3.1
    assert raw["List-Id"] == "<laigle.ville.example>"  # RFC 2919 section 3
    assert raw["Message-ID"] == "<alert-7.person-9@ville.example>"
    assert raw["References"] == "<alert-6.person-9@ville.example>"
    assert raw["In-Reply-To"] is None, "no mail of that id was ever sent"
    assert raw["Date"] == "Sun, 01 Mar 2026 12:30:00 +0000"
    assert raw["Auto-Submitted"] == "auto-generated"
    assert raw["Content-Language"] == "fr"
    assert raw["MIME-Version"] == "1.0"
    assert (raw["Importance"], raw["X-Priority"], raw["Priority"]) == ("high", "1 (Highest)", "urgent")
    assert raw["Feedback-ID"] == "a1:laigle"
    sender = parsed(mail)["From"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == ("Mairie de L’Aigle", "alerte@ville.example")
    assert len(raw.keys()) == len(set(raw.keys()))


def test_a_name_in_the_relays_settings_stands_before_every_other():
    named = SmtpConfig.from_url("smtp://127.0.0.1?from=Ville de Paris <alerte@ville.example>")
    message = parsed(Mail(template(sender_name="Mairie de L’Aigle"), "a1"), named)
    assert message["From"].addresses[0].display_name == "Ville de Paris"


def test_one_click_is_promised_only_over_https():
    message = parsed(Mail(template(), "a1", unsubscribe_url="http://127.0.0.1:8080/u/abc"))
    assert message["List-Unsubscribe"] == "<http://127.0.0.1:8080/u/abc>"
    assert "List-Unsubscribe-Post" not in message
    assert "List-Unsubscribe" not in parsed(Mail(template(), "a1"))


def test_a_quiet_mail_claims_no_importance_and_refers_to_none():
    message = parsed(Mail(template(), "a1"))
    for name in ("Importance", "X-Priority", "Priority", "References", "In-Reply-To"):
        assert name not in message
    assert abs(message["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=1)


@given(one_line.map(str.strip))
@example('Mairie, "La Ferté" \\ <x@y.fr>')
@example("École 🏫")
@example("=?0?Q??=")
@example("a" * 79)
def test_any_name_of_a_sender_comes_back_and_its_address_stays(name):
    raw = email.message_from_bytes(composed(Mail(template(sender_name=name), "a1")))["From"]
    # the old parser: the new one of Python 3.11 leaves a blank between the encoded words of a long name
    phrase, address = email.utils.parseaddr(raw)
    assert address == "alerte@ville.example"
    assert str(email.header.make_header(email.header.decode_header(phrase))) == name


def test_images_come_with_the_html_that_shows_them():
    image = InlineImage("carte@tocsin", PIXEL, "image/png", "Carte : rayon de 1,5 km")
    message = parsed(Mail(template(html='<img src="cid:carte@tocsin" alt="Carte">', images=(image,)), "a1"))
    plain, related = message.iter_parts()
    assert (plain.get_content_type(), related.get_content_type()) == ("text/plain", "multipart/related")
    markup, picture = related.iter_parts()
    assert markup.get_content_type() == "text/html"
    assert picture["Content-ID"] == "<carte@tocsin>"
    assert picture["Content-Description"] == "Carte : rayon de 1,5 km"
    assert picture.get_content() == PIXEL


INJECTED = "x\r\nBcc: eve@example.com"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": INJECTED},
        {"subject": "x\nBcc: eve@example.com"},
        {"subject": "x\x0bBcc: eve@example.com"},
        {"subject": "x\u2028Bcc: eve@example.com"},
        {"subject": " "},
        {"subject": "half \ud83d"},
        {"text": "half \ud83d"},
        {"sender_name": INJECTED},
        {"list_id": INJECTED},
        {"list_id": "nodot"},
        {"language": INJECTED},
        {"headers": (("X-A", INJECTED),)},
        {"headers": (("X-A: b\r\nBcc", "eve@example.com"),)},
        {"headers": (("Bcc", "eve@example.com"),)},
        {"headers": (("content-type", "text/plain"),)},
        {"placeholders": ("name",)},
        {"placeholders": ("na me",)},
        {"images": (InlineImage("carte", PIXEL, "image/png", ""),)},
    ],
)
def test_a_template_that_could_end_a_header_or_says_nothing_is_refused_when_made(changes):
    with pytest.raises(ValueError, match=r"\w"):
        template(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": INJECTED},
        {"message_id": "a@b"},
        {"message_id": ""},
        {"message_id": "x" * 201},
        {"unsubscribe_url": "https://x.example/\r\nBcc: eve@example.com"},
        {"unsubscribe_url": "https://x.example/>, <mailto:eve@example.com"},
        {"unsubscribe_url": "javascript:alert(1)"},
        {"unsubscribe_url": "https://x.example/" + "a" * 900},
        {"references": INJECTED},
        {"date": datetime(2026, 1, 1)},  # noqa: DTZ001  that is what is refused
        {"fill": {}},
    ],
)
def test_a_mail_that_could_end_a_header_or_leaves_a_slot_empty_is_refused_when_made(changes):
    with pytest.raises(ValueError, match=r"\w"):
        Mail(
            **{
                "template": template(text="{{name}}", placeholders=("name",)),
                "message_id": "a1",
                "fill": {"name": "Zoé"},
            }
            | changes
        )


@pytest.mark.parametrize(
    ("cid", "media_type", "alt"), [("a\r\nb", "image/png", ""), ("a", "text/html", ""), ("a", "image/png", INJECTED)]
)
def test_an_image_that_could_end_a_header_is_refused_when_made(cid, media_type, alt):
    with pytest.raises(ValueError, match=r"\w"):
        InlineImage(cid, PIXEL, media_type, alt)


def test_a_template_is_compiled_once_for_all_its_mails():
    channel = Email(CONFIG)
    shared = template()
    for number in range(5):
        channel.compose(Mail(shared, f"a{number}"), "bob@example.com")
    assert channel._compiled.cache_info().misses == 1
