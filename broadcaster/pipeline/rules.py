"""Checks what a station may say, and to whom: the rules for alerts, drafts and schedules."""

from collections.abc import Mapping

from broadcaster.domain.alerts import GRAVE, MAX_EVENT, MAX_SMS, TEXT_LIMITS, Message, Text
from broadcaster.domain.answers import FEWEST, MOST, differ
from broadcaster.domain.audience import AudienceKind, Pool
from broadcaster.domain.refusals import Refused, refused
from broadcaster.domain.signs import says_nothing, unfit
from broadcaster.domain.stations import Station, StationKind
from zones import Jurisdiction, OutsideJurisdiction

_LONGEST = TEXT_LIMITS | {"sms": MAX_SMS}


def check_message(
    station: Station, message: Message, known_groups: Mapping[str, int], ground: Jurisdiction | None = None
) -> None:
    """Raise ``Refused`` unless the station may send this message; ``known_groups``: ids by slug.

    ``ground``: the station's, if already parsed.
    """
    check_receivers(station, message, known_groups, ground)
    check_texts(station, message.texts)
    if says_nothing(message.event) or len(message.event) > MAX_EVENT:
        raise Refused("event-needed", "event", most=MAX_EVENT)
    _check_signs("event", message.event, one_line=True)


def check_receivers(
    station: Station, message: Message, known_groups: Mapping[str, int], ground: Jurisdiction | None = None
) -> None:
    """Like ``check_message``, but without the texts."""
    if message.audience.needs_area and message.area is None:
        raise Refused("area-needed", "area")
    _check_audience(station, message, known_groups)
    if message.area is not None:
        try:
            (ground or ground_of(station)).check(message.area)
        except OutsideJurisdiction as error:
            raise refused(error) from error
    if message.topic is not None and message.topic not in station.topics:
        raise Refused("topic-unknown", "topic", name=message.topic, known=", ".join(station.topics))


def ground_of(station: Station) -> Jurisdiction:
    """Return where a station may publish. Parsing a large boundary takes a while."""
    return Jurisdiction.from_geojson(station.boundary, station.margin_m, station.sea)


def _check_audience(station: Station, message: Message, known_groups: Mapping[str, int]) -> None:
    audience = message.audience
    if audience.pool is Pool.STORED:
        raise Refused("audience-of-all-clears", "audience")
    if audience.kind is AudienceKind.EVERYONE:
        if station.kind is not StationKind.AUTHORITY:
            raise Refused("audience-of-authorities", "audience")
        if message.severity not in GRAVE:
            raise Refused("audience-of-grave-dangers", "audience")
    if audience.kind is AudienceKind.GROUPS:
        if not audience.groups:
            raise Refused("groups-needed", "audience.groups")
        unknown = [slug for slug in audience.groups if slug not in known_groups]
        if unknown:
            there = ", ".join(sorted(known_groups)) or "–"
            raise Refused("group-unknown", "audience.groups", name=unknown[0], known=there)


def check_texts(station: Station, texts: Mapping[str, Text], field: str = "texts") -> None:
    """Raise ``Refused`` unless there is a text in the station's language, and all texts are within their limits."""
    for language, text in texts.items():
        where = f"{field}.{language}"
        for name, needed in (("headline", True), ("sms", bool(text.sms))):
            if needed and says_nothing(getattr(text, name)):
                raise Refused("headline-empty", f"{where}.{name}")
        for name, limit in _LONGEST.items():
            said = getattr(text, name)
            if len(said) > limit:
                raise Refused("text-too-long", f"{where}.{name}", n=len(said) - limit, most=limit)
            _check_signs(f"{where}.{name}", said, one_line=name == "headline")
    check_questions(texts, field)
    if station.languages[0] not in texts:
        raise Refused("text-in-own-language", field, language=station.languages[0])


def check_questions(texts: Mapping[str, Text], field: str = "texts") -> None:
    """Raise ``Refused`` unless the alert's own question has two to five different answers, as many in each language."""
    numbers = {len(text.answers) for text in texts.values() if text.answers or text.question}
    for language, text in texts.items():
        where = f"{field}.{language}"
        _check_signs(f"{where}.question", text.question, one_line=False)
        for at, each in enumerate(text.answers):
            _check_signs(f"{where}.answers[{at}]", each, one_line=True)
        said = not any(says_nothing(each) for each in (text.question, *text.answers))
        sound = said and FEWEST <= len(text.answers) <= MOST and len(numbers) == 1 and differ(text.answers)
        if (text.question or text.answers) and not sound:
            missing = "answers" if text.question else "question"
            raise Refused("answers-number", f"{where}.{missing}", least=FEWEST, most=MOST)


def _check_signs(field: str, said: str, *, one_line: bool) -> None:
    """Raise ``Refused`` for a character that a channel can't carry: all its messages would fail."""
    found = unfit(said, one_line=one_line, field=field)
    if found is not None:
        raise found
