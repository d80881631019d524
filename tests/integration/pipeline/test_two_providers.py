"""Two SMS providers, and a process that is killed with messages on the wire: none of them goes out by the other."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from broadcaster.store.alerts.batches import holders
from broadcaster.store.tables import batches
from tests.servers import twilio as twilios
from tests.servers.smpp import Hang, MessageCentre, Refuse
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import recount

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from broadcaster.domain.deliveries import Outcome

AT_ONCE = 4


@pytest.fixture
async def centre() -> AsyncIterator[MessageCentre]:
    async with MessageCentre() as made:
        yield made


async def test_messages_held_by_the_first_provider_at_a_kill_are_not_given_to_the_second(
    tmp_path: Path, centre: MessageCentre
) -> None:
    async with Town(tmp_path, smpp_url=centre.url, sms_concurrency=AT_ONCE) as town:
        people = [town.resident("sms") for _ in range(AT_ONCE)]
        await town.settle(*people)
        town.twilio.fault(twilios.Hang(take=True), times=AT_ONCE)
        async with town.process() as process:
            alert = await process.api.issue(channels=["sms"])
            await eventually(lambda: len(town.twilio.messages) == AT_ONCE, "all on the wire, and taken")
            await process.kill()
        asked = len(town.twilio.requests)
        town.twilio.fault(twilios.Refuse(503, 20503), times=AT_ONCE)  # surely not taken, this time
        async with town.process() as process:
            await eventually(lambda: len(town.twilio.requests) >= asked + AT_ONCE, "tried again where they may be")
            await process.api.finished(alert["id"], timeout_s=60)
        assert centre.submitted == 0
        assert {message.to for message in town.twilio.messages} == {each.mobile for each in people}
        await recount(town.store, alert["id"])


async def test_what_the_second_had_after_the_first_refused_it_goes_back_to_the_second(
    tmp_path: Path, centre: MessageCentre
) -> None:
    async with Town(tmp_path, smpp_url=centre.url, sms_concurrency=AT_ONCE) as town:
        people = [town.resident("sms") for _ in range(AT_ONCE)]
        await town.settle(*people)
        town.twilio.fault(twilios.Refuse(503, 20503), times=AT_ONCE)
        centre.fault(Hang(taken=True), times=AT_ONCE)
        async with town.process() as process:
            alert = await process.api.issue(channels=["sms"])
            await eventually(lambda: len(centre.parts) == AT_ONCE, "all on the wire of the second, and taken")
            await process.kill()
        asked = len(town.twilio.requests)
        async with town.process() as process:  # the first is well again, and would be asked first
            await process.api.finished(alert["id"], timeout_s=60)
        assert len(town.twilio.requests) == asked
        assert town.twilio.messages == []
        assert {number for number, _ in centre.texts} == {each.mobile for each in people}


async def test_a_message_whose_batch_is_taken_over_while_its_next_provider_is_recorded_does_not_leave(
    tmp_path: Path, centre: MessageCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Town(tmp_path, smpp_url=centre.url, sms_concurrency=AT_ONCE) as town:
        person = town.resident("sms")
        await town.settle(person)
        town.twilio.fault(twilios.Refuse(503, 20503), times=1)
        async with town.serving() as api:
            services = api.running.services
            written = services.ledger.written

            async def slowly(outcome: Outcome) -> None:
                await written(outcome)
                async with services.store.write() as unit:
                    far = services.clock.now() + timedelta(hours=1)
                    await unit.conn.execute(update(batches).values(lease_owner="another", lease_until=far))
                for batch_id in services.held_batches:
                    services.leased(batch_id, -math.inf)  # as a renewal does that finds it taken

            monkeypatch.setattr(services.ledger, "written", slowly)
            alert = await api.issue(channels=["sms"])

            async def taken_over() -> bool:
                async with services.store.read() as unit:
                    return await holders(unit) == {"another"} and not services.held_batches

            await eventually(taken_over, "another holds the batch, and it is left")
            assert centre.submitted == 0
            monkeypatch.undo()
            async with services.store.write() as unit:
                await unit.conn.execute(update(batches).values(lease_until=services.clock.now()))
            await api.finished(alert["id"], timeout_s=60)
        assert [number for number, _ in centre.texts] == [person.mobile]
        await recount(town.store, alert["id"])


async def test_who_was_to_have_it_next_is_written_down_before_it_is_handed_over(
    tmp_path: Path, centre: MessageCentre
) -> None:
    """And written off again: what both surely refused is anybody's at its next try."""
    async with Town(tmp_path, smpp_url=centre.url, sms_concurrency=AT_ONCE) as town:
        await town.settle(town.resident("sms"))
        town.twilio.fault(twilios.Refuse(503, 20503), times=1)
        centre.fault(Refuse(0x14), times=1)
        async with town.serving() as api:
            alert = await api.issue(channels=["sms"])

            async def refused() -> bool:
                rows = await api.deliveries(alert["id"])
                return any(each["code"] is not None and not each["maybe_sent"] for each in rows)

            await eventually(refused, "both have refused it, and nothing says that it may have left")
            town.clock.advance(600)
            await api.finished(alert["id"])
        assert len(town.twilio.messages) + len(centre.texts) == 1
