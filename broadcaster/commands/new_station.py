"""The fields of a new station, from the options of ``station add`` and ``init``."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import click

from broadcaster import territory
from broadcaster.commands.failing import Stop
from broadcaster.commands.wording import reader, words
from broadcaster.config import Settings
from broadcaster.domain.refusals import Coded, sentence
from broadcaster.domain.stations import StationKind
from broadcaster.http.schemas.base import SLUG
from broadcaster.languages import is_tag
from zones import Boundary, CrossingOutline, SwappedCoordinates
from zones import slug as slug_of

_LARGEST_FILE = 20 * 1024 * 1024
_LONGEST_NAME = 120


def read_fields(
    where: Settings,
    *,
    insee: str | None,
    languages: str,
    boundary: Path | None = None,
    name: str | None = None,
    slug: str | None = None,
    kind: str | None = None,
    margin_m: float | None = None,
    region: str | None = None,
    swap: bool | None = None,
    mend: bool = False,
) -> dict[str, Any]:
    """Return a new station's fields from the options of ``station add``. Stops with a sentence if one is wrong."""
    if insee is not None and boundary is not None:
        raise Stop("insee-or-boundary")
    if insee is None and boundary is None and (not name or kind in (None, StationKind.AUTHORITY)):
        raise Stop("boundary-needed")
    fields: dict[str, Any] = dict.fromkeys(("insee", "boundary", "lon", "lat", "email", "phone")) | {"region": "FR"}
    if insee is not None:
        fields |= territory.of_commune(insee.strip().upper())
    if region:
        fields["region"] = region.strip().upper()
    if boundary is not None:
        fields |= _from_file(boundary, name, fields["region"], swap=swap, mend=mend)
    if name:
        fields["name"] = name.strip()
    fields["slug"] = slug or slug_of(fields["name"])[:60].strip("-")
    fields["kind"] = StationKind(kind or ("authority" if insee else "association"))
    fields["languages"] = tuple(part.strip() for part in languages.split(",") if part.strip())
    fields["margin_m"] = where.margin_m if margin_m is None else margin_m
    _check(fields)
    if fields["boundary"] is not None:
        fields["sea"] = territory.sea_of(fields["boundary"])
    return fields


def _from_file(path: Path, name: str | None, region: str, *, swap: bool | None, mend: bool) -> dict[str, Any]:
    if not name:
        raise Stop("name-with-boundary")
    if path.stat().st_size > _LARGEST_FILE:
        raise Stop("file-too-large", path=path, mib=_LARGEST_FILE // 1024 // 1024)
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Stop("no-geojson", path=path, reason=error) from error
    found = _asked(document, region, swap=swap, mend=mend)
    for told in territory.left_out(found, words):
        click.echo(told, err=True)
    return {"name": name, **territory.of_boundary(found)}


def _asked(document: Any, region: str, *, swap: bool | None, mend: bool) -> Boundary:
    """Read a boundary and ask for confirmations; stop if there is no terminal."""
    while True:
        try:
            return territory.read(document, region, swap=swap, mend=mend)
        except SwappedCoordinates as doubt:
            swap = _said(doubt, words("give --swap, or --no-swap if the boundary is right as it is"))
        except CrossingOutline as doubt:
            mend = _said(doubt, words("give --mend to take it as mended, or redraw it"))
            if not mend:
                raise Stop("outline-crosses") from doubt


def _may_ask() -> bool:
    return sys.stdin.isatty()


def _said(doubt: Coded, otherwise: str) -> bool:
    question = sentence(doubt, reader())
    if not _may_ask():
        raise Stop("boundary-doubtful", question=question, hint=otherwise)
    return click.confirm(question, err=True)


def _check(fields: dict[str, Any]) -> None:
    if not fields["name"] or len(fields["name"]) > _LONGEST_NAME:
        raise Stop("name-length", most=_LONGEST_NAME)
    if not re.fullmatch(SLUG, fields["slug"]):
        raise Stop("slug-form", slug=fields["slug"])
    if not fields["languages"]:
        raise Stop("languages-empty")
    for language in fields["languages"]:
        if not is_tag(language):
            raise Stop("language-form", language=language)
    if not re.fullmatch(r"[A-Z]{2}", fields["region"]):
        raise Stop("region-form", region=fields["region"])
