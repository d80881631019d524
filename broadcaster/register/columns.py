"""Meaning of a list's columns: headings in English or French, as people and their software write them.

Most meanings are a list of names. Phone and mail columns are recognized by their words, since there may be several,
which each program words differently: "Tél. mobile (père)", "E-mail 2 Address", "Phone 1 - Value". All words of such a
heading must be known: a doctor's number is not the patient's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Self

from broadcaster.domain.spelling import folded
from broadcaster.languages import catalogs
from broadcaster.register import guardians
from broadcaster.register.refusals import ListRefused

HEADINGS = (
    "external_id", "name", "locale", "mobile", "landline", "email", "groups", "vulnerable", "address", "postcode",
    "city", "not imported",
)  # fmt: skip
OF_PLACE = ("label", "lon", "lat")
"""Headings of the lists that we write, translated into the reader's language, and read in every language."""
CONTACTS = ("mobile", "landline", "phone", "email")
"""Meanings whose columns hold contacts."""

_NAMES: dict[str, tuple[str, ...]] = {
    "external_id": (
        "external_id", "id", "identifiant", "identifier", "matricule", "reference", "ref",
        "numero_adherent", "no_adherent", "n_adherent", "num_adherent", "code_adherent", "numero_d_adherent",
        "member_id", "member_number", "numero_licence", "licence", "license", "numero_de_licence", "licence_no",
        "no_licence", "n_licence", "n_de_licence", "num_licence", "identifiant_unique",
    ),
    "name": (
        "name", "full_name", "nom", "noms", "nom_complet", "nom_prenom", "nom_et_prenom", "nom_prenoms", "display_name",
        "last_name", "family_name", "surname", "lastname", "lname", "nom_eleve", "nom_de_l_eleve", "nom_adherent",
        "nom_enfant", "nom_de_l_enfant", "nom_licencie", "nom_famille", "nom_de_famille_eleve",
    ),
    "first_name": (
        "first_name", "given_name", "prenom", "prenoms", "prenom_s", "firstname", "fname", "prenom_usuel", "prenom_1",
        "prenom_eleve", "prenom_de_l_eleve", "prenom_adherent", "prenom_enfant", "prenom_de_l_enfant",
        "prenom_d_usage", "prenom_licencie", "prenom_usage",
    ),
    "locale": ("locale", "language", "lang", "langue"),
    "lon": ("lon", "lng", "long", "longitude", "x"),
    "lat": ("lat", "latitude", "y"),
    "label": ("label", "place", "libelle", "lieu"),
    "address": (
        "address", "street", "street_address", "home_street", "adresse", "adresse_postale", "adresse_1", "address_1",
        "adresse_complete", "address_1_street", "rue", "voie", "numero_et_rue", "numero_et_voie", "domicile",
    ),
    "postcode": (
        "postcode", "post_code", "postal_code", "zip", "zip_code", "code_postal", "cp", "home_postal_code",
        "address_1_postal_code",
    ),
    "city": (
        "city", "town", "commune", "ville", "localite", "nom_commune", "home_city", "address_1_city",
    ),
    "not_imported": ("not_imported", "non_repris_a_l_import"),
    "vulnerable": ("vulnerable", "personne_vulnerable", "fragile", "personne_fragile"),
    "groups": (
        "groups", "group", "groupe", "groupes", "groupe_s", "section", "sections", "classe", "classes", "classe_s",
        "libelle_classe", "division", "equipe", "equipes", "categorie", "categories", "quartier", "tags", "labels",
        "group_membership",
    ),
}  # fmt: skip
# Alternatives if the above are absent or empty, in order of preference.
_IN_STEAD: dict[str, tuple[str, ...]] = {
    "external_id": (
        "ine", "identifiant_national", "numero_national", "n_national", "identifiant_national_eleve", "n_ine",
        "numero_ine", "identifiant_eleve", "id_eleve", "identifiant_interne", "numero_interne", "n_interne",
        "code_usager", "n_usager", "numero_usager", "numero_electeur", "n_electeur", "n_dossier",
        "n_de_dossier", "numero_dossier", "numero_de_dossier", "no_dossier", "n_foyer", "numero_foyer",
        "code_famille", "numero_famille", "n_famille", "id_famille", "customer_id", "contact_id", "euid",
        "leid", "unique_id", "code", "numero", "num", "no", "n",
    ),
    "name": (
        "nom_de_naissance", "nom_naissance", "nom_de_famille", "nom_patronymique", "nom_de_jeune_fille",
        "nom_de_famille_responsable", "nom_responsable", "nom_du_responsable", "nom_responsable_legal",
        "nom_resp_legal", "nom_resp_legal_1", "nom_responsable_1", "resp_legal_1_nom",
    ),
    "first_name": (
        "prenom_responsable", "prenom_du_responsable", "prenom_responsable_legal", "prenom_resp_legal",
        "prenom_resp_legal_1", "prenom_responsable_1", "resp_legal_1_prenom",
    ),
}  # fmt: skip
# Preferred over the above: people's usual names may differ from their papers.
_BEFORE: dict[str, tuple[str, ...]] = {
    "name": (
        "nom_d_usage", "nom_usage", "nom_usuel", "nom_marital", "nom_d_usage_eleve", "nom_d_usage_de_l_eleve",
        "nom_d_usage_responsable",
    ),
}  # fmt: skip
# Beside a column of family names these hold the whole name, which is read where the parts are empty.
_WHOLE = {"name", "full_name", "nom_complet", "nom_prenom", "nom_et_prenom", "nom_prenoms", "display_name"}
_FAMILY = {"last_name", "family_name", "surname", "lastname", "lname", "nom_famille"}
_GUESSED = {"gmtoff", "optin_ip"}
"""Mailchimp's headings whose coordinates are guessed from an IP address."""

