"""A header row is understood in English and in French, and refused where it can't be."""

from __future__ import annotations

import pytest

from broadcaster.register.columns import meaning_of, read_header
from broadcaster.register.refusals import ListRefused


@pytest.mark.parametrize(
    ("heading", "meaning"),
    [
        ("external_id", "external_id"),
        ("Identifiant", "external_id"),
        ("N° adhérent", "external_id"),
        ("Nom", "name"),
        ("PRÉNOM", "first_name"),
        ("Langue", "locale"),
        ("Téléphone portable", "mobile"),
        ("SMS", "mobile"),
        ("Tél. fixe", "landline"),
        ("voice", "landline"),
        ("Téléphone", "phone"),
        ("Adresse e-mail", "email"),
        ("E-mail", "email"),
        ("Courriel", "email"),
        ("Longitude", "lon"),
        ("lat2", "lat2"),
        ("Latitude 3", "lat3"),
        ("lon1", "lon"),
        ("lon9", "lon9"),
        ("lon100", None),
        ("mobile2", "mobile"),
        ("Téléphone 2", "phone"),
        ("Email 2", "email"),
        ("Email Address", "email"),
        ("Prénom(s)", "first_name"),
        ("Nom d'usage", "name"),
        ("Nom d’usage", "name"),
        ("First Name", "first_name"),  # Outlook
        ("E-mail 2 Address", "email"),
        ("Adresse de messagerie 2", "email"),
        ("Mobile Phone", "mobile"),
        ("Business Phone 2", "phone"),
        ("Tél. mobile", "mobile"),
        ("Home Fax", None),
        ("Given Name", "first_name"),  # Google Contacts
        ("Family Name", "name"),
        ("Phone 1 - Value", "phone"),
        ("Phone 1 - Type", None),
        ("E-mail 2 - Value", "email"),
        ("Labels", "groups"),
        ("N° national", "external_id"),  # Pronote
        ("Tél. mobile resp. légal 1", "mobile"),
        ("Adresse e-mail (père)", "email"),
        ("Classe", "groups"),
        ("INE", "external_id"),  # ONDE
        ("Nom de famille responsable", "name"),
        ("Téléphone travail", "phone"),
        ("Mél responsable", "email"),
        ("Code famille", "external_id"),  # Berger-Levrault
        ("Tél. domicile", "landline"),
        ("N° de dossier", "external_id"),
        ("Phone Number", "phone"),  # Mailchimp
        ("EUID", "external_id"),
        ("TAGS", "groups"),
        ("Autorisation SMS", None),
        ("Tél. médecin", None),
        ("Télé\u200bphone", "phone"),
        ("Groupes", "groups"),
        ("Cotisation", None),
        ("", None),
    ],
)
def test_a_heading_means_what_people_mean_by_it(heading: str, meaning: str | None):
    assert meaning_of(heading) == meaning


def test_columns_that_mean_nothing_are_named():
    columns = read_header(["Identifiant", "Nom", "Cotisation", ""])
    assert columns.at == {"external_id": (0,), "name": (1,)}
    assert columns.ignored == ("Cotisation",)


def test_numbered_telephones_and_mails_add_up():
    columns = read_header(["id", "téléphone", "téléphone 2", "Email Address", "Email 2", "Portable", "Mobile"])
    assert columns.at == {"external_id": (0,), "phone": (1, 2), "email": (3, 4), "mobile": (5, 6)}


def test_the_name_in_use_goes_before_the_one_at_birth_and_a_pupils_before_a_parents():
    columns = read_header(["INE", "Nom de naissance", "Nom d'usage", "Prénom", "Nom responsable"])
    assert columns.at == {"external_id": (0,), "name": (2, 1), "first_name": (3,)}
    assert columns.named == {1: (4,)}
    columns = read_header(["INE", "Identifiant", "Nom"])
    assert columns.at["external_id"] == (1,)
    assert columns.ignored == ("INE",)


GOOGLE = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Nickname,File As,Organization Name,Notes,Photo,Labels,"
    "E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,"
    "Address 1 - Label,Address 1 - Formatted,Address 1 - Street,Address 1 - City,Address 1 - PO Box,"
    "Address 1 - Region,Address 1 - Postal Code,Address 1 - Country,Website 1 - Value"
)
OLD_GOOGLE = (
    "Name,Given Name,Additional Name,Family Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Value"
)
OUTLOOK = (
    "First Name,Middle Name,Last Name,Title,Suffix,Nickname,E-mail Address,E-mail 2 Address,Home Phone,Business Phone,"
    "Mobile Phone,Pager,Home Street,Home City,Home Postal Code,Home Country,Company,Job Title,Birthday,Notes,Categories"
)
MAILCHIMP = (
    "Email Address,First Name,Last Name,Phone Number,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,LATITUDE,LONGITUDE,GMTOFF,"
    "DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (GOOGLE, "name first_name groups email phone address city postcode"),
        (OLD_GOOGLE, "name whole_name first_name groups email phone"),
        (OUTLOOK, "name first_name groups email landline phone mobile address city postcode"),
        # Its coordinates are where a network address seems to be: nobody's home.
        (MAILCHIMP, "name first_name email phone external_id groups"),
    ],
)
def test_the_exports_of_address_books_are_read_though_most_have_no_ids(header, read):
    columns = read_header(header.split(","))
    assert set(columns.at) == set(read.split())
    assert columns.places == ()


def test_two_places_need_no_gap_between_their_numbers():
    columns = read_header(["id", "lon", "lat", "lon3", "lat3"])
    assert columns.places == ("", "3")


@pytest.mark.parametrize(
    ("headings", "told"),
    [
        (["Nom", "Groupe"], "no column external_id"),
        (["id", "Nom", "Name"], "Nom and Name both stand for name"),
        (["id", "lon"], "a column lon and no lat"),
        (["id", "lon", "lat", "lat2"], "a column lat2 and no lon2"),
    ],
)
def test_a_header_that_can_not_be_used_is_refused_whole(headings: list[str], told: str):
    with pytest.raises(ListRefused, match=told):
        read_header(headings)


def test_a_column_says_which_guardian_it_is_of():
    headings = ["Nom", "Mobile élève", "Resp. légal 1 - Tél. 2", "Tél. mobile (mère)", "Courriel responsable 3",
                "Nom responsable 2", "Prénom responsable 2", "Responsable 1", "Téléphone responsable 9"]  # fmt: skip
    columns = read_header(headings)
    assert [columns.guardian[number] for number in range(len(headings))] == [0, 0, 1, 2, 3, 2, 2, 1, 0]
    assert columns.named == {1: (7,), 2: (6, 5)}
    of_parents = read_header(["Nom responsable", "Prénom responsable", "Mobile responsable 2"])
    assert (of_parents.named, set(of_parents.guardian.values())) == ({}, {0}), "a list of guardians, not of children"
