from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms import InvalidPhone, PhoneNumber, parse_phone, region_of_insee, written
from channels.sms.phone import service_problem


@pytest.mark.parametrize(
    ("text", "region", "e164", "found", "kind"),
    [
        ("06 12 34 56 78", "FR", "+33612345678", "FR", "mobile"),
        ("+33 (0)6 12 34 56 78", "FR", "+33612345678", "FR", "mobile"),
        ("0033 6.12.34.56.78", "FR", "+33612345678", "FR", "mobile"),
        ("06-12-34-56-78", "FR", "+33612345678", "FR", "mobile"),
        ("\u202a+33\u00a06\u202f12 34 56 78\u202c", "FR", "+33612345678", "FR", "mobile"),
        ("０６１２３４５６７８", "FR", "+33612345678", "FR", "mobile"),
        ("02 33 24 12 34", "FR", "+33233241234", "FR", "fixed"),
        ("09 56 00 12 34", "FR", "+33956001234", "FR", "voip"),
        ("0692 12 34 56", "RE", "+262692123456", "RE", "mobile"),
        ("0262 16 12 34", "RE", "+262262161234", "RE", "fixed"),
        ("0690 12 34 56", "GP", "+590690123456", "GP", "mobile"),
        ("0696 12 34 56", "MQ", "+596696123456", "MQ", "mobile"),
        ("0694 12 34 56", "GF", "+594694123456", "GF", "mobile"),
        ("0269 60 12 34", "YT", "+262269601234", "YT", "fixed"),
        ("74 12 34", "NC", "+687741234", "NC", "mobile"),
        ("87 12 34 56", "PF", "+68987123456", "PF", "mobile"),
        ("41 00 12", "PM", "+508410012", "PM", "fixed"),
        ("+44 7400 123456", "FR", "+447400123456", "GB", "mobile"),
        ("+1 212 555 0100", "FR", "+12125550100", "US", "fixed_or_mobile"),
    ],
)
def test_a_number_is_read_as_it_is_written_where_its_owner_lives(text, region, e164, found, kind):
    assert parse_phone(text, region) == PhoneNumber(e164, found, kind)


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("0692123456", "FR", "+262692123456"),
        ("0612345678", "RE", "+33612345678"),
        ("0639011234", "RE", "+262639011234"),
    ],
)
def test_who_moved_within_the_french_plan_keeps_their_number(text, region, e164):
    assert parse_phone(text, region).e164 == e164


@pytest.mark.parametrize("national", ["0199001234", "0261911234", "0353011234", "0465711234", "0536491234"])
def test_landlines_kept_for_fiction_are_read(national):
    number = parse_phone(national)
    assert (number.e164, number.kind, number.fictional) == ("+33" + national[1:], "fixed", True)
    assert not number.takes_sms


@pytest.mark.parametrize("text", ["06 39 98 00 00", "+33639989999"])
def test_mobiles_kept_for_fiction_are_read(text):
    number = parse_phone(text)
    assert (number.kind, number.fictional, number.takes_sms) == ("mobile", True, True)


@pytest.mark.parametrize("text", ["+33639971234", "+3363998000", "+336399800000"])
def test_what_only_looks_like_fiction_is_not_let_through(text):
    with pytest.raises(InvalidPhone):
        parse_phone(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "phone-empty"),
        ("  \u200b ", "phone-empty"),
        ("112", "phone-too-short"),
        ("3631", "phone-too-short"),
        ("0899 12 34 56", "phone-premium"),
        ("0800 12 34 56", "phone-freephone"),
        ("06 12 34 56", "phone-too-short"),
        ("06 12 34 56 78 90 12", "phone-too-long"),
        ("0710123456", "phone-does-not-exist"),
        ("06 ALERTES 1", "phone-signs"),
        ("0612345678 poste 5", "phone-signs"),
        ("0612345678;ext=5", "phone-signs"),
        ("0612345678,,1", "phone-signs"),
        ("+999 123456789", "not-a-phone"),
        ("1" * 41, "phone-too-long"),
        ("06 12 34 56 78 / 02 33 24 12 34", "not-a-phone"),
    ],
)
def test_what_nobody_can_be_reached_at_is_refused_with_its_reason(text, code):
    with pytest.raises(InvalidPhone) as caught:
        parse_phone(text)
    assert caught.value.code == code


def test_an_unknown_region_is_refused():
    with pytest.raises(InvalidPhone, match="region"):
        parse_phone("0612345678", "ZZ")


@given(st.text(max_size=60), st.sampled_from(["FR", "RE", "NC", "US"]))
def test_whatever_is_typed_is_a_number_or_refused(text, region):
    try:
        number = parse_phone(text, region)
    except InvalidPhone as refused:
        assert refused.code  # noqa: PT017 - one of two outcomes
    else:
        assert parse_phone(number.e164, region) == number


@pytest.mark.parametrize(
    ("insee", "region"),
    [
        ("61214", "FR"),
        ("2A004", "FR"),
        ("2B033", "FR"),
        ("75056", "FR"),
        ("97105", "GP"),
        ("97209", "MQ"),
        ("97302", "GF"),
        ("97411", "RE"),
        ("97502", "PM"),
        ("97611", "YT"),
        ("97701", "BL"),
        ("97801", "MF"),
        ("98611", "WF"),
        ("98735", "PF"),
        ("98818", "NC"),
        ("99138", "MC"),
    ],
)
def test_a_communes_code_gives_the_region_of_its_telephones(insee, region):
    assert region_of_insee(insee) == region


@pytest.mark.parametrize("insee", ["", "6121", "612140", "2C004", "99100", "97999", "00001", "６１２１４"])
def test_a_code_of_no_commune_is_refused(insee):
    with pytest.raises(ValueError, match="INSEE"):
        region_of_insee(insee)


@pytest.mark.parametrize("region", ["FR", "GP", "RE", "MQ", "BL"])
@pytest.mark.parametrize("text", ["0806 000 000", "0809 40 00 00", "0800 00 00 00", "0825 123 456"])
def test_a_service_number_of_the_french_plan_is_nobodys_landline_in_any_of_its_regions(text, region):
    with pytest.raises(InvalidPhone, match=r"company|premium|freephone|shared-cost"):
        parse_phone(text, region)
    with pytest.raises(InvalidPhone):
        parse_phone("+590 " + text[1:], region)


def test_a_number_for_which_the_caller_pays_more_is_refused():
    with pytest.raises(InvalidPhone, match="phone-personal"):
        parse_phone("+44 7012 345678")


@pytest.mark.parametrize(
    ("text", "kind"), [("09 70 12 34 56", "voip"), ("0692 12 34 56", "mobile"), ("0590271234", "fixed")]
)
def test_box_landlines_and_overseas_numbers_are_people_s(text, kind):
    assert parse_phone(text).kind == kind


def test_what_earlier_rules_kept_is_known_for_a_service_too():
    assert service_problem("+590806000000") == "phone-company"
    assert service_problem("+447012345678")
    assert service_problem("+33261910001") is None
    assert service_problem("not a number") is None


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("+33233841616", "02 33 84 16 16"),
        ("+262692123456", "0692 12 34 56"),
        ("+442079460000", "+44 20 7946 0000"),
        ("02 33 84 16 16", "02 33 84 16 16"),
    ],
)
def test_a_number_is_written_as_people_write_it(kept, said):
    assert written(kept).replace("\u00a0", " ") == said