_MEANING = {alias: meaning for meaning, aliases in _NAMES.items() for alias in aliases}
_RANKED = {
    **{alias: (meaning, at + 1) for meaning, aliases in _IN_STEAD.items() for at, alias in enumerate(aliases)},
    **{alias: (meaning, -1 - at) for meaning, aliases in _BEFORE.items() for at, alias in enumerate(aliases[::-1])},
}
_NUMBERED = ("lon", "lat", "label")
_ADDING_UP = ("groups",)
_MOST_PLACES = 99
_LONGEST_HEADING = 100

_MOBILE = {"mobile", "mobiles", "portable", "portables", "gsm", "cell", "cellulaire", "sms", "cellphone"}
_LANDLINE = {"fixe", "fixes", "landline", "voice", "domicile", "home"}
_PHONE = {"telephone", "telephones", "tel", "tels", "phone", "phones", "telephonique"}
_MAIL = {"email", "emails", "mail", "mails", "courriel", "courriels", "mel", "messagerie", "electronique"}
_AROUND = {
    # words for whose contact it is, which one, where; and for the value itself
    "responsable", "responsables", "resp", "legal", "legaux", "representant", "parent", "parents", "pere",
    "mere", "tuteur", "tutrice", "eleve", "adherent", "licencie", "membre", "famille", "foyer", "enfant",
    "contact", "principal", "principale", "secondaire", "autre", "other", "primary", "main", "perso",
    "personnel", "personnelle", "personal", "prive", "travail", "professionnel", "professionnelle", "pro",
    "work", "bureau", "business", "value", "number", "address", "adresse", "adresses", "numero", "num", "no",
    "n", "de", "du", "des", "la", "le", "l", "d", "et", "ou", "e", "s", "rl", "car",
}  # fmt: skip
_LOOKS_LIKE = _MOBILE | _PHONE | _MAIL | {"fixe", "landline"}
_ADDRESS_OF_MAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>.]{2,}")
_DIALLED = re.compile(r"(?:\+|00|0)[1-9](?:[ .\-/]?\d){7,12}")


