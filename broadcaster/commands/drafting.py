"""Converts the options of ``tocsin send`` to the API's document, which the API validates."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from broadcaster.commands.failing import Stop
from broadcaster.commands.options import FILE
from broadcaster.commands.showing import utc_now
from broadcaster.domain.alerts import Category, Certainty, Severity, Status, Urgency
from broadcaster.domain.audience import AudienceKind
from broadcaster.domain.people import CHANNELS

_FIELDS = ("headline", "description", "instruction", "sms", "question", "easy")
_TEXT = re.compile(rf"([A-Za-z]{{2,3}}(?:-[A-Za-z0-9]{{2,8}})?):({'|'.join(_FIELDS)}|answers)=(.*)", re.DOTALL)
_SPAN = re.compile(r"(\d{1,6}(?:\.\d+)?)\s*(min|m|h|d)")
_SECONDS = {"min": 60, "m": 60, "h": 3600, "d": 86_400}
_LARGEST_AREA = 1 << 20
_AUDIENCES = [kind.value for kind in AudienceKind if kind not in (AudienceKind.TOLD, AudienceKind.DIGEST)]


def _choice(words: Any) -> click.Choice[str]:
    return click.Choice([word.value for word in words], case_sensitive=False)


OPTIONS = (
    click.option("--station", required=True, help="Short name of who publishes, as in laigle."),
    click.option("--lat", type=float, help="Circle: latitude of its centre, WGS 84 degrees."),
    click.option("--lon", type=float, help="Circle: longitude of its centre."),
    click.option("--radius", type=float, help="Circle: 300 to 5000 metres."),
    click.option("--circle", "circles", multiple=True, metavar="LON,LAT,RADIUS", help="A further circle; repeatable."),
    click.option("--area", "area_file", type=FILE, help="GeoJSON polygons."),
    click.option("--template", help="Write it from a template, as in flood (`tocsin station templates`)."),
    click.option(
        "--blank", "blanks", multiple=True, metavar="WHAT=TEXT",
        help='Fill a placeholder of the template, as in "Prénom=Lina"; repeatable.',
    ),
    click.option("--severity", type=_choice(Severity), help="How serious (CAP; minor is information)."),
    click.option("--headline", help="In a few words; in the station's own language, or in --lang."),
    click.option("--description", help="What happens, where."),
    click.option("--instruction", help="What people are to do."),
    click.option("--sms", help="The text of the SMS, where it is to differ from headline and description."),
    click.option("--easy", help="The same in short plain sentences, one a line, for the alert's page (FALC)."),
    click.option("--question", help="The alert's own question, in place of *received* and *I am safe*."),
    click.option("--answer", "answers", multiple=True, help="One of the two to five answers to it; repeatable."),
    click.option("--lang", help="The language of the texts above; without it, the station's first."),
    click.option(
        "--text", "texts", multiple=True, metavar="LANG:FIELD=TEXT",
        help='The same in another language, as in en:headline="Flood" or en:answers="Yes|No"; repeatable.',
    ),
    click.option("--status", type=_choice(Status), help="Real, or a drill; actual, or the template's, if not said."),
    click.option("--urgency", type=_choice(Urgency), help="When to act (CAP)."),
    click.option("--certainty", type=_choice(Certainty), help="How sure it is (CAP)."),
    click.option("--category", type=_choice(Category), help="Of what kind (CAP)."),
    click.option("--event", help="What happens, in a word or two; without it, the headline's beginning."),
    click.option(
        "--audience",
        type=click.Choice(_AUDIENCES),
        help="Who is concerned. Without it, as in the console: everyone in the area for an authority's severe and"
        " extreme alerts, else followers there.",
    ),
    click.option("--group", "groups", multiple=True, help="Members of this group, in the area if there is one."),
    click.option("--channels", help="Comma-separated: push, sms, voice, email. Without it, those of the severity."),
    click.option("--expires", help="Until when it holds: 6h, 90min, 2d, or 2026-07-01T18:30."),
    click.option("--topic", help="One of the station's topics, as in traffic (`tocsin station topics`)."),
    click.option(
        "--wakes/--no-wakes", default=None, help="Wake people whose quiet hours outlast it, or not; asked, if not said."
    ),
    click.option("--onset", help="When what is told of begins, in the same way."),
)  # fmt: skip


def with_draft(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an alert's options to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def draft(given: Mapping[str, Any], *, now: datetime | None = None) -> dict[str, Any]:
    """Return the document of POST /v1/alerts. Stops with a sentence for unparsable options; limits are the API's."""
    at = now or utc_now()
    body: dict[str, Any] = {"station": given["station"].lower(), **_template(given)}
    for name in ("status", "severity", "urgency", "certainty", "category", "event"):
        if given.get(name):
            body[name] = given[name]
    _put_texts(body, given)
    parts = {"area": _area(given), "audience": _audience(given)}
    body |= {name: part for name, part in parts.items() if part}
    if given.get("channels"):
        body["channels"] = _channels(given["channels"])
    if given.get("topic"):
        body["topic"] = given["topic"].lower()
    if given.get("wakes") is not None:
        body["wakes"] = given["wakes"]
    for name in ("expires", "onset"):
        if given.get(name) and not given.get("at"):
            body[name] = moment_of(name, given[name], at)
    return body


