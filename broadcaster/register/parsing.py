"""From the cells of one line to one subscriber, or to what is wrong with it. Pure: no database, no clock."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import TYPE_CHECKING

from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.domain.signs import unfit
from broadcaster.register.contacts import mail_contact, phone_contact
from broadcaster.register.groups import group_slug
from broadcaster.register.refusals import Refusal
from channels.email.address import InvalidMailAddress
from channels.sms import InvalidPhone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from broadcaster.register.columns import Columns
    from broadcaster.register.reading import Line

MAX_EXTERNAL_ID = 100
MAX_NAME = 120
MAX_LABEL = 60
MAX_GROUP = 60
MAX_GROUPS = 20
MAX_VALUES = 5
_SEVERAL = re.compile(r"[;|]")
_LOCALE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?")
_LANGUAGES = {"francais": "fr", "french": "fr", "anglais": "en", "english": "en"}
_YES = ("oui", "o", "yes", "y", "vrai", "true", "1", "x")
_NO = ("", "non", "n", "no", "faux", "false", "0")
_YES_OR_NO = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
_LON, _LAT = 180.0, 90.0


class _Wrong(ValueError):
    """One cell can't be used."""


class Parser:
    """Reads lines of one list. ``region`` (ISO 3166): where its telephone numbers are dialled.

    ``language``: what a line without one gets. ``group_names`` collects the groups that were named: slug to name.
    """

    def __init__(self, columns: Columns, *, region: str, language: str) -> None:
        self.group_names: dict[str, str] = {}
        self._columns = columns
        self._region = region
        self._language = language
        self._width = len(columns.headings)
        self._contact_columns: list[tuple[str, Callable[[str], NewContact], type[ValueError]]] = [
            (meaning, read, wrong)
            for meaning, read, wrong in (
                ("mobile", self._mobile, InvalidPhone),
                ("landline", self._landline, InvalidPhone),
                ("phone", self._phone, InvalidPhone),
                ("email", mail_contact, InvalidMailAddress),
            )
            if meaning in columns.at
        ]

    def parse(self, line: Line) -> tuple[NewSubscriber | None, list[Refusal]]:
        """Give the subscriber of a line, or None and all that is wrong with it."""
        if line.problem:
            return None, [Refusal(line.number, "", "", line.problem)]
        cells = line.cells
        if len(cells) > self._width and any(cell.strip() for cell in cells[self._width :]):
            problem = f"it has {len(cells)} cells, and the header {self._width}: is a delimiter in a text unquoted?"
            return None, [Refusal(line.number, "", "", problem)]
        found: list[tuple[str, str]] = []
        external_id = self._cell(cells, "external_id")
        name = locale = None
        vulnerable = self._yes_or_no(cells, "vulnerable", found)
        for meaning, check in (("external_id", _external_id), ("name", _name), ("locale", self._locale)):
            try:
                value = check(self._full_name(cells) if meaning == "name" else self._cell(cells, meaning))
            except _Wrong as wrong:
                found.append((meaning, str(wrong)))
                continue
            if meaning == "name":
                name = value
            elif meaning == "locale":
                locale = value
        contacts = tuple(self._contacts(cells, found))
        places = tuple(self._places(cells, found))
        groups = self._groups(cells, found)
        if found:
            return None, [
                Refusal(line.number, external_id[:MAX_EXTERNAL_ID], self._heading(meaning), problem)
                for meaning, problem in found
            ]
        person = NewSubscriber(
            locale or self._language, contacts, places, groups, external_id, name or None, vulnerable
        )
        return person, []

    def _cell(self, cells: list[str], meaning: str) -> str:
        at = self._columns.at.get(meaning)
        return cells[at].strip() if at is not None and at < len(cells) else ""

    def _heading(self, meaning: str) -> str:
        return self._columns.heading(meaning) if meaning in self._columns.at else meaning

    def _full_name(self, cells: list[str]) -> str:
        return " ".join(part for part in (self._cell(cells, "first_name"), self._cell(cells, "name")) if part)

    def _locale(self, text: str) -> str:
        if not text:
            return self._language
        word = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
        code = _LANGUAGES.get(word, word if len(text) <= len("fr") else text.replace("_", "-"))
        if not _LOCALE.fullmatch(code):
            raise _Wrong("this is no language code, as fr, en or pt-BR are")
        return code

    def _yes_or_no(self, cells: list[str], meaning: str, found: list[tuple[str, str]]) -> bool | None:
        """Read a cell that is yes or no, empty being no; None where the list has no such column."""
        if meaning not in self._columns.at:
            return None
        word = self._cell(cells, meaning).casefold()
        if word not in _YES_OR_NO:
            found.append((meaning, "this is neither oui (yes, 1, x) nor non (no, 0, empty)"))
        return _YES_OR_NO.get(word)

    def _contacts(self, cells: list[str], found: list[tuple[str, str]]) -> Iterator[NewContact]:
        seen: set[tuple[ChannelName, str]] = set()
        for meaning, read, wrong in self._contact_columns:
            cell = self._cell(cells, meaning)
            if not cell:
                continue
            values = [part for part in map(str.strip, _SEVERAL.split(cell)) if part]
            if len(values) > MAX_VALUES:
                found.append((meaning, f"these are {len(values)} values: {MAX_VALUES} at most"))
                continue
            for number, value in enumerate(values, start=1):
                which = f"value {number} of {len(values)}" if len(values) > 1 else ""
                try:
                    contact = read(value)
                except _Wrong as error:
                    found.append((meaning, f"{which or 'it'} {error}"))
                except InvalidMailAddress as error:
                    found.append((meaning, _of_mail(which, str(error))))
                except wrong as error:
                    found.append((meaning, f"{which or 'it'} {error}"))
                else:
                    key = contact.channel, contact.canonical
                    if key not in seen:
                        seen.add(key)
                        yield contact

    def _mobile(self, text: str) -> NewContact:
        contact = phone_contact(text, self._region)
        if contact.channel is not ChannelName.SMS:
            raise _Wrong("takes no SMS: it is a landline, so put it into the column landline (or phone)")
        return contact

    def _landline(self, text: str) -> NewContact:
        return phone_contact(text, self._region, ChannelName.VOICE)

    def _phone(self, text: str) -> NewContact:
        return phone_contact(text, self._region)

    def _places(self, cells: list[str], found: list[tuple[str, str]]) -> Iterator[NewPlace]:
        for suffix in self._columns.places:
            lon, lat = self._cell(cells, f"lon{suffix}"), self._cell(cells, f"lat{suffix}")
            label = self._cell(cells, f"label{suffix}")
            if not lon and not lat:
                continue
            if not lon or not lat:
                missing = "lat" if lon else "lon"
                found.append((missing + suffix, "this is empty: a place needs both"))
                continue
            point: list[float] = []
            for meaning, text, most in (("lon", lon, _LON), ("lat", lat, _LAT)):
                try:
                    point.append(_degrees(text, most))
                except _Wrong as wrong:
                    found.append((meaning + suffix, str(wrong)))
            if len(label) > MAX_LABEL or unfit(label, one_line=True):
                found.append((f"label{suffix}", f"a label is one line of {MAX_LABEL} characters at most"))
            elif point == [0.0, 0.0]:
                found.append((f"lon{suffix}", "0, 0 is in the sea off Africa: leave unknown places empty"))
            elif len(point) == len(("lon", "lat")):
                yield NewPlace(label, *point)

    def _groups(self, cells: list[str], found: list[tuple[str, str]]) -> tuple[str, ...]:
        cell = self._cell(cells, "groups")
        if not cell:
            return ()
        slugs: list[str] = []
        for name in filter(None, map(str.strip, _SEVERAL.split(cell))):
            slug = group_slug(name)
            if not slug or len(name) > MAX_GROUP or unfit(name, one_line=True):
                found.append(("groups", f"a group has a name of 1 to {MAX_GROUP} characters, a letter or figure in it"))
                return ()
            slugs.append(slug)
            self.group_names.setdefault(slug, name)
        if len(slugs) > MAX_GROUPS:
            found.append(("groups", f"these are {len(slugs)} groups: {MAX_GROUPS} at most"))
        return tuple(sorted(set(slugs)))