@dataclass(frozen=True, slots=True)
class Columns:
    """``at``: column numbers by meaning (``lon2``: the second place's longitude).

    Several phone, mail or group columns add up; of other meanings, the first non-empty column counts. ``headings``: the
    file's; ``unused``: numbers of columns without a meaning here. ``guardian``: by contacts' column, whose it is (0:
    the person's); ``named``: the columns of each guardian's name, in the order of its words.
    """

    headings: tuple[str, ...]
    at: dict[str, tuple[int, ...]]
    unused: tuple[int, ...]
    places: tuple[str, ...]
    guardian: dict[int, int]
    named: dict[int, tuple[int, ...]]

    def without(self, meaning: str) -> Self:
        """Return these columns without those of one meaning."""
        kept = {each: numbers for each, numbers in self.at.items() if each != meaning}
        return replace(self, at=kept, unused=tuple(sorted({*self.unused, *self.at.get(meaning, ())})))

    def heading(self, meaning: str) -> str:
        """Return the file's own heading of a column."""
        return self.headings[self.at[meaning][0]]

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the headings without a meaning here."""
        return tuple(self.headings[at][:_LONGEST_HEADING] for at in self.unused)


def words_of(heading: str) -> list[str]:
    """Return a heading's words in lower case without accents; numbers are words too."""
    return re.findall(r"[a-z]+|[0-9]+", folded(heading))


def meaning_of(heading: str) -> str | None:
    """Return a heading's meaning, or None: ``Téléphone portable`` is ``mobile``, ``Latitude 2`` is ``lat2``."""
    return _read(heading)[0]


def _read(heading: str) -> tuple[str | None, int]:
    """Return a heading's meaning, and its rank among headings with the same meaning."""
    words = words_of(heading)
    word = "_".join(words)
    if word in _MEANING:
        return _MEANING[word], 0
    if word in _translated():
        return _translated()[word], 0
    if word in _RANKED:
        return _RANKED[word]
    first = "_".join(words[:-1])
    meaning = _MEANING.get(first) or _translated().get(first, "")
    if words and words[-1].isdigit() and meaning in _NUMBERED:
        number = int(words[-1][:3])
        if not 1 <= number <= _MOST_PLACES:
            return None, 0
        return (meaning if number == 1 else f"{meaning}{number}"), 0
    return _contact(words), 0


@cache
def _translated() -> dict[str, str]:
    """Return the meaning of each of our headings, by its translations."""
    return {
        "_".join(words_of(words(heading))): heading.replace(" ", "_")
        for words in map(catalogs().words, catalogs().languages)
        for heading in (*HEADINGS, *OF_PLACE)
    }


def _contact(words: list[str]) -> str | None:
    """Return a heading's kind of contact; all its words must be known."""
    said = {each for each in words if not each.isdigit()}
    if not said <= _MOBILE | _LANDLINE | _PHONE | _MAIL | _AROUND:
        return None
    if said & _MAIL:
        return None if said & (_PHONE | {"sms"}) else "email"
    if said & _MOBILE:
        return "mobile"
    if said & {"fixe", "fixes", "landline", "voice"} or (said & _LANDLINE and said & _PHONE):
        return "landline"
    return "phone" if said & _PHONE else None


def looks_like_contact(heading: str, cell: str) -> bool:
    """Return whether an unused column seems to hold phone numbers or mail addresses."""
    if cell and (_ADDRESS_OF_MAIL.fullmatch(cell) or _DIALLED.fullmatch(cell)):
        return True
    said = set(words_of(heading))
    return bool(cell) and bool(said & _LOOKS_LIKE) and sum(sign.isdigit() for sign in cell) >= len("0123456")


