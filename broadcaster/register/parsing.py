"""Parses a line's cells to a person's data, or errors. Pure: no database, no clock."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from broadcaster.domain.addresses import Address
from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.domain.refusals import Refused
from broadcaster.domain.signs import unfit
from broadcaster.domain.spelling import folded, group_slug, plain
from broadcaster.languages import catalogs, is_tag
from broadcaster.register.columns import CONTACTS, Columns, looks_like_contact
from broadcaster.register.contacts import mail_contact, phone_contact
from broadcaster.register.parsed import FIELD_OF, Fields, ParsedLine
from broadcaster.register.records import Line
from broadcaster.register.refusals import LineRefusal
from channels.email.address import InvalidMailAddress
from channels.sms import InvalidPhone

MAX_EXTERNAL_ID = 100
MAX_NAME = 120
MAX_LABEL = 60
MAX_GROUP = 60
MAX_ADDRESS = 150
_SEVERAL = re.compile(r"(?<!\\)[;|]|:::")
_REF = re.compile(r"tocsin-[0-9]{1,18}-[0-9a-f]{16}")
"""Reference in an export to a person without an external id (``store.people.ref_of``)."""

_BAR = "\\|"
_MANGLED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
_LOOKED_OVER = 2000
_YES = ("oui", "o", "yes", "y", "vrai", "true", "1", "x")
_NO = ("non", "n", "no", "faux", "false", "0")
_LON, _LAT = 180.0, 90.0


@cache
def _languages_by_name() -> dict[str, str]:
    """Return language tags by name, in all our languages."""
    spoken = [catalogs().words(each).locale.languages for each in catalogs().languages]
    named = [(folded(name), tag.replace("_", "-")) for names in spoken for tag, name in names.items()]
    return {name: tag for name, tag in named if len(name) > len("fil") and is_tag(tag)}


@cache
def _yes_or_no() -> dict[str, bool]:
    spoken = [catalogs().words(each) for each in catalogs().languages]
    yes, no = [words("yes").casefold() for words in spoken], [words("no").casefold() for words in spoken]
    return {**dict.fromkeys((*_YES, *yes), True), **dict.fromkeys((*_NO, *no), False)}


class _Found(list[tuple[str | int, str, dict[str, object]]]):
    """A line's errors: column by meaning or number, code and parameters."""

    def add(self, column: str | int, code: str, **params: object) -> None:
        self.append((column, code, params))


_COLUMNS = {
    "name": Fields.NAME,
    "first_name": Fields.NAME,
    "locale": Fields.LOCALE,
    "vulnerable": Fields.VULNERABLE,
    "groups": Fields.GROUPS,
    "mobile": Fields.SMS,
    "landline": Fields.VOICE,
    "phone": Fields.SMS | Fields.VOICE,
    "email": Fields.EMAIL,
    "address": Fields.ADDRESS,
    "postcode": Fields.ADDRESS,
    "city": Fields.ADDRESS,
}


