"""Whom a code shows what a list says: the one person with that contact and name, and nobody else; on every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from broadcaster.domain.vulnerable import Details
from broadcaster.store.people import confirmations, listed, people, shown
from broadcaster.store.people.confirmations import ConfirmationRequest, State
from broadcaster.store.register import by_hand, persons, vulnerable
from broadcaster.store.register.by_hand import Change
from tests.contract.stores import NOW, add_station, mail, phone, register, resident

SHARED, OWN, ALONE = phone("+33261910001", "voice"), phone("+33639980001"), phone("+33639980009")


async def a_household(unit):
    """A station, and a couple with a landline; Rose has a mobile of her own. Somebody without a name lives alone."""
    station, other = await add_station(unit, "laigle"), await add_station(unit, "rugles")
    rose, paul, nobody = await register(
        unit,
        station.id,
        resident(SHARED, OWN, name="Rose Aubépine-Houx"),
        resident(SHARED, name="Paul HOUX"),
        resident(ALONE),
    )
    return station, other, rose, paul, nobody


async def proven(unit, station, contact, name, now=NOW):
    """Return the secret of who asked under this name, and gave back the code."""
    caller = confirmations.caller_mark(unit.vault, "192.0.2.1")
    begun = await confirmations.begin(unit, ConfirmationRequest(station.id, contact, "fr", caller, name=name), now)
    assert await shown.holder(unit, begun.secret, now) is None, "nothing before the code"
    assert await confirmations.try_code(unit, begun.id, begun.code, now)
    assert await confirmations.confirm(unit, begun.id, now) is None
    assert (await confirmations.by_secret(unit, begun.secret, now)).state is State.SHOWN
    assert await people.by_token(unit, confirmations.token_of(begun.secret)) is None, "nobody is signed up"
    return begun.secret


async def test_a_name_tells_who_of_a_household_it_is_and_who_has_none_is_alone(store):
    async with store.write() as unit:
        station, other, rose, paul, nobody = await a_household(unit)
        for contact, name, who in (
            (OWN, "rose aubepine houx", rose),
            (SHARED, "Rose Aubépine-Houx", None),  # Paul answers it, too: she has a mobile of her own
            (phone("+33261910001"), "Houx Paul", paul),  # a number is the same by SMS and by call
            (OWN, "Paul Houx", None),
            (SHARED, "Houx", None),
            (SHARED, "?", None),
            (ALONE, "whoever", nobody),
            (mail("rose@a.example"), "Rose Aubépine-Houx", None),
        ):
            assert await listed.find(unit, station.id, contact, name) == who, name
            assert await listed.find(unit, other.id, contact, name) is None, "another town's list"
        await register(unit, other.id, resident(ALONE, name="Zoé"))
        assert await listed.find(unit, station.id, ALONE, "whoever") is None, "not alone with it any more"
        await register(unit, station.id, resident(SHARED, name="Paul Houx"))
        assert await listed.find(unit, station.id, SHARED, "Paul Houx") is None, "father and son"


async def test_no_list_no_guardian_and_no_register_of_vulnerable_people_is_shown(store):
    async with store.write() as unit:
        station, _, rose, *_ = await a_household(unit)
        mother = phone("+33639980005")
        await register(unit, station.id, resident(mother, name="Ann"), themselves=True)
        assert await listed.find(unit, station.id, mother, "Ann") is None, "she signed up by herself, and has a token"
        child = resident(replace(phone("+33639980006"), guardian=1), name="Zoé", guardians=("Ann",))
        await register(unit, station.id, child)
        assert await listed.find(unit, station.id, phone("+33639980006"), "Zoé") is None, "the other parent's data too"
        assert await listed.find(unit, station.id, OWN, "Rose Aubépine Houx") == rose
        await vulnerable.add(unit, station.id, Details("Rose"), asked_at=NOW, now=NOW, person=rose)
        assert await listed.find(unit, station.id, OWN, "Rose Aubépine Houx") is None


async def test_a_code_shows_it_for_an_hour_and_while_what_it_proved_holds(store):
    async with store.write() as unit:
        station, other, rose, paul, nobody = await a_household(unit)
        secret = await proven(unit, station, OWN, "Rose Aubépine-Houx")
        assert await shown.holder(unit, secret, NOW) == (rose, station.id)
        assert await shown.holder(unit, secret, NOW + timedelta(hours=1)) is None
        missed = await proven(unit, station, OWN, "Somebody Else")
        assert await shown.holder(unit, missed, NOW) == (0, station.id)
        assert [await listed.erases_nobody_else(unit, who) for who in (rose, paul, nobody)] == [False, False, True]
        held = (await persons.person(unit, station.id, rose)).contacts
        gone = tuple(each.id for each in held if each.address == OWN.address)
        await by_hand.amend(unit, station.id, rose, Change("Rose Aubépine-Houx", "fr", groups=(), dropped=gone), NOW)
        assert await shown.holder(unit, secret, NOW) == (0, station.id), "the number is not theirs any more"
        secret = await proven(unit, station, ALONE, "x")
        await vulnerable.add(unit, station.id, Details("N"), asked_at=NOW, now=NOW, person=nobody)
        assert await shown.holder(unit, secret, NOW) == (0, station.id), "since on that register"
        await register(unit, other.id, resident(phone("+33639980009", "voice"), name="Zoé"))
        assert not await listed.erases_nobody_else(unit, nobody), "called on the number that gets their SMS"


async def test_a_code_whose_message_spoke_of_a_sign_up_shows_no_list_and_is_shared_with_sign_ups_alone(store):
    async with store.write() as unit:
        station, *_ = await a_household(unit)
        caller = confirmations.caller_mark(unit.vault, "192.0.2.1")
        sign_up = ConfirmationRequest(station.id, OWN, "fr", caller)
        asked = replace(sign_up, name="Rose Aubépine-Houx")
        first = await confirmations.begin(unit, sign_up, NOW)
        second = await confirmations.begin(unit, asked, NOW, busy=True)
        again = [await confirmations.begin(unit, each, NOW, busy=True) for each in (sign_up, asked)]
        assert second.code is not None
        assert [each.code for each in again] == [None, None], "the last one for this purpose holds"
        if first.code != second.code:
            assert not await confirmations.try_code(unit, again[1].id, first.code, NOW)
        assert await confirmations.try_code(unit, again[1].id, second.code, NOW)


async def test_requests_that_share_a_code_have_no_five_guesses_each(store):
    async with store.write() as unit:
        station, *_ = await a_household(unit)
        asked = [
            ConfirmationRequest(
                station.id, OWN, "fr", confirmations.caller_mark(unit.vault, f"192.0.2.{n}"), name="Rose"
            )
            for n in range(6)
        ]
        sent, *shared = [await confirmations.begin(unit, each, NOW, busy=True) for each in asked]
        wrong = "000001" if sent.code == "000000" else "000000"
        for each in shared[:4]:
            for _ in range(confirmations.MOST_TRIES):
                assert not await confirmations.try_code(unit, each.id, wrong, NOW)
        assert not await confirmations.try_code(unit, shared[4].id, sent.code, NOW)
        assert await confirmations.try_code(unit, sent.id, sent.code, NOW), "whom it was sent for still comes in"


async def test_a_mailed_link_confirms_no_such_request(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        (rose,) = await register(unit, station.id, resident(mail("rose@a.example"), name="Rose"))
        caller = confirmations.caller_mark(unit.vault, "192.0.2.1")
        asked = ConfirmationRequest(station.id, mail("rose@a.example"), "fr", caller, name="Rose")
        begun = await confirmations.begin(unit, asked, NOW)
        assert await confirmations.confirm(unit, begun.id, NOW, by_link=True) is None
        assert (await confirmations.by_secret(unit, begun.secret, NOW)).state is State.OPEN
        assert await shown.holder(unit, begun.secret, NOW) is None
        await confirmations.confirm(unit, begun.id, NOW)
        assert await shown.holder(unit, begun.secret, NOW) == (rose, station.id)