def read_header(headings: Sequence[str]) -> Columns:
    """Return the meaning of each column. Raises ``ListRefused``."""
    kept = tuple(" ".join(heading.replace("\ufeff", "").split()) for heading in headings)
    found: dict[str, list[tuple[int, int]]] = {}
    unused: list[int] = []
    for number, heading in enumerate(kept):
        ours = guardians.written().get(heading)
        meaning, rank = (ours[0] or None, 0) if ours else _read(heading[:_LONGEST_HEADING])
        if meaning is None:
            if heading:
                unused.append(number)
        else:
            found.setdefault(meaning, []).append((rank, number))
    guardian = {number: _guardian(heading) for number, heading in enumerate(kept)}
    named = _guardians_names(kept, found, unused, guardian)
    words = ["_".join(words_of(heading[:_LONGEST_HEADING])) for heading in kept]
    if any(words[number] in _FAMILY for _, number in found.get("name", ())):
        whole = [each for each in found["name"] if words[each[1]] in _WHOLE]
        found["name"] = [each for each in found["name"] if each not in whole]
        found["whole_name"] = [(at, number) for at, (_, number) in enumerate(whole)]
    if _GUESSED & set(words):
        for meaning in ("lon", "lat"):
            unused += [number for _, number in found.pop(meaning, ())]
    at = {meaning: _chosen(meaning, sorted(ranked), kept) for meaning, ranked in found.items() if ranked}
    taken = {number for numbers in at.values() for number in numbers}
    unused += [number for ranked in found.values() for _, number in ranked if number not in taken]
    if "external_id" not in at and not any(at.get(meaning) for meaning in CONTACTS):
        raise ListRefused("list-without-ids")
    suffixes = ("", *map(str, range(2, _MOST_PLACES + 1)))
    for suffix in suffixes:
        if (f"lon{suffix}" in at) != (f"lat{suffix}" in at):
            there, lacks = ("lon", "lat") if f"lon{suffix}" in at else ("lat", "lon")
            raise ListRefused("list-half-a-place", there=there + suffix, lacks=lacks + suffix)
    places = tuple(suffix for suffix in suffixes if f"lon{suffix}" in at)
    return Columns(kept, at, tuple(sorted(unused)), places, guardian, named)


def _guardian(heading: str) -> int:
    known = guardians.written().get(heading)
    return known[1] if known else guardians.guardian_of(words_of(heading[:_LONGEST_HEADING]))


def _guardians_names(
    headings: Sequence[str], found: dict[str, list[tuple[int, int]]], unused: list[int], guardian: dict[int, int]
) -> dict[int, tuple[int, ...]]:
    """Take the columns of guardians' names out of the others. Where only they are named, the list is of themselves."""
    if found.get("name") and all(guardian[number] for _, number in found["name"]):
        guardian.update(dict.fromkeys(guardian, 0))
        return {}
    columns: dict[int, list[tuple[int, list[str]]]] = {}
    for number, heading in enumerate(headings):
        words = words_of(heading[:_LONGEST_HEADING])
        if guardians.written().get(heading, ("-",))[0] == "" or guardians.names_guardian(words):
            columns.setdefault(guardian[number], []).append((number, words))
            for ranked in found.values():
                ranked[:] = [each for each in ranked if each[1] != number]
            unused[:] = [each for each in unused if each != number]
    return {who: guardians.in_order(each) for who, each in sorted(columns.items())}


def _chosen(meaning: str, ranked: list[tuple[int, int]], headings: tuple[str, ...]) -> tuple[int, ...]:
    """Return the columns to read for one meaning. Raises ``ListRefused`` if two have the same rank."""
    if meaning in CONTACTS or meaning in _ADDING_UP:
        return tuple(number for _, number in ranked)
    for (rank, number), (further, other) in pairwise(ranked):
        if rank == further:
            raise ListRefused("list-two-columns", one=headings[number], other=headings[other], meaning=meaning)
    # All ids must come from one column; a name may come from any.
    return (ranked[0][1],) if meaning == "external_id" else tuple(number for _, number in ranked)