class Parser:
    """Parses lines of one list. ``region`` (ISO 3166): where its phone numbers are dialled.

    ``language``: default for new people. ``empty_clears``: an empty cell removes the value; otherwise it changes
    nothing. ``overlooked``: numbers of unused columns that seem to hold phone numbers or mail addresses; ``mangled``:
    number of ids rounded by a spreadsheet (2,40016E+11).
    """

    def __init__(self, columns: Columns, *, region: str, language: str, empty_clears: bool = False) -> None:
        self._empty_clears = empty_clears
        self._columns = columns
        self._region = region
        self._language = language
        self._width = len(columns.headings)
        readers = {
            "mobile": self._mobile, "landline": self._landline, "phone": self._phone, "email": mail_contact,
        }  # fmt: skip
        self._contact_columns = [
            (number, readers[meaning]) for meaning in CONTACTS for number in columns.at.get(meaning, ())
        ]
        of_guardians = [number for number, _ in self._contact_columns if columns.guardian[number]]
        self._guarded = Fields.GUARDIANS if columns.named or of_guardians else Fields.NOTHING
        self._numbered = "external_id" in columns.at
        self._read = 0
        self.overlooked: set[int] = set()
        self.mangled = 0
        self._cleared = Fields.NOTHING
        for meaning, part in _COLUMNS.items():
            if meaning in columns.at:
                self._cleared |= part

    def parse(self, line: Line) -> tuple[ParsedLine | None, list[LineRefusal]]:
        """Return the parsed line, or None and all its errors."""
        if line.problem:
            return None, [LineRefusal(line.number, "", "", line.problem.code, line.problem.params)]
        cells = line.cells
        if len(cells) > self._width and any(cell.strip() for cell in cells[self._width :]):
            widths = {"cells": len(cells), "width": self._width}
            return None, [LineRefusal(line.number, "", "", "line-too-wide", widths)]
        self._look_over(cells)
        found = _Found()
        said_id = self._cell(cells, "external_id")
        self.mangled += _MANGLED.fullmatch(said_id) is not None
        read: dict[str, str] = {}
        vulnerable = self._yes_or_no(cells, "vulnerable", found)
        for meaning, check in (("external_id", self._id), ("name", _name), ("locale", self._locale)):
            try:
                read[meaning] = check(self._full_name(cells) if meaning == "name" else self._cell(cells, meaning))
            except Refused as wrong:
                found.add(meaning, wrong.code, **wrong.params)
        contacts = tuple(self._contacts(cells, found))
        places = dict(self._places(cells, found))
        named = self._groups(cells, found)
        address = self._address(cells, found)
        guardians = self._guardians(cells, found)
        if found:
            written = "" if _REF.fullmatch(said_id) else said_id
            who = (written or self._full_name(cells) or said_id)[:MAX_NAME]
            return None, [
                LineRefusal(line.number, who, self._heading(meaning), code, params) for meaning, code, params in found
            ]
        person = NewSubscriber(
            read["locale"] or self._language,
            contacts,
            tuple(places.values()),
            tuple(sorted(named)),
            read["external_id"] or None,
            read["name"] or None,
            vulnerable,
            address,
            guardians,
        )
        fields = self._guarded | (self._cleared if self._empty_clears else Fields.NOTHING)
        for spoken, part in ((read["name"], Fields.NAME), (read["locale"], Fields.LOCALE), (named, Fields.GROUPS)):
            fields |= part if spoken else Fields.NOTHING
        if vulnerable is not None:
            fields |= Fields.VULNERABLE
        if address is not None:
            fields |= Fields.ADDRESS
        for contact in contacts:
            fields |= FIELD_OF[contact.channel]
        cleared_places = len(self._columns.places) if self._empty_clears else 0
        return ParsedLine(
            person, fields, tuple(places), cleared_places, named, said_id if _REF.fullmatch(said_id) else ""
        ), []

    def _look_over(self, cells: list[str]) -> None:
        """Check the unused columns of the first lines for contacts, which would otherwise be lost."""
        self._read += 1
        if self._read <= _LOOKED_OVER:
            for number in self._columns.unused:
                if number < len(cells) and looks_like_contact(self._columns.headings[number], cells[number].strip()):
                    self.overlooked.add(number)

    def _cell(self, cells: list[str], meaning: str) -> str:
        """Return the first non-empty cell of a meaning."""
        numbers = self._columns.at.get(meaning, ())
        return next((text for at in numbers if at < len(cells) and (text := cells[at].strip())), "")

    def _heading(self, meaning: str | int) -> str:
        if isinstance(meaning, int):
            return self._columns.headings[meaning]
        return self._columns.heading(meaning) if meaning in self._columns.at else meaning

    def _full_name(self, cells: list[str]) -> str:
        parts = " ".join(part for part in (self._cell(cells, "first_name"), self._cell(cells, "name")) if part)
        return parts or self._cell(cells, "whole_name")

    def _guardians(self, cells: list[str], found: _Found) -> tuple[str, ...]:
        names: list[str] = []
        for who, columns in self._columns.named.items():
            name = " ".join(cells[at].strip() for at in columns if at < len(cells) and cells[at].strip())
            try:
                names += [""] * (who - 1 - len(names)) + [_name(" ".join(name.split()))]
            except Refused as wrong:
                found.add(columns[0], wrong.code, **wrong.params)
        return tuple(names) if any(names) else ()

    def _id(self, text: str) -> str:
        return _external_id(text) if self._numbered and not _REF.fullmatch(text) else ""

    def _locale(self, text: str) -> str:
        if not text:
            return ""
        word = folded(text)
        code = word if len(text) <= len("fr") else _languages_by_name().get(word, text.replace("_", "-"))
        if not is_tag(code):
            raise Refused("language-code")
        return code

    def _yes_or_no(self, cells: list[str], meaning: str, found: _Found) -> bool | None:
        """Parse a yes/no cell; None if empty."""
        word = self._cell(cells, meaning).casefold()
        if not word:
            return None  # an empty cell removes nobody from the register of vulnerable people
        if word not in _yes_or_no():
            found.add(meaning, "not-yes-or-no")
        return _yes_or_no().get(word)

    def _contacts(self, cells: list[str], found: _Found) -> Iterator[NewContact]:
        seen: set[tuple[ChannelName, str]] = set()
        for column, read in self._contact_columns:
            cell = cells[column].strip() if column < len(cells) else ""
            values = _values(cell)
            for number, value in enumerate(values, start=1):
                which = {"at": number, "many": len(values)} if len(values) > 1 else {}
                try:
                    contact = replace(read(value), guardian=self._columns.guardian[column])
                except (Refused, InvalidMailAddress, InvalidPhone) as error:
                    found.add(column, error.code, **error.params, **which)
                else:
                    key = contact.channel, contact.canonical
                    if key not in seen:
                        seen.add(key)
                        yield contact
        if not (self._numbered or seen or found):
            found.add("", "line-of-nobody")

    def _mobile(self, text: str) -> NewContact:
        contact = phone_contact(text, self._region)
        if contact.channel is not ChannelName.SMS:
            raise Refused("landline-as-mobile")
        return contact

    def _landline(self, text: str) -> NewContact:
        return phone_contact(text, self._region, ChannelName.VOICE)

    def _phone(self, text: str) -> NewContact:
        return phone_contact(text, self._region)

    def _places(self, cells: list[str], found: _Found) -> Iterator[tuple[int, NewPlace]]:
        for number, suffix in enumerate(self._columns.places):
            lon, lat = self._cell(cells, f"lon{suffix}"), self._cell(cells, f"lat{suffix}")
            label = self._cell(cells, f"label{suffix}")
            if not lon and not lat:
                continue
            if not lon or not lat:
                missing = "lat" if lon else "lon"
                found.add(missing + suffix, "half-a-place")
                continue
            point: list[float] = []
            for meaning, text, most in (("lon", lon, _LON), ("lat", lat, _LAT)):
                try:
                    point.append(_degrees(text, most))
                except Refused as wrong:
                    found.add(meaning + suffix, wrong.code, **wrong.params)
            if len(label) > MAX_LABEL or unfit(label, one_line=True):
                found.add(f"label{suffix}", "label-too-long", most=MAX_LABEL)
            elif point == [0.0, 0.0]:
                found.add(f"lon{suffix}", "zero-zero")
            elif len(point) == len(("lon", "lat")):
                yield number, NewPlace(label, *point)

    def _address(self, cells: list[str], found: _Found) -> Address | None:
        parts = []
        for meaning in ("address", "postcode", "city"):
            text = " ".join(self._cell(cells, meaning).split())  # a cell with line breaks is one address
            if len(text) > MAX_ADDRESS or unfit(text, one_line=True):
                found.add(meaning, "address-too-long", most=MAX_ADDRESS)
                return None
            parts.append(text)
        address = Address(*parts)
        return address if address.street or address.city else None  # a postal code alone is not an address

    def _groups(self, cells: list[str], found: _Found) -> dict[str, str]:
        named: dict[str, str] = {}
        numbers = self._columns.at.get("groups", ())
        for name in (each for at in numbers if at < len(cells) for each in group_names(cells[at])):
            slug = group_slug(name)
            if not slug or len(name) > MAX_GROUP or unfit(name, one_line=True):
                found.add("groups", "list-group-name", most=MAX_GROUP)
                return {}
            named.setdefault(slug, name)
        return named


