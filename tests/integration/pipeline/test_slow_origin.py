"""A push service that hangs among others that don't: it takes no share from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.sending import origins as breaker
from channels.transport.breaker import BreakerState
from tests.servers.push import Behaviour, PushService
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import quiet, recount

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

AT_ONCE = 16
FEW = AT_ONCE // 4


async def test_while_one_of_three_hangs_everyone_of_the_others_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "PATIENCE_S", 0.2)
    async with (
        PushService() as slow,
        PushService() as third,
        Town(tmp_path, push_concurrency=AT_ONCE, send_timeout_s=60, grace_s=0.1) as town,
    ):
        origins = (town.push.origin, slow.origin, third.origin)
        town.settings = town.settings.model_copy(update={"push_origins": origins})
        people = [town.resident("push") for _ in range(900)]
        for number, each in enumerate(people):
            if number % 3:
                service = slow if number % 3 == 1 else third
                each.devices = [service.subscribe(town.vapid.public)[1]]
        slow.behave(Behaviour(trouble="hang"))
        await town.settle(*people)
        async with town.serving() as api:
            alert = await api.issue()
            await eventually(
                lambda: len(town.push.messages) == len(third.messages) == 300, "all of the others", timeout_s=40
            )
            assert slow.messages == []
            assert FEW <= slow.requests <= AT_ONCE, "and the one that hangs was asked a little, and still hangs"
            origin = api.running.services.senders["push"].origins.of(slow.origin)
            assert origin.sending == slow.requests
            assert origin.breaker.state is BreakerState.CLOSED, "for it has not answered yet"
            account = await api.account(alert["id"])
            assert account["unaccounted"] >= 300
        await recount(town.store, alert["id"])


async def test_a_sender_takes_the_next_batch_while_the_last_answers_are_still_awaited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "PATIENCE_S", 60.0)
    async with PushService() as slow, Town(tmp_path, push_concurrency=AT_ONCE, send_timeout_s=60, grace_s=0.1) as town:
        town.settings = town.settings.model_copy(update={"push_origins": (town.push.origin, slow.origin)})
        people = [town.resident("push") for _ in range(40)]
        people[-1].devices = [slow.subscribe(town.vapid.public)[1]]
        slow.behave(Behaviour(trouble="hang"))
        await town.settle(*people)
        async with town.serving() as api:
            services = api.running.services
            alert = await api.issue()
            await eventually(lambda: len(town.push.messages) == 39, "all of the others")
            await eventually(lambda: len(services.lingering) == 1, "its sender has let it go")
            await eventually(lambda: len(services.held_batches) == 1, "and its lease is held on to")
            assert slow.requests == 1
            await api.until(alert["id"], lambda account: account["unaccounted"] == 1)
        await recount(town.store, alert["id"])


async def test_a_failing_origin_is_not_tried_and_its_waiters_are_woken_when_it_recovers(tmp_path: Path) -> None:
    async with Town(tmp_path, push_concurrency=AT_ONCE) as town:
        people = [town.resident("push") for _ in range(300)]
        await town.settle(*people)
        town.push.behave(Behaviour(status=503))
        async with town.serving() as api:
            alert = await api.issue()
            origin = api.running.services.senders["push"].origins.of(town.push.origin)
            await eventually(lambda: origin.breaker.state is not BreakerState.CLOSED, "it is left alone")
            await eventually(lambda: not origin.sending, "nothing is on the wire")
            asked = town.push.requests
            assert asked <= 2 * AT_ONCE
            town.push.behave(Behaviour())
            await api.finished(alert["id"])
            await quiet(town)
            rows = await api.deliveries(alert["id"])
        assert sum(each["attempts"] for each in rows) == town.push.requests, "who was only put off was not tried"
        assert len(town.push.messages) == 300
        await recount(town.store, alert["id"])
