"""One line becomes one subscriber, or says all that is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.domain.refusals import sentence
from broadcaster.register.canonical import content_of
from broadcaster.register.columns import read_header
from broadcaster.register.parsed import Fields, ParsedLine
from broadcaster.register.parsing import Parser
from broadcaster.register.records import Line

if TYPE_CHECKING:
    from broadcaster.register.refusals import LineRefusal

HEADINGS = "id;prénom;nom;langue;portable;fixe;téléphone;courriel;lon;lat;label;lon2;lat2;groupes".split(";")  # noqa: SIM905
GOOD = {
    "id": "A1",
    "prénom": "Zoé",
    "nom": "Orme",
    "langue": "français",
    "portable": "06 39 98 00 01",
    "fixe": "02.61.91.00.01",
    "courriel": "zoe@LAIGLE.example; zoe.orme@laigle.example",
    "lon": "0,6283",
    "lat": "48.7631",
    "label": "domicile",
    "groupes": "Club d’escrime|École Victor-Hugo",
}


def told(
    region: str = "FR", *, empty_clears: bool = False, **changed: str
) -> tuple[ParsedLine | None, list[LineRefusal]]:
    values = {**GOOD, **changed}
    parser = Parser(read_header(HEADINGS), region=region, language="fr", empty_clears=empty_clears)
    return parser.parse(Line(7, [values.get(heading, "") for heading in HEADINGS]))


def parse(region: str = "FR", **changed: str) -> tuple[NewSubscriber | None, list[LineRefusal]]:
    found, wrong = told(region, **changed)
    return None if found is None else found.person, wrong


def test_a_whole_line_is_taken_over():
    person, wrong = parse()
    assert wrong == []
    assert person == NewSubscriber(
        locale="fr",
        contacts=(
            NewContact(ChannelName.SMS, "+33639980001", "+33639980001"),
            NewContact(ChannelName.VOICE, "+33261910001", "+33261910001"),
            NewContact(ChannelName.EMAIL, "zoe@laigle.example", "zoe@laigle.example"),
            NewContact(ChannelName.EMAIL, "zoe.orme@laigle.example", "zoe.orme@laigle.example"),
        ),
        places=(NewPlace("domicile", 0.6283, 48.7631),),
        groups=("club-d-escrime", "ecole-victor-hugo"),
        external_id="A1",
        name="Zoé Orme",
    )


def test_a_language_may_have_a_script_and_a_region_as_in_the_api():
    person, _ = parse(langue="zh-Hant-TW")
    assert person is not None
    assert person.locale == "zh-Hant-TW"
    _, (wrong,) = parse(langue="zh-Hantabc-TW")  # longer than the store's column
    assert wrong.code == "language-code"


@pytest.mark.parametrize(("number", "channel"), [("0639980001", ChannelName.SMS), ("0261910001", ChannelName.VOICE)])
def test_in_a_column_for_any_phone_the_number_decides(number: str, channel: ChannelName):
    person, _ = parse(portable="", fixe="", courriel="", téléphone=number)
    assert person is not None
    assert [contact.channel for contact in person.contacts] == [channel]


def test_a_mobile_may_be_called_where_the_list_says_so():
    person, _ = parse(portable="", fixe="0639980001", courriel="")
    assert person is not None
    assert [contact.channel for contact in person.contacts] == [ChannelName.VOICE]


def test_a_number_overseas_is_read_as_dialled_there():
    person, _ = parse(region="RE", portable="0692 12 34 56", fixe="", courriel="")
    assert person is not None
    assert person.contacts[0].canonical == "+262692123456"


def test_one_number_given_twice_is_one_contact():
    person, _ = parse(portable="0639980001", téléphone="+33 6 39 98 00 01", fixe="", courriel="")
    assert person is not None
    assert len(person.contacts) == 1


@pytest.mark.parametrize(
    ("changed", "field", "why"),
    [
        ({"id": ""}, "id", "empty"),
        ({"id": "x" * 101}, "id", "100 characters"),
        ({"nom": "x" * 130}, "nom", "120 characters"),
        ({"nom": "a\x07b"}, "nom", "one line"),
        ({"langue": "gibberish"}, "langue", "no language code"),
        ({"portable": "0261910001"}, "portable", "This number takes no SMS"),
        ({"portable": "12"}, "portable", "This number is too short"),
        ({"fixe": "0899 70 11 11"}, "fixe", "This is a premium-rate number"),
        ({"courriel": "zoe@laigle.example;zoe(at)laigle"}, "courriel", "No. 2 of 2: This e-mail address has no @"),
        ({"courriel": "zoe..orme@laigle.example"}, "courriel", "Before the @"),
        ({"courriel": "a@b.example;zoe@laigle"}, "courriel", "The domain of this e-mail address has no dot"),
        ({"lon": "181"}, "lon", "from -180 to 180"),
        ({"lat": "nan"}, "lat", "from -90 to 90"),
        ({"lat": "north"}, "lat", "no number of degrees"),
        ({"lat": ""}, "lat", "a place needs both"),
        ({"lon2": "0.6"}, "lat2", "a place needs both"),
        ({"lon": "0", "lat": "0"}, "lon", "in the sea off Africa"),
        ({"label": "x" * 61}, "label", "60 characters"),
        ({"groupes": "!!!"}, "groupes", "a letter or figure"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_column(changed: dict[str, str], field: str, why: str):
    person, wrong = parse(**changed)
    assert person is None
    assert [(each.line, each.field) for each in wrong] == [(7, field)]
    assert why in sentence(wrong[0])


def test_everything_that_is_wrong_in_a_line_is_told_at_once():
    _, wrong = parse(portable="12", courriel="x", lat="91")
    assert [each.field for each in wrong] == ["portable", "courriel", "lat"]


def test_a_refusal_does_not_repeat_what_it_refuses():
    _, wrong = parse(portable="0612", courriel="secret.person")
    assert not any("0612" in sentence(each) or "secret" in sentence(each) for each in wrong)


def test_a_line_of_too_many_cells_is_refused():
    parser = Parser(read_header(["id", "nom"]), region="FR", language="fr")
    person, wrong = parser.parse(Line(3, ["A1", "Orme", "Zoé"]))
    assert person is None
    assert "3 cells, and the header 2" in sentence(wrong[0])


def test_a_line_that_is_cut_short_has_empty_cells():
    parser = Parser(read_header(["id", "nom", "portable"]), region="FR", language="fr")
    found, wrong = parser.parse(Line(3, ["A1"]))
    assert wrong == []
    assert found == ParsedLine(NewSubscriber("fr", external_id="A1"), Fields.NOTHING, (), 0, {})


def test_a_line_speaks_only_of_the_cells_that_hold_something():
    found, _ = told(nom="", prénom="", langue="", fixe="", lon="", lat="", label="")
    assert found is not None
    assert found.fields == Fields.SMS | Fields.EMAIL | Fields.GROUPS
    found, _ = told(portable="", téléphone="02 61 91 00 09", fixe="")
    assert found is not None
    assert Fields.VOICE in found.fields
    assert Fields.SMS not in found.fields


def test_where_empty_cells_clear_a_line_speaks_of_each_of_its_columns():
    found, _ = told(empty_clears=True, **dict.fromkeys(HEADINGS[1:], ""))
    assert found is not None
    everything = Fields.NAME | Fields.LOCALE | Fields.SMS | Fields.VOICE | Fields.EMAIL | Fields.GROUPS
    assert (found.fields, found.cleared_places) == (everything, 2)
    few = Parser(read_header(["id", "courriel"]), region="FR", language="fr", empty_clears=True)
    found, _ = few.parse(Line(2, ["A1", ""]))
    assert found is not None
    assert (found.fields, found.cleared_places) == (Fields.EMAIL, 0)


def content(**changed: str) -> str:
    found, _ = told(**changed)
    assert found is not None
    return content_of(found)


def test_the_order_of_contacts_and_groups_does_not_make_a_line_another():
    one = content(courriel="a@b.example;c@d.example", groupes="x;y")
    assert one == content(courriel="c@d.example;a@b.example", groupes="y;x")


@pytest.mark.parametrize("changed", [{"nom": "Charme"}, {"lat": "48.7632"}, {"langue": "en"}, {"fixe": ""}])
def test_any_change_of_content_makes_a_line_another(changed: dict[str, str]):
    assert content() != content(**changed)


def parsed(headings: list[str], *cells: str) -> tuple[Parser, ParsedLine | None]:
    parser = Parser(read_header(headings), region="FR", language="fr")
    return parser, parser.parse(Line(2, list(cells)))[0]


def test_a_second_telephone_and_a_second_mail_add_up():
    _, found = parsed(
        ["identifiant", "téléphone", "téléphone 2", "Email Address"],
        "1",
        "02 33 65 00 00",
        "06 39 98 00 02",
        "o@example.org",
    )
    assert found is not None
    assert [contact.address for contact in found.person.contacts] == ["+33233650000", "+33639980002", "o@example.org"]


def test_what_is_wrong_is_named_by_its_own_column():
    parser = Parser(read_header(["id", "téléphone", "téléphone 2"]), region="FR", language="fr")
    _, wrong = parser.parse(Line(2, ["1", "06 39 98 00 01", "12"]))
    assert [each.field for each in wrong] == ["téléphone 2"]


def test_contacts_and_groups_are_read_as_programs_write_them():
    headings = ["id", "Phone 1 - Value", "Labels", "TAGS"]
    _, found = parsed(headings, "1", "06 39 98 00 01 ::: 06 39 98 00 02", "* myContacts ::: Parents", '"Club","École"')
    assert found is not None
    assert len(found.person.contacts) == 2
    assert found.named == {"parents": "Parents", "club": "Club", "ecole": "École"}


@pytest.mark.parametrize(
    ("heading", "cell", "warned"),
    [
        ("Joignable au", "06 39 98 00 01", True),
        ("Autre", "zoe@example.org", True),
        ("Tél. médecin", "0233650000", True),
        ("Autorisation SMS", "oui", False),
        ("Né le", "01/02/2010", False),
        ("Code postal", "01000", False),
        ("Cotisation", "120,00", False),
    ],
)
def test_an_unused_column_that_seems_to_hold_contacts_is_noticed(heading: str, cell: str, *, warned: bool):
    parser, found = parsed(["id", heading], "1", cell)
    assert found is not None
    assert parser.overlooked == ({1} if warned else set())


@pytest.mark.parametrize(("written", "mangled"), [("2,40016E+11", 1), ("2.4E+11", 1), ("240016", 0), ("E11", 0)])
def test_an_id_that_a_spreadsheet_rounded_is_noticed(written: str, mangled: int):
    assert parsed(["id", "nom"], written, "Zoé")[0].mangled == mangled