def _values(cell: str) -> list[str]:
    return [part.replace(_BAR, "|") for part in map(str.strip, _SEVERAL.split(cell)) if part]


def written(values: Iterable[str]) -> str:
    """Return values as one cell; a bar within a value, possible in mail addresses, is escaped."""
    return " | ".join(each.replace("|", _BAR) for each in values)


def group_names(cell: str) -> list[str]:
    """Return a cell's groups, without Google's built-in ones (``* myContacts``)."""
    names = (part.strip().strip('"') for each in _values(cell) for part in each.split('","'))
    return [name for name in names if name and not name.startswith("* ")]


def is_id(text: str) -> bool:
    """Return whether an import accepts a text as an external id."""
    try:
        return bool(_external_id(text.strip())) and not _REF.fullmatch(text.strip())
    except Refused:
        return False


def _external_id(text: str) -> str:
    text = plain(text)
    if not text:
        raise Refused("line-without-id")
    if len(text) > MAX_EXTERNAL_ID or unfit(text, one_line=True):
        raise Refused("id-too-long", most=MAX_EXTERNAL_ID)
    return text


def _name(text: str) -> str:
    if len(text) > MAX_NAME:
        raise Refused("name-too-long", most=MAX_NAME)
    wrong = unfit(text, one_line=True)
    if wrong is not None:
        raise wrong
    return text


def _degrees(text: str, most: float) -> float:
    try:
        value = float(text.replace(",", ".").removesuffix("°").replace("−", "-"))
    except ValueError:
        raise Refused("not-degrees") from None
    if not math.isfinite(value) or abs(value) > most:
        raise Refused("too-many-degrees", most=most)
    return value
