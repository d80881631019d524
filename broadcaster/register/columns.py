"""Which column of a list is what: the header row, in English or French, as people name their columns."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from broadcaster.register.refusals import ListRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMES: dict[str, tuple[str, ...]] = {
    "external_id": (
        "external_id", "id", "identifiant", "identifier", "matricule", "reference", "ref",
        "numero_adherent", "no_adherent", "n_adherent", "member_id", "member_number", "numero_licence", "licence",
        "licence_no", "no_licence", "n_licence",
    ),
    "name": ("name", "full_name", "nom", "nom_complet", "nom_prenom", "nom_et_prenom", "last_name", "family_name"),
    "first_name": ("first_name", "given_name", "prenom"),
    "locale": ("locale", "language", "lang", "langue"),
    "mobile": (
        "mobile", "sms", "mobile_phone", "cell", "cell_phone", "gsm", "portable", "telephone_portable",
        "telephone_mobile", "tel_portable", "tel_mobile", "numero_portable", "numero_mobile",
    ),
    "landline": (
        "landline", "voice", "home_phone", "fixe", "telephone_fixe", "tel_fixe", "telephone_domicile",
        "tel_domicile", "numero_fixe",
    ),
    "phone": ("phone", "telephone", "tel", "phone_number", "numero_de_telephone", "telephones", "phones"),
    "email": ("email", "e_mail", "mail", "emails", "courriel", "adresse_mail", "adresse_email",
        "adresse_e_mail", "adresse_electronique", "adresse_courriel"),
    "lon": ("lon", "lng", "long", "longitude", "x"),
    "lat": ("lat", "latitude", "y"),
    "label": ("label", "place", "libelle", "lieu"),
    "address": (
        "address", "street", "street_address", "home_street", "adresse", "adresse_postale", "adresse_1", "address_1",
        "adresse_complete", "rue", "voie", "numero_et_rue", "numero_et_voie", "domicile",
    ),
    "postcode": ("postcode", "post_code", "postal_code", "zip", "zip_code", "code_postal", "cp"),
    "city": ("city", "town", "commune", "ville", "localite", "nom_commune"),
    "vulnerable": ("vulnerable", "personne_vulnerable", "fragile", "personne_fragile"),
    "groups": ("groups", "group", "groupe", "groupes", "section", "sections", "classe", "classes"),
}  # fmt: skip
_MEANING = {alias: meaning for meaning, aliases in _NAMES.items() for alias in aliases}
_NUMBERED = ("lon", "lat", "label")
_MOST_PLACES = 5
_LONGEST_HEADING = 100


@dataclass(frozen=True, slots=True)
class Columns:
    """``at`` gives the number of a column by its meaning (``lon2`` is the second place's longitude).

    ``headings`` are those of the file; ``unused`` the ones that mean nothing here.
    """

    headings: tuple[str, ...]
    at: dict[str, int]
    unused: tuple[str, ...]
    places: tuple[str, ...]

    def heading(self, meaning: str) -> str:
        """Give what the file itself calls a column."""
        return self.headings[self.at[meaning]]


def meaning_of(heading: str) -> str | None:
    """Give what a heading stands for, or None: ``Téléphone portable`` is ``mobile``, ``Latitude 2`` is ``lat2``."""
    plain = unicodedata.normalize("NFKD", heading.casefold()).encode("ascii", "ignore").decode()
    word = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    if word in _MEANING:
        return _MEANING[word]
    numbered = re.fullmatch(r"(.*?)_?([1-9])", word)
    if numbered is None:
        return None
    meaning, number = _MEANING.get(numbered[1]), int(numbered[2])
    if meaning not in _NUMBERED or number > _MOST_PLACES:
        return None
    return meaning if number == 1 else f"{meaning}{number}"


def read_header(headings: Sequence[str]) -> Columns:
    """Find out what each column is. Raises ``ListRefused``."""
    kept = tuple(heading.strip() for heading in headings)
    at: dict[str, int] = {}
    unused: list[str] = []
    for number, heading in enumerate(kept):
        meaning = meaning_of(heading[:_LONGEST_HEADING])
        if meaning is None:
            if heading:
                unused.append(heading[:_LONGEST_HEADING])
        elif meaning in at:
            message = f"the columns {kept[at[meaning]]!r} and {heading!r} both stand for {meaning}: rename or drop one"
            raise ListRefused(message)
        else:
            at[meaning] = number
    if "external_id" not in at:
        message = (
            "there is no column external_id (or identifiant, matricule, licence…): it says who is who, so that the"
            " same file can be imported again; number the lines of the list once, and keep the numbers"
        )
        raise ListRefused(message)
    suffixes = ("", *map(str, range(2, _MOST_PLACES + 1)))
    for suffix in suffixes:
        if (f"lon{suffix}" in at) != (f"lat{suffix}" in at):
            there, lacks = ("lon", "lat") if f"lon{suffix}" in at else ("lat", "lon")
            message = f"there is a column {there}{suffix} and no {lacks}{suffix}: a place needs both"
            raise ListRefused(message)
    places = tuple(suffix for suffix in suffixes if f"lon{suffix}" in at)
    return Columns(kept, at, tuple(unused), places)
