"""The form of one person: read, validated by field, converted to a person or a change."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from multidict import MultiDict

from broadcaster.domain.addresses import Found
from broadcaster.domain.people import MOST_GUARDIANS, ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.domain.refusals import sentence
from broadcaster.domain.stations import Station
from broadcaster.geocoding.client import Geocoder, GeocoderUnavailable
from broadcaster.http.reading import number_of, point_of
from broadcaster.register.contacts import mail_contact, phone_contact
from broadcaster.register.parsing import MAX_EXTERNAL_ID, MAX_NAME
from broadcaster.store.register.persons import Person
from broadcaster.web.i18n import Words
from channels.email import InvalidMailAddress
from channels.sms import InvalidPhone

PHONES, MAILS, GUARDIANS = 2, 1, 2
"""Fields on an empty form."""
LONGEST_LABEL = 40
_LONGEST = 200
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_NOWHERE = "none"


@dataclass
class PersonForm:
    """The fields as written, their errors in words, and the parsed values.

    ``places``: candidates for an address. ``whose``: by field of a contact, the guardian whose it is.
    """

    name: str = ""
    external_id: str = ""
    locale: str = ""
    phones: list[tuple[str, bool]] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    guardians: list[str] = field(default_factory=lambda: [""] * GUARDIANS)
    whose: dict[str, int] = field(default_factory=dict)
    address: str = ""
    lon: str = ""
    lat: str = ""
    point: str = ""
    groups: set[str] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)
    moved_out: set[int] = field(default_factory=set)
    stamp: str = ""
    wrong: dict[str, str] = field(default_factory=dict)
    places: list[Found] = field(default_factory=list)
    contacts: list[NewContact] = field(default_factory=list)
    home: NewPlace | None = None

    @property
    def good(self) -> bool:
        return not self.wrong and not self.places

    def person(self) -> NewSubscriber:
        return NewSubscriber(
            locale=self.locale,
            contacts=tuple({(each.channel, each.canonical): each for each in self.contacts}.values()),
            places=() if self.home is None else (self.home,),
            groups=tuple(sorted(self.groups)),
            external_id=self.external_id,
            name=self.name or None,
            guardians=self.names,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Return the guardians' names; empty if none is given."""
        return tuple(self.guardians) if any(self.guardians) else ()


def blank(station: Station) -> PersonForm:
    """Return an empty form, with a new external id."""
    return PersonForm(external_id=drawn_id(), locale=station.languages[0])


def drawn_id() -> str:
    """Return a random id for a register without ids of its own."""
    return "T-" + "".join(secrets.choice(_ALPHABET) for _ in range(7))


def filled(person: Person) -> PersonForm:
    return PersonForm(
        name=person.name or "",
        external_id=person.external_id or "",
        locale=person.locale,
        groups=set(person.groups),
        guardians=[*person.guardians, *[""] * (GUARDIANS - len(person.guardians))],
        stamp=person.digest.hex(),
    )


def read(form: MultiDict[str]) -> PersonForm:
    def line(name: str) -> str:
        return " ".join(form.get(name, "").split())[:_LONGEST]

    def numbers(name: str) -> set[int]:
        return {number for number in map(number_of, form.getall(name, [])) if number is not None}

    def whose(name: str) -> int:
        number = number_of(form.get(f"whose-{name}", "")) or 0
        return number if number <= MOST_GUARDIANS else 0

    fields = [f"{kind}-{n}" for kind, most in (("phone", PHONES), ("mail", MAILS)) for n in range(1, most + 1)]
    return PersonForm(
        name=line("name"),
        external_id=line("external_id"),
        locale=line("locale"),
        phones=[(line(f"phone-{n}"), form.get(f"call-{n}", "") == "1") for n in range(1, PHONES + 1)],
        mails=[line(f"mail-{n}") for n in range(1, MAILS + 1)],
        guardians=[
            line(f"guardian-{n}") for n in range(1, MOST_GUARDIANS + 1) if n <= GUARDIANS or f"guardian-{n}" in form
        ],
        whose={name: whose(name) for name in fields},
        address=line("address"),
        lon=line("lon"),
        lat=line("lat"),
        point=line("point"),
        groups=set(form.getall("group", [])),
        dropped=numbers("drop"),
        moved_out=numbers("move"),
        stamp=line("stamp"),
    )


async def check(
    given: PersonForm,
    words: Words,
    station: Station,
    groups: Mapping[str, int],
    *,
    locales: set[str],
    geocoder_url: str,
    new: bool,
) -> None:
    """Validate the fields and set the parsed values."""
    given.groups &= set(groups)
    named = {"name": given.name} | {f"guardian-{n}": each for n, each in enumerate(given.guardians, start=1)}
    for where, name in named.items():
        if len(name) > MAX_NAME or not name.isprintable():
            given.wrong[where] = words("A name has %(most)s characters at most.", most=MAX_NAME)
    if not given.external_id or len(given.external_id) > MAX_EXTERNAL_ID or not given.external_id.isprintable():
        given.wrong["external_id"] = words("A number in the register has 1 to %(most)s signs.", most=MAX_EXTERNAL_ID)
    if given.locale not in locales:
        given.locale = station.languages[0]
    _check_contacts(given, words, station.region)
    if not given.name and not any(text for text, _ in given.phones) and not any(given.mails) and new:
        given.wrong.setdefault("name", words("Give a name, a telephone or an e-mail address."))
    await _check_home(given, words, station, geocoder_url)


def _check_contacts(given: PersonForm, words: Words, region: str) -> None:
    for number, (text, call) in enumerate(given.phones, start=1):
        if text:
            try:
                contact = phone_contact(text, region, ChannelName.VOICE if call else None)
                given.contacts.append(replace(contact, guardian=given.whose[f"phone-{number}"]))
            except InvalidPhone as error:
                given.wrong[f"phone-{number}"] = sentence(error, words)
    for number, text in enumerate(given.mails, start=1):
        if text:
            try:
                given.contacts.append(replace(mail_contact(text), guardian=given.whose[f"mail-{number}"]))
            except InvalidMailAddress as error:
                given.wrong[f"mail-{number}"] = sentence(error, words)


async def _check_home(given: PersonForm, words: Words, station: Station, geocoder_url: str) -> None:
    if given.point == _NOWHERE:
        return
    lon, lat, label = given.lon, given.lat, given.address
    if given.point:
        lon, _, rest = given.point.partition(",")
        lat, _, label = rest.partition(",")
    if lon or lat:
        at = point_of(lon, lat)
        if at is None:
            given.wrong["lon"] = words("These are not coordinates. Write them as 0.6283 and 48.7631.")
            return
        given.home = NewPlace(label[:LONGEST_LABEL], round(at[0], 6), round(at[1], 6))
    elif given.address:
        await _look_up(given, words, station, geocoder_url)


async def _look_up(given: PersonForm, words: Words, station: Station, geocoder_url: str) -> None:
    near = None if station.lon is None or station.lat is None else (station.lon, station.lat)
    try:
        given.places = await Geocoder(geocoder_url).find(given.address, near)
    except GeocoderUnavailable:
        given.wrong["address"] = words(
            "Addresses can't be looked up now. Show the place on the map, or empty this field and save without it."
        )
        return
    if not given.places:
        given.wrong["address"] = words("This address was not found. Write it otherwise, or show the place on the map.")
