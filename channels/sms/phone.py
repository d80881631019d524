"""Phone numbers as people write them, parsed to E.164.

A French number written nationally does not say whether it is overseas: 0692… is Réunion, and its E.164 form begins with
+262. So a number is parsed for the region of the resident's commune first, then for the other regions of the same
national plan (a resident of L'Aigle may keep a Réunion mobile).
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumberType

from channels.invalid import Invalid

Kind = Literal["mobile", "fixed", "fixed_or_mobile", "voip"]

_KINDS: dict[int, Kind] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.VOIP: "voip",
}
_REFUSED_TYPES: dict[int, str] = {
    PhoneNumberType.PREMIUM_RATE: "phone-premium",
    PhoneNumberType.SHARED_COST: "phone-shared-cost",
    PhoneNumberType.TOLL_FREE: "phone-freephone",
    PhoneNumberType.UAN: "phone-company",
    PhoneNumberType.PERSONAL_NUMBER: "phone-personal",
    PhoneNumberType.PAGER: "phone-pager",
    PhoneNumberType.VOICEMAIL: "phone-voicemail",
}
_MISFITS: dict[int, str] = {
    phonenumbers.ValidationResult.TOO_SHORT: "phone-too-short",
    phonenumbers.ValidationResult.TOO_LONG: "phone-too-long",
}
# Ranges that ARCEP reserves for fiction (decision 2018-0881), used for synthetic residents. phonenumbers accepts the
# landlines but not the mobiles.
_FICTION = re.compile(r"\+33(?:19900|26191|35301|46571|53649|63998)[0-9]{4}")
_FICTION_MOBILE = "+3363998"

# Regions of one national plan with trunk digit 0: a number is dialled the same way in all of them.
_FRENCH_PLAN = ("FR", "RE", "GP", "MQ", "GF", "YT", "BL", "MF")
_FRENCH_CODES = frozenset(phonenumbers.country_code_for_region(each) for each in _FRENCH_PLAN)
# Prefixes of overseas communes' INSEE codes.
_OVERSEAS = {
    "971": "GP",
    "972": "MQ",
    "973": "GF",
    "974": "RE",
    "975": "PM",
    "976": "YT",
    "977": "BL",
    "978": "MF",
    "984": "TF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
    "989": "PF",  # Clipperton: uninhabited, administered from Papeete
}
_MONACO = "99138"
_INSEE = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}")
_LONGEST = 40
_SHORTEST_DIGITS = 6
# Digits and usual separators; letters would be parsed as keypad letters.
_WRITTEN = re.compile(r"\+?[0-9 ().\-/]+")


class InvalidPhone(Invalid):
    """Not a usable phone number."""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A usable number; ``region``: the ISO 3166 code it belongs to."""

    e164: str
    region: str
    kind: Kind
    fictional: bool = False

    @property
    def takes_sms(self) -> bool:
        return self.kind in ("mobile", "fixed_or_mobile")


def written(phone: str) -> str:
    """Return a number as people write it: +33233841616 is 02 33 84 16 16, +442079460000 is +44 20 7946 0000."""
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return phone
    is_french = number.country_code in _FRENCH_CODES
    form = phonenumbers.PhoneNumberFormat.NATIONAL if is_french else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form).replace(" ", "\u00a0")


def region_of_insee(insee: str) -> str:
    """Return the phone region of a commune's INSEE code (61214 FR, 97411 RE); raises ``ValueError``."""
    if not _INSEE.fullmatch(insee):
        raise ValueError("an INSEE code of a commune has five signs: 61214, 2A004, 97411")
    if insee == _MONACO:
        return "MC"
    if insee.startswith("99"):
        raise ValueError("an INSEE code that begins with 99 is a foreign country, not a commune")
    if insee[:3] in _OVERSEAS:
        return _OVERSEAS[insee[:3]]
    if insee.startswith(("96", "97", "98", "00")):
        raise ValueError(f"no commune has an INSEE code that begins with {insee[:3]}")
    return "FR"


def parse_phone(text: str, region: str = "FR") -> PhoneNumber:
    """Parse a number as written; ``region`` (ISO 3166): where one without + is dialled. Raises InvalidPhone."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidPhone("phone-region", region=region)
    written = _clean(text)
    first, *others = _regions(written, region)
    found = _read(written, first)
    # A service number of its own region is not a number elsewhere: 0806… is no landline in Guadeloupe.
    if isinstance(found, str) and found not in _REFUSED_TYPES.values():
        found = next((each for other in others if isinstance(each := _read(written, other), PhoneNumber)), found)
    if isinstance(found, str):
        raise InvalidPhone(found)
    return found


def service_problem(e164: str) -> str | None:
    """Return the code of the reason not to use an E.164 number (a service, expensive), or None.

    Stored numbers may have been accepted by earlier rules.
    """
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return None
    return _REFUSED_TYPES.get(_kind(number))


def _clean(text: str) -> str:
    # Spreadsheets and web pages put invisible characters around numbers.
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    written = " ".join(unicodedata.normalize("NFKC", seen).split()).replace("‐", "-").replace("–", "-")
    if not written:
        raise InvalidPhone("phone-empty")
    if len(written) > _LONGEST:
        raise InvalidPhone("phone-too-long")
    if not _WRITTEN.fullmatch(written):
        raise InvalidPhone("phone-signs")
    if sum(sign.isdigit() for sign in written) < _SHORTEST_DIGITS:
        raise InvalidPhone("phone-too-short")
    return written


def _regions(written: str, region: str) -> tuple[str, ...]:
    if region not in _FRENCH_PLAN or not written.startswith("0") or written.startswith("00"):
        return (region,)
    return (region, *(other for other in _FRENCH_PLAN if other != region))


def _read(written: str, region: str) -> PhoneNumber | str:
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return "not-a-phone"
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if _FICTION.fullmatch(e164):
        return PhoneNumber(e164, "FR", "mobile" if e164.startswith(_FICTION_MOBILE) else "fixed", fictional=True)
    kind = _kind(number)
    if kind == PhoneNumberType.UNKNOWN:  # the library's test of a valid number
        return _MISFITS.get(phonenumbers.is_possible_number_with_reason(number), "phone-does-not-exist")
    if kind not in _KINDS:
        return _REFUSED_TYPES.get(kind, "phone-of-nobody")
    return PhoneNumber(e164, phonenumbers.region_code_for_number(number) or region, _KINDS[kind])


def _kind(number: phonenumbers.PhoneNumber) -> int:
    """Return libphonenumber's type, except that 08 is a service in the whole French plan.

    libphonenumber takes +590 806… for a landline in Guadeloupe.
    """
    kind = int(phonenumbers.number_type(number))
    if kind in _KINDS and number.country_code in _FRENCH_CODES and str(number.national_number).startswith("8"):
        return PhoneNumberType.UAN
    return kind
