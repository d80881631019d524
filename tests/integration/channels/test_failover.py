"""Two providers as one channel, over the wire: Twilio and a message centre, two relays."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from channels.email import Email, Mail, MailTemplate, SmtpConfig
from channels.errors import ChannelError, Misconfigured, Stopped, Transient
from channels.sms import Sms, SmsMessage
from channels.sms.smpp import Smpp, SmppConfig
from channels.transport.breaker import Breaker, BreakerState
from channels.transport.failover import Failover, Provider
from channels.twilio import TwilioAccount
from tests.servers import smpp as centres
from tests.servers import twilio as twilios
from tests.servers.smpp import MessageCentre
from tests.servers.smtp import Fault, SmtpServer
from tests.servers.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioServer

ROSE = "+33639981234"
SENDER = "+33199000000"


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Road:
    """Twilio first, the message centre second; the clock of their health stands still until it is moved."""

    def __init__(self, twilio, centre, timeout_s=2.0):
        self.twilio, self.centre, self.clock = twilio, centre, Clock()
        self.told = Counter()
        account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, SENDER, base_url=twilio.url, timeout_s=timeout_s)
        config = SmppConfig.from_url(centre.url + f"&timeout={timeout_s}")
        self.first = Provider("twilio", Sms(account), Breaker(clock=self.clock, least=4))
        self.second = Provider("smpp", Smpp(config), Breaker(clock=self.clock, least=4))
        self.channel = Failover(self.first, self.second, attempt_s=20, told=self.hear, clock=self.clock)

    def hear(self, provider, result):
        self.told[provider, result] += 1

    async def send(self, text="Crue", to=ROSE):
        return await self.channel.send(SmsMessage(text), to)

    async def many(self, n, to=ROSE):
        return Counter([(await self.send(f"no. {each}", to)).provider for each in range(n)])

    async def refusal(self, text="Crue"):
        with pytest.raises(ChannelError) as caught:
            await self.send(text)
        return caught.value


@pytest.fixture
async def road():
    async with TwilioServer() as twilio, MessageCentre() as centre:
        centre.receipts = centres.Receipts(times=0)
        made = Road(twilio, centre)
        yield made
        await made.channel.close()


async def test_while_the_first_is_well_it_has_everything_and_is_named(road):
    receipt = await road.send()
    assert (receipt.provider, receipt.provider_id) == ("twilio", road.twilio.messages[0].sid)
    assert await road.many(20) == {"twilio": 20}
    assert road.centre.binds == []


@pytest.mark.parametrize(
    "fault",
    [
        twilios.Refuse(429, 20429, retry_after="60"),
        twilios.Refuse(503, 20503),
        twilios.Refuse(401, 20003),
        twilios.Refuse(400, 21606),
    ],
)
async def test_what_the_first_surely_has_not_taken_goes_to_the_second(road, fault):
    road.twilio.fault(fault, times=1)
    receipt = await road.send()
    assert (receipt.provider, road.twilio.messages) == ("smpp", [])
    assert road.centre.texts == [(ROSE, "Crue")]


@pytest.mark.parametrize(
    "fault", [twilios.Hang(take=True), twilios.Hang(), twilios.Drop("after"), twilios.Refuse(500, 20500)]
)
async def test_what_the_first_may_have_taken_never_goes_to_the_second(road, fault):
    road.twilio.fault(fault, times=1)
    error = await road.refusal()
    assert (type(error), error.may_have_left, error.provider) == (Transient, True, "twilio")
    assert road.centre.submitted == 0
    again = await road.channel.send_by(error.provider, SmsMessage("Crue"), ROSE)
    assert (again.provider, road.centre.submitted) == ("twilio", 0)


async def test_a_receiver_who_said_stop_is_not_written_to_by_the_second(road):
    road.twilio.opted_out.add(ROSE)
    assert type(await road.refusal()) is Stopped
    assert road.centre.submitted == 0


async def test_when_the_first_hangs_its_breaker_opens_and_nobody_waits_for_it_any_more(road):
    road.twilio.fault(twilios.Hang())
    errors = await asyncio.gather(*(road.refusal() for _ in range(4)))
    assert all(error.may_have_left for error in errors)
    assert road.first.breaker.state is BreakerState.OPEN
    asked = len(road.twilio.requests)
    assert await road.many(10) == {"smpp": 10}
    assert len(road.twilio.requests) == asked
    refused = await bound_to(road, "twilio")
    assert (refused.code, refused.tried) == ("twilio:resting", False)
    assert all(error.tried for error in errors)


async def bound_to(road, name):
    with pytest.raises(Transient) as caught:
        await road.channel.send_by(name, SmsMessage("Crue"), ROSE)
    return caught.value


async def test_it_drifts_back_to_the_first_by_one_trial_and_then_by_shares(road):
    road.twilio.fault(twilios.Refuse(503, 20503), times=4)
    assert await road.many(12) == {"smpp": 12}
    road.clock.now += 5
    road.twilio.fault(twilios.Refuse(503, 20503), times=1)
    assert await road.many(4) == {"smpp": 4}, "the trial failed"
    road.clock.now += 10
    shares = []
    for _ in range(5):
        shares.append(road.channel.share)
        went = await road.many(65)
        assert went["twilio"] >= 8
    assert shares[0] == 0.0
    assert sorted(shares) == shares
    assert road.channel.share == 1.0
    assert await road.many(20) == {"twilio": 20}


async def test_wrong_credentials_of_the_first_stop_nothing_until_the_second_has_them_too(road):
    road.twilio.fault(twilios.Refuse(401, 20003))
    assert await road.many(10) == {"smpp": 10}
    assert len(road.twilio.requests) == 1
    road.centre.fault_bind(centres.Refuse(0x0E), times=100)
    road.centre.cut()
    await road.second.channel._session.over.wait()
    error = await road.refusal()
    assert (type(error), error.code) == (Misconfigured, "twilio:20003; smpp:0x0E")
    road.clock.now += 10
    road.centre.mend()
    assert (await road.send()).provider == "smpp"


async def test_one_misconfigured_and_the_other_in_trouble_is_no_reason_to_stop(road):
    road.twilio.fault(twilios.Refuse(401, 20003))
    road.centre.fault(centres.Refuse(0x58))
    error = await road.refusal()
    assert (type(error), error.code) == (Transient, "smpp:0x58")


async def test_a_message_bound_to_a_provider_whose_credentials_went_wrong_waits_and_stops_nothing(road):
    road.twilio.fault(twilios.Refuse(401, 20003))
    error = await bound_to(road, "twilio")
    assert (error.code, road.centre.submitted) == ("twilio:20003", 0)
    assert (await road.channel.send_by("a provider of last year", SmsMessage("Crue"), ROSE)).provider == "smpp"


async def test_a_first_whose_reports_come_late_keeps_a_sixteenth_to_be_judged_by(road):
    for provider_id in [(await road.send(f"{n}")).provider_id for n in range(10)]:
        road.clock.now += 30
        road.channel.reported(provider_id)
    assert await road.many(64) == {"twilio": 4, "smpp": 60}
    for _ in range(60):
        road.channel.reported((await road.send()).provider_id)
    while road.first.delay_s > 90:
        receipt = await road.send()
        road.channel.reported(receipt.provider_id)
    assert await road.many(10) == {"twilio": 10}


async def test_a_probe_looks_at_both_and_says_which_is_which(road):
    road.centre.fault_bind(centres.Refuse(0x0E))
    findings = await road.channel.probe()
    levels = {(each.what.partition(":")[0], each.level) for each in findings}
    assert ("twilio", "ok") in levels
    assert ("smpp", "error") in levels


async def until_taken(road, number, before_each_try):
    """Try a message again as the service does, bound to where it may have left, until it is taken."""
    bound = None
    while True:
        before_each_try()
        try:
            if bound is None:
                await road.send(f"no. {number}")
            else:
                await road.channel.send_by(bound, SmsMessage(f"no. {number}"), ROSE)
        except Transient as error:
            bound = bound or (error.provider if error.may_have_left else None)
        except Misconfigured:
            assert bound is None
        else:
            return
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_goes_wrong_no_text_ever_reaches_both(road, seed):
    chance = random.Random(seed)
    first = [twilios.Refuse(429, 20429), twilios.Refuse(500, 20500), twilios.Refuse(401, 20003)]
    first += [twilios.Drop("after"), twilios.Drop("before"), twilios.Hang(take=True)]
    second = [
        centres.Drop("before"),
        centres.Drop("after"),
        centres.Drop("half"),
        centres.Refuse(0x58),
        centres.Garble(),
    ]
    faults = [(road.twilio, first)] * 40 + [(road.centre, second)] * 20
    chance.shuffle(faults)

    def trouble():
        if faults and chance.random() < 0.5:
            server, what = faults.pop()
            server.fault(chance.choice(what), times=1)
        road.clock.now += chance.choice([0, 1, 6])

    async def lane(numbers):
        for number in numbers:
            await until_taken(road, number, trouble)

    async with asyncio.timeout(30):
        await asyncio.gather(*(lane(range(first, 80, 8)) for first in range(8)))
    by_twilio = {each.body for each in road.twilio.messages}
    by_smpp = {text for _, text in road.centre.texts}
    assert by_twilio & by_smpp == set()
    assert by_twilio | by_smpp == {f"no. {number}" for number in range(80)}
    assert len(by_twilio) > 5
    assert len(by_smpp) > 5


async def test_a_second_relay_takes_over_and_a_mailbox_that_greylists_is_not_asked_twice():
    mail = Mail(MailTemplate("Crue", "Évacuez", "<p>Évacuez</p>", "fr", "laigle.ville.example"), "a1.p1")
    async with SmtpServer() as one, SmtpServer() as two:

        def relay(server):
            return Email(SmtpConfig.from_url(server.url + "&timeout=2", sender="alerte@ville.example"))

        channel = Failover(Provider("relay", relay(one)), Provider("relay 2", relay(two)))
        try:
            assert (await channel.send(mail, "rose@example.com")).provider == "relay"
            one.fail(Fault("mail", "451 4.3.0 out of order", times=1))
            assert (await channel.send(mail, "paul@example.com")).provider == "relay 2"
            one.fail(Fault("rcpt", "451 4.7.1 greylisted", times=1))
            with pytest.raises(Transient):
                await channel.send(mail, "zoe@example.com")
            one.fail(Fault("end", "disconnect", times=1))
            with pytest.raises(Transient) as lost:
                await channel.send(mail, "jean@example.com")
        finally:
            await channel.close()
    assert lost.value.may_have_left
    assert [each.recipients for each in two.messages] == [["paul@example.com"]]
