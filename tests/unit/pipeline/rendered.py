"""An alert of L'Aigle to render, and any text that an author may write."""

from __future__ import annotations

import email
import email.policy
import re

from hypothesis import strategies as st

from broadcaster.domain.alerts import Text
from broadcaster.domain.stations import Station, StationKind
from broadcaster.pipeline.render import Context, Links
from broadcaster.store import Vault
from channels.email import Email, SmtpConfig
from tests.contract.stores import NOW, SECRET, an_alert

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


def texts_in(language):
    """Return the alert's texts, one of them in this language."""
    return {**TEXTS, language: TEXTS.get(language, TEXTS["en"])}


def context(texts=TEXTS, links=NUMBERED, station=STATION, **changes):
    return Context(an_alert(1, texts=texts, **changes), station, "thread-token", links, NOW)


def parsed(message):
    relay = Email(SmtpConfig.from_url("smtp://127.0.0.1:25?from=t@alerts.example"))
    return email.message_from_bytes(relay.compose(message, "zoe@b.example").wire, policy=email.policy.default)


LETTERS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=160)
PIECES = ["x", "é", "ê", "😀", "«", "€", "word ", "mot été ", "🌊 crue "]
LONGEST = st.sampled_from(PIECES).map(lambda each: each * 4000)


def up_to(longest):
    return st.one_of(LETTERS, LONGEST).map(lambda each: each[:longest])


def any_text():
    return st.builds(Text, up_to(160).map(lambda each: each if each.strip() else "x"), up_to(4000), up_to(2000))


HOSTILE = [
    "{{unsubscribe_url}}",
    "{{way_out}} {{ 7 * 7 }} {% raw %}",
    "<script>alert(1)</script> & \"quotes\" 'single'",
    "=?utf-8?q?Bcc?= <x@y.example>",
    "%s %(x)s {0} {station}",
    "." * 40 + " From the sea",
    "🌊" * 60,
]
