"""What a password holder shows is taken once, and ends with a recovery; on every store."""

from __future__ import annotations

from broadcaster.store.operators import operators, passwords
from tests.contract.stores import NOW

APP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


async def test_a_step_and_a_code_are_used_once_and_all_ends_with_a_recovery(store):
    async with store.write() as unit:
        rose = await operators.add(unit, "Rose Martin", NOW, admin=True)
        paul = await operators.add(unit, "Paul", NOW, mail="Paul@town.example", admin=True)
        for each in (rose, paul):
            await passwords.keep(unit, each, "a hash", APP, 100)
        codes = await passwords.new_codes(unit, rose)
        await passwords.new_codes(unit, paul)
    async with store.write() as unit:
        assert await passwords.by_login(unit, "rose  MARTIN") == passwords.Known(rose, "a hash", APP)
        assert (await passwords.by_login(unit, "paul@town.example")).operator_id == paul
        assert await passwords.by_login(unit, "Paul") is None, "who has an address signs in with it"
        assert [await passwords.use_step(unit, rose, step) for step in (100, 99, 101, 101)] == [False] * 2 + [
            True,
            False,
        ]
        assert [await passwords.use_code(unit, each, codes[0]) for each in (paul, rose, rose)] == [False, True, False]
        assert (await passwords.codes_left(unit, rose), await passwords.codes_left(unit, paul)) == (9, 10)
        assert not await passwords.remove(unit, rose), "the last way in"
        who = await operators.by_id(unit, rose)
        assert not await operators.is_last_administrator(unit, who)
        await operators.disable(unit, paul, NOW)
        assert await passwords.by_login(unit, "paul@town.example") is None
        assert await operators.is_last_administrator(unit, who)
        await operators.forget_ways(unit, rose)
        assert await passwords.by_login(unit, "Rose Martin") is None
        assert not await passwords.use_code(unit, rose, codes[1])
