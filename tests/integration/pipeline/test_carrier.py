"""SMS by a carrier, alone and second to Twilio: what is sent, what comes back, and what a restart forgets: nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.servers import twilio as twilios
from tests.servers.smpp import Hang, MessageCentre, Receipts, Refuse
from tests.servers.smtp import Fault, SmtpServer
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import quiet, recount

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ALONE = {"twilio_account_sid": "", "twilio_auth_token": "", "twilio_from": ""}


@pytest.fixture
async def centre() -> AsyncIterator[MessageCentre]:
    async with MessageCentre() as made:
        yield made


async def sums(api, alert_id: str, channel: str = "sms") -> dict[str, int]:
    return {state: n for state, n in (await api.account(alert_id))["channels"][channel].items() if n}


async def becomes(api, alert_id: str, expected: dict[str, int]) -> None:
    async def so() -> bool:
        return await sums(api, alert_id) == expected

    await eventually(so, f"{expected}")


async def test_a_carrier_alone_makes_sms_real_and_its_receipts_are_the_account(tmp_path: Path, centre) -> None:
    async with Town(tmp_path, smpp_url=centre.url, **ALONE) as town:
        people = [town.resident("sms") for _ in range(30)]
        await town.settle(*people)
        async with town.serving() as api:
            alert = await api.issue()
            assert (await api.finished(alert["id"]))["sandbox"] in ([], ["voice"])
            await becomes(api, alert["id"], {"delivered": 30})
            [one, *_] = await api.deliveries(alert["id"])
        assert one["provider_id"].startswith("smpp:")
        await recount(town.store, alert["id"])
    assert Counter(number for number, _ in centre.texts) == Counter(each.mobile for each in people)
    assert set(centre.answered) == {0}


@pytest.mark.parametrize("how", [{"early": True}, {"times": 2}, {"early": True, "times": 3}])
async def test_receipts_that_come_early_or_twice_move_nothing_wrong(tmp_path: Path, centre, how) -> None:
    centre.receipts = Receipts(**how)
    async with Town(tmp_path, smpp_url=centre.url, **ALONE) as town:
        people = [town.resident("sms") for _ in range(10)]
        await town.settle(*people)
        async with town.serving() as api:
            alert = await api.issue()
            await becomes(api, alert["id"], {"delivered": 10})
            await quiet(town)
        await recount(town.store, alert["id"])
    assert len(centre.texts) == 10


async def test_what_the_carrier_could_not_deliver_is_failed_and_who_is_no_more_is_gone(tmp_path: Path, centre) -> None:
    centre.receipts = Receipts(times=0)
    async with Town(tmp_path, smpp_url=centre.url, **ALONE) as town:
        rose, paul, zoe = (town.resident("sms") for _ in range(3))
        await town.settle(rose, paul, zoe)
        async with town.serving() as api:
            alert = await api.issue()
            await becomes(api, alert["id"], {"accepted": 3})
            last = {part.to: part.name for part in centre.parts}
            await centre.tell(last[rose.mobile], stat="UNDELIV", err="027")
            await centre.tell(last[paul.mobile], stat="UNDELIV", network_error=b"\x03\0\x01")
            assert await sums(api, alert["id"]) == {"accepted": 1, "failed": 1, "gone": 1}
            unreached = {int(each["subscriber_id"]): each["reasons"] for each in await api.unreached(alert["id"])}
            again = await api.issue()
            await api.finished(again["id"])
            assert len(await api.deliveries(again["id"])) == 2, "who is no more is not written to again"
    assert unreached == {
        rose.id: [{"reason": "failed", "channel": "sms", "code": "smpp:UNDELIV 027"}],
        paul.id: [{"reason": "gone", "channel": "sms", "code": "smpp:UNDELIV 000"}],
    }


async def test_a_receipt_that_comes_after_a_restart_finds_its_delivery(tmp_path: Path, centre) -> None:
    centre.receipts = Receipts(times=0)
    async with Town(tmp_path, smpp_url=centre.url, **ALONE) as town:
        await town.settle(town.resident("sms"))
        async with town.serving() as api:
            alert = await api.issue()
            await becomes(api, alert["id"], {"accepted": 1})
        assert centre.bound == 0
        async with town.serving() as api:
            assert await centre.tell(centre.parts[-1].name) == 0
            assert await sums(api, alert["id"]) == {"delivered": 1}


async def test_a_receipt_of_a_message_that_nobody_knows_is_refused_twice_and_then_let_go(
    tmp_path: Path, centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broadcaster.pipeline.carrier.WAITS_S", (0.0,))
    async with Town(tmp_path, smpp_url=centre.url, **ALONE) as town, town.serving():
        assert await centre.tell("4711") == 0
    assert centre.answered == [0x64, 0x64, 0]


async def test_when_twilio_refuses_the_carrier_takes_over_and_nobody_hears_it_twice(tmp_path: Path, centre) -> None:
    async with Town(tmp_path, smpp_url=centre.url) as town:
        people = [town.resident("sms") for _ in range(40)]
        await town.settle(*people)
        town.twilio.fault(twilios.Refuse(401, 20003), times=None)
        async with town.serving() as api:
            alert = await api.issue()
            account = await api.finished(alert["id"])
            assert account["stopped"] == {}
            await becomes(api, alert["id"], {"delivered": 40})
            metrics = await (await api.http.get(f"{api.url}/metrics")).text()
    assert town.twilio.messages == []
    assert Counter(number for number, _ in centre.texts) == Counter(each.mobile for each in people)
    assert 'tocsin_provider_messages_total{channel="sms",provider="smpp",result="accepted"}' in metrics
    assert 'tocsin_breaker_state{channel="sms",provider="twilio"}' in metrics


async def test_a_message_that_twilio_may_have_taken_never_fails_over_to_the_carrier(tmp_path: Path, centre) -> None:
    async with Town(tmp_path, smpp_url=centre.url, send_timeout_s=2) as town:
        await town.settle(town.resident("sms"))
        town.twilio.fault(twilios.Hang(take=True), times=1)
        async with town.serving() as api:
            alert = await api.issue()

            async def bound() -> bool:
                rows = await api.deliveries(alert["id"])
                told = [(each["code"], each["maybe_sent"], each["provider"]) for each in rows]
                return told == [("twilio:timeout", True, "twilio")]

            await eventually(bound, "who may have it is written down")
            town.twilio.fault(twilios.Refuse(503, 20503), times=1)
        async with town.serving() as api:  # and a restart does not forget it

            async def refused() -> bool:
                return [each["code"] for each in await api.deliveries(alert["id"])] == ["twilio:20503"]

            await eventually(refused, "another try")
            town.clock.advance(600)
            await api.finished(alert["id"])
            await quiet(town)
    assert centre.submitted == 0
    assert len(town.twilio.messages) == 2


async def test_a_carrier_that_hangs_is_left_alone_and_all_are_told_when_it_is_back(tmp_path: Path, centre) -> None:
    centre.fault(Hang(), times=8)
    async with Town(tmp_path, smpp_url=centre.url, send_timeout_s=2, sms_concurrency=8, **ALONE) as town:
        people = [town.resident("sms") for _ in range(20)]
        await town.settle(*people)
        async with town.serving() as api:
            alert = await api.issue()
            await eventually(lambda: centre.submitted >= 9, "a trial after the rest")
            await becomes(api, alert["id"], {"delivered": 20})
    assert Counter(number for number, _ in centre.texts) == Counter(each.mobile for each in people)


async def test_a_second_relay_takes_the_mails_that_the_first_refuses(tmp_path: Path) -> None:
    async with SmtpServer() as second, Town(tmp_path, smtp_url_2=second.url + "from=alerte@town.example") as town:
        people = [town.resident("email") for _ in range(20)]
        await town.settle(*people)
        town.smtp.fail(Fault("mail", "550 5.7.1 sender not allowed"))
        async with town.serving() as api:
            alert = await api.issue()
            account = await api.finished(alert["id"])
            [one, *_] = await api.deliveries(alert["id"])
    assert (account["stopped"], account["channels"]["email"]) == ({}, {"accepted": 20})
    assert one["provider_id"].startswith("relay-2:")
    assert sorted(each.recipients[0] for each in second.messages) == sorted(each.mail for each in people)


async def test_both_without_credentials_stop_sms_and_it_goes_on_when_one_is_mended(tmp_path: Path, centre) -> None:
    async with Town(tmp_path, smpp_url=centre.url) as town:
        await town.settle(town.resident("sms"))
        town.twilio.fault(twilios.Refuse(401, 20003))
        centre.fault_bind(Refuse(0x0E), times=1000)
        async with town.serving() as api:
            alert = await api.issue()

            async def stopped() -> bool:
                return "sms" in (await api.account(alert["id"]))["stopped"]

            await eventually(stopped, "SMS is stopped")
            centre.mend()
            town.clock.advance(31)
            await becomes(api, alert["id"], {"delivered": 1})
            assert not await stopped()
