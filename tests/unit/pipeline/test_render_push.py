"""What a push says, within its room, and how it is sent."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.domain.alerts import MsgType, Severity, Status, Text
from broadcaster.domain.people import ChannelName
from broadcaster.pipeline.render import render
from broadcaster.pipeline.render.push import _within
from channels.webpush import MAX_PLAINTEXT
from tests.contract.stores import NOW
from tests.unit.pipeline.rendered import ID, STATION, VAULT, any_text, context


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
