"""Messages as stored with alerts, schedules and approvals, and as sent to the process that computes reach."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from broadcaster.domain.alerts import Category, Certainty, Message, Severity, Status, Text, Urgency
from broadcaster.domain.audience import Audience
from broadcaster.domain.escalation import from_json
from broadcaster.domain.people import ChannelName
from zones import Area


def read_message(said: Mapping[str, Any], audience: Audience) -> Message:
    """Read the output of ``Message.to_json``, or a row with these columns."""
    return Message(
        status=Status(said["status"]),
        severity=Severity(said["severity"]),
        urgency=Urgency(said["urgency"]),
        certainty=Certainty(said["certainty"]),
        category=Category(said["category"]),
        event=said["event"],
        texts=_texts(said["texts"]),
        area=None if said["area"] is None else _area(orjson.dumps(said["area"])),
        audience=audience,
        channels=tuple(ChannelName(name) for name in said["channels"]),
        topic=said.get("topic"),  # schedules of an earlier version lack these
        wakes=said.get("wakes", False),
        quietly=bool(said.get("quietly")),
        own_policy=None if said.get("own_policy") is None else from_json(said["own_policy"]),
        prepared={part: _texts(texts) for part, texts in (said.get("prepared") or {}).items()},
    )


def _texts(written: Mapping[str, Any]) -> dict[str, Text]:
    return {language: Text.read(text) for language, text in written.items()}


@lru_cache(maxsize=32)
def _area(text: bytes) -> Area:
    """Parse a stored area, cached: ten thousand corners take 50 ms, and lists show many alerts."""
    return Area.from_json(orjson.loads(text))
