"""Converts an alert's message from and to the API's JSON."""

from collections.abc import Mapping
from typing import Any

from broadcaster.domain.alerts import MAX_EVENT, Message, Text
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.escalation import Policy, read_policy
from broadcaster.domain.refusals import Refused
from broadcaster.domain.stations import Station
from broadcaster.http.schemas.alerts import Content, TextIn, Words
from broadcaster.http.schemas.templates import TemplateIn


def message_of(given: Content, station: Station, texts: Mapping[str, Text]) -> Message:
    """Return the message of a request; ``texts``: from ``texts_of``. The event defaults to the headline.

    Raises ``Refused``.
    """
    own = texts.get(station.languages[0], Text(""))
    return Message(
        status=given.status,
        severity=given.severity,
        urgency=given.urgency,
        certainty=given.certainty,
        category=given.category,
        event=given.event or own.headline[:MAX_EVENT],
        texts=texts,
        area=given.area,
        audience=audience_of(given),
        channels=given.channels or (),
        topic=given.topic,
        wakes=given.wakes,
        own_policy=policy_in(given),
    )


def show_message(message: Message) -> dict[str, Any]:
    """Return the fields of ``ContentOut``."""
    shown = message.content() | {"area": None if message.area is None else message.area.to_json()}
    shown["policy"] = shown.pop("own_policy")
    return shown


def policy_in(given: Content | TemplateIn) -> Policy | None:
    """Return a request's own escalation policy. Raises ``Refused``."""
    if given.policy is None:
        return None
    if given.channels:
        raise Refused("policy-or-channels", "policy")
    return read_policy(given.policy.model_dump())


def texts_of(given: Words, station: Station, *, needed: bool) -> dict[str, Text]:
    """Return the texts by language; top-level fields are in the station's own language. Raises ``Refused``."""
    own = station.languages[0]
    texts: dict[str, Text] = {}
    said = {name: getattr(given, name) for name in TextIn.model_fields}
    if given.headline is not None:
        texts[own] = Text(**said)
        if own in given.texts:
            raise Refused("text-twice", f"texts.{own}", language=own)
    elif any(said.values()):
        raise Refused("headline-needed", "headline")
    texts |= texts_in(given.texts)
    if needed or texts:
        check_languages(texts, station)
    return texts


def texts_in(given: Mapping[str, TextIn]) -> dict[str, Text]:
    return {language: Text(**text.model_dump()) for language, text in given.items()}


def check_languages(texts: Mapping[str, Text], station: Station) -> None:
    """Raise ``Refused`` unless there is a text in the station's language."""
    own = station.languages[0]
    if own not in texts:
        raise Refused("text-in-own-language", "headline" if not texts else f"texts.{own}", language=own)


def audience_of(content: Content) -> Audience:
    """Return a request's audience. Raises ``Refused``."""
    given = content.audience
    if isinstance(given, str):
        return Audience(AudienceKind(given))
    if given.kind != "groups" and given.groups:
        raise Refused("groups-unused", "audience.groups")
    return Audience(AudienceKind(given.kind), given.groups)