def _put_texts(body: dict[str, Any], given: Mapping[str, Any]) -> None:
    own: dict[str, Any] = {name: given[name] for name in _FIELDS if given.get(name)}
    if given.get("answers"):
        own["answers"] = list(given["answers"])
    texts: dict[str, dict[str, Any]] = {}
    if given.get("lang"):
        texts[given["lang"].lower()] = own
    else:
        body.update(own)
    for each in given.get("texts") or ():
        found = _TEXT.fullmatch(each)
        if found is None:
            raise Stop("text-unreadable", text=each[:60])
        language, name, text = found.groups()
        place = texts.setdefault(language.lower(), {})
        if name in place:
            raise Stop("text-twice-given", language=language, name=name)
        place[name] = text.split("|") if name == "answers" else text
    if texts:
        body["texts"] = texts
    if not own.get("headline") and not any("headline" in text for text in texts.values()) and not given.get("template"):
        raise Stop("headline-missing")


def _template(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the template and the values of its placeholders; without a template, the severity is required."""
    if given.get("template"):
        return {"template": given["template"].lower(), "blanks": dict(map(_blank, given.get("blanks") or ()))}
    if not given.get("severity"):
        raise Stop("severity-missing")
    return {"status": "actual"}


def _blank(text: str) -> tuple[str, str]:
    what, found, filled = text.partition("=")
    if not found or not what.strip() or not filled.strip():
        raise Stop("blank-unreadable", text=text[:60])
    return what.strip(), filled.strip()


def _area(given: Mapping[str, Any]) -> dict[str, Any]:
    area: dict[str, Any] = {}
    circles = []
    single = {name: given.get(name) for name in ("lon", "lat", "radius")}
    if any(value is not None for value in single.values()):
        missing = [f"--{name}" for name, value in single.items() if value is None]
        if missing:
            raise Stop("circle-incomplete", missing=", ".join(missing))
        circles.append({"lon": given["lon"], "lat": given["lat"], "radius_m": given["radius"]})
    circles.extend(_circle(text) for text in given.get("circles") or ())
    if circles:
        area["circles"] = circles
    if given.get("area_file"):
        area["polygons"] = _polygons(given["area_file"])
    return area


def _circle(text: str) -> dict[str, float]:
    try:
        lon, lat, radius = (float(part) for part in text.split(","))
    except ValueError:
        raise Stop("circle-unreadable", text=text[:60]) from None
    return {"lon": lon, "lat": lat, "radius_m": radius}


def _polygons(path: Path) -> Any:
    if path.stat().st_size > _LARGEST_AREA:
        raise Stop("file-too-large", path=path, mib=1)
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Stop("no-geojson", path=path, reason=error) from error


def _audience(given: Mapping[str, Any]) -> dict[str, Any]:
    groups = [each.lower() for each in given.get("groups") or ()]
    kind = given.get("audience") or (AudienceKind.GROUPS.value if groups else None)
    if groups and kind != AudienceKind.GROUPS.value:
        raise Stop("group-with-groups", kind=kind)
    return {"kind": kind, **({"groups": groups} if groups else {})} if kind else {}


def _channels(text: str) -> list[str]:
    names = [part.strip().lower() for part in text.split(",") if part.strip()]
    known = [name.value for name in CHANNELS]
    for name in names:
        if name not in known:
            raise Stop("no-such-channel", name=name, known=", ".join(known))
    return list(dict.fromkeys(names))


def minutes_of(name: str, text: str, at: str) -> int:
    """Return the minutes of a duration (90min, 6h), or those from ``at`` to another time of day in the same zone."""
    span = _SPAN.fullmatch(text.strip().lower())
    if span is not None:
        return round(float(span[1]) * _SECONDS[span[2]] / 60)
    try:
        minutes = (datetime.fromisoformat(text.strip()) - datetime.fromisoformat(at.strip())) // timedelta(minutes=1)
    except (ValueError, TypeError):
        minutes = 0
    if minutes <= 0:
        raise Stop("no-time-after-at", name=name, text=text[:40])
    return minutes


def moment_of(name: str, text: str, now: datetime) -> str:
    """Return an ISO 8601 time with offset; the default is this machine's time zone."""
    span = _SPAN.fullmatch(text.strip().lower())
    if span is not None:
        return (now + timedelta(seconds=float(span[1]) * _SECONDS[span[2]])).replace(microsecond=0).isoformat()
    try:
        return datetime.fromisoformat(text.strip()).astimezone().isoformat()
    except ValueError:
        raise Stop("no-moment", name=name, text=text[:40]) from None