def canonical(person: NewSubscriber) -> str:
    """Give one text for one content: what a digest of a line is made of, so that a second import changes nothing."""
    return json.dumps(
        [
            person.locale,
            person.name,
            sorted([contact.channel, contact.canonical, contact.address] for contact in person.contacts),
            [[place.label, place.lon, place.lat] for place in person.places],
            sorted(person.groups),
            # A list that says nothing of it has the digests that it had before there was such a column.
            *([] if person.vulnerable is None else [person.vulnerable]),
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _external_id(text: str) -> str:
    if not text:
        raise _Wrong("this is empty: without it, a second import could not tell who is who")
    if len(text) > MAX_EXTERNAL_ID or unfit(text, one_line=True):
        raise _Wrong(f"an id is one line of {MAX_EXTERNAL_ID} characters at most")
    return text


def _name(text: str) -> str:
    if len(text) > MAX_NAME:
        raise _Wrong(f"a name is one line of {MAX_NAME} characters at most")
    problem = unfit(text, one_line=True)
    if problem is not None:
        raise _Wrong(f"this name {problem}")
    return text


def _degrees(text: str, most: float) -> float:
    try:
        value = float(text.replace(",", ".").removesuffix("°").replace("−", "-"))
    except ValueError:
        raise _Wrong("this is no number of degrees, as 0.6283 or 48,7631 are") from None
    if not math.isfinite(value) or abs(value) > most:
        raise _Wrong(f"degrees are from -{most:.0f} to {most:.0f}")
    return value


def _of_mail(which: str, problem: str) -> str:
    """Join which value it is and what is wrong with it, which may be a clause about its domain."""
    if problem.startswith("it "):
        return f"{which or 'it'} {problem.removeprefix('it ')}"
    return f"{which}: {problem}" if which else problem
