"""A station's forms: read, validated by the API's model, with errors in the reader's language."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from multidict import MultiDict
from pydantic import ValidationError

from broadcaster.domain.refusals import Coded, Refused, sentence
from broadcaster.domain.stations import Station, StationKind, read_topics, renamed
from broadcaster.http.reading import point_of
from broadcaster.http.schemas.base import MAX_NAME
from broadcaster.http.schemas.stations import StationIn
from broadcaster.http.stations import fields_of
from broadcaster.http.validation import findings
from broadcaster.languages import DEFAULT, is_tag
from broadcaster.web.i18n import Words
from broadcaster.web.topics import topic_words, topics_of
from channels.email import InvalidMailAddress, parse_address
from channels.sms import InvalidPhone, parse_phone, written
from zones import ZoneError, slug, unpacked_boundary

LARGEST_MARGIN_M = 50_000
_LONGEST = 254


@dataclass
class StationForm:
    """The fields as written, and their errors as sentences. ``boundary`` is packed."""

    insee: str = ""
    kind: str = StationKind.AUTHORITY.value
    name: str = ""
    slug: str = ""
    languages: tuple[str, ...] = (DEFAULT,)
    email: str = ""
    phone: str = ""
    margin: str = ""
    lon: str = ""
    lat: str = ""
    boundary: str = ""
    topics: dict[str, str] = field(default_factory=dict)
    more_topics: str = ""
    sure: bool = False
    wrong: dict[str, str] = field(default_factory=dict)


def read(form: MultiDict[str]) -> StationForm:
    def line(name: str) -> str:
        return " ".join(form.get(name, "").split())[:_LONGEST]

    first = line("language")
    also = (*form.getall("also", []), *re.split(r"[\s,;]+", line("others")))
    return StationForm(
        insee=line("insee").upper(),
        kind=line("kind"),
        name=line("name"),
        slug=line("slug").lower(),
        languages=tuple(dict.fromkeys(each for each in (first, *also) if each)),
        email=line("email"),
        phone=line("phone"),
        margin=line("margin"),
        lon=line("lon"),
        lat=line("lat"),
        boundary=form.get("boundary", ""),
        topics={name.removeprefix("topic."): line(name) for name in form if name.startswith("topic.")},
        more_topics=form.get("topics", ""),
        sure="sure" in form,
    )


def filled(station: Station, words: Words) -> StationForm:
    return StationForm(
        kind=station.kind.value,
        name=station.name,
        slug=station.slug,
        languages=station.languages,
        email=station.email or "",
        phone=written(station.phone or ""),
        margin=f"{station.margin_m:g}",
        topics=dict(topics_of(station, words)),
    )


def made(given: StationForm, words: Words, margin_m: float) -> dict[str, Any] | None:
    """Return a new station's fields, or None and set the errors; reads a large file for a commune."""
    if not given.insee and given.name and not given.slug:
        given.slug = slug(given.name)[:60].strip("-")
    _check_contact(given, words, "FR")
    margin = _margin(given, words)
    point = _point(given, words)
    if not given.insee and not given.name:
        given.wrong["name"] = words("Give the station a name.")
    if not given.slug and "name" not in given.wrong:
        given.wrong["slug"] = sentence(Refused("not-a-slug"), words)
    if given.kind not in list(StationKind):
        given.wrong["kind"] = words("Say what the station is.")
    if given.wrong:
        return None
    try:
        asked = StationIn.model_validate(
            {
                "slug": given.slug,
                "name": given.name or None,
                "kind": StationKind(given.kind),
                "languages": given.languages or (DEFAULT,),
                "insee": given.insee or None,
                "boundary": unpacked_boundary(given.boundary) if given.boundary else None,
                "swap": False if given.boundary else None,
                "margin_m": margin,
                "email": given.email or None,
                "phone": given.phone or None,
            }
        )
        fields, _ = fields_of(asked, margin_m)
    except ValidationError as error:
        _tell(given, words, findings(error, None))
        return None
    except (Refused, ZoneError) as error:
        _tell(given, words, [error])
        return None
    if point is not None:
        fields["lon"], fields["lat"] = point
    return fields


def changes(given: StationForm, station: Station, words: Words) -> dict[str, Any] | None:
    """Return a station's changes, or None and set the errors."""
    if not given.name or len(given.name) > MAX_NAME or not given.name.isprintable():
        given.wrong["name"] = words("A name has %(most)s characters at most.", most=MAX_NAME)
    email, phone = _check_contact(given, words, station.region)
    margin = _margin(given, words)
    topics = _topics(given, station, words)
    if not given.languages:
        given.wrong["language"] = words("Choose a language.")
    if given.wrong:
        return None
    return {
        "name": given.name,
        "email": email,
        "phone": phone,
        "languages": given.languages,
        "margin_m": station.margin_m if margin is None else margin,
        "topics": topics,
    }


def _topics(given: StationForm, station: Station, words: Words) -> dict[str, str]:
    known = {name: slug for slug, name in topic_words(words).items()}
    lines = (" ".join(line.split()) for line in given.more_topics.splitlines())
    names = {slug: slug if known.get(name) == slug else name for slug, name in given.topics.items()}
    try:
        had = renamed(station.topics, {slug: name for slug, name in names.items() if name})
        stay = (slug for slug in had if names.get(slug))
        return read_topics((*stay, *(known.get(line, line) for line in lines if line)), had)
    except Refused as error:
        given.wrong["topics"] = sentence(error, words)
        return {}


def _tell(given: StationForm, words: Words, found: Iterable[Coded]) -> None:
    for each in found:
        where = each.field if each.field in ("insee", "name", "slug", "email", "phone") else "form"
        given.wrong[where] = sentence(each, words)


def _check_contact(given: StationForm, words: Words, region: str) -> tuple[str | None, str | None]:
    email = phone = None
    if not all(map(is_tag, given.languages)):
        given.wrong["others"] = sentence(Refused("not-a-language"), words)
    if given.email:
        try:
            email = parse_address(given.email)
        except InvalidMailAddress as error:
            given.wrong["email"] = sentence(error, words)
    if given.phone:
        try:
            phone = parse_phone(given.phone, region).e164
        except InvalidPhone as error:
            given.wrong["phone"] = sentence(error, words)
    return email, phone


def _margin(given: StationForm, words: Words) -> float | None:
    if not given.margin:
        return None
    try:
        margin = float(given.margin.replace(",", ".").replace(" ", "").replace("\u202f", ""))
    except ValueError:
        margin = -1.0
    if not 0 <= margin <= LARGEST_MARGIN_M:
        given.wrong["margin"] = words("A margin is a number of metres from 0 to %(most)s.", most=LARGEST_MARGIN_M)
        return None
    return margin


def _point(given: StationForm, words: Words) -> tuple[float, float] | None:
    if not given.lon and not given.lat:
        return None
    at = point_of(given.lon, given.lat)
    if at is None:
        given.wrong["lon"] = words("These are not coordinates. Write them as 0.6283 and 48.7631.")
        return None
    return round(at[0], 6), round(at[1], 6)
