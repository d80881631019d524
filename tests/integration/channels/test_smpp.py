"""SMS over SMPP, against a message centre on loopback that reads each unit strictly."""

from __future__ import annotations

import asyncio

import pytest

from channels.errors import ChannelError, Gone, Misconfigured, Permanent, Transient, Unexplained
from channels.sms import SmsMessage, count
from channels.sms.smpp import Smpp, SmppConfig
from channels.sms.smpp.statuses import STATUSES
from tests.servers.smpp import Drop, Garble, Hang, MessageCentre, Receipts, Refuse

ROSE, PAUL = "+33639981234", "+33639985678"
LONG = "La Risle déborde. " * 20


@pytest.fixture
async def centre():
    async with MessageCentre() as made:
        yield made


@pytest.fixture
async def opened(centre):
    made = []

    def open_channel(options=""):
        channel = Smpp(SmppConfig.from_url(centre.url + "&timeout=3" + options))
        made.append(channel)
        return channel

    yield open_channel
    for channel in made:
        await channel.close()


@pytest.fixture
def smpp(opened):
    return opened()


class Ear:
    """Keeps what is reported; ``known`` says whether it is taken."""

    def __init__(self, channel):
        self.reports = []
        self.known = True
        self.news = asyncio.Event()
        self.task = asyncio.create_task(channel.listen(self.hear))

    async def hear(self, report):
        self.reports.append(report)
        self.news.set()
        return self.known

    async def until(self, n):
        while len(self.reports) < n:
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 5)
        return self.reports


@pytest.fixture
async def ear(smpp):
    made = Ear(smpp)
    yield made
    made.task.cancel()
    await asyncio.gather(made.task, return_exceptions=True)


async def refusal(channel, text="Crue", to=ROSE):
    with pytest.raises(ChannelError) as caught:
        await channel.send(SmsMessage(text), to)
    return caught.value


@pytest.mark.parametrize(
    "text", ["Crue: montez à l'étage [€5]", "Inondation 😀 l’Orne", LONG, LONG + "ê", "{€}" * 60, "ж" * 133]
)
@pytest.mark.parametrize("options", ["", "&long=payload"])
async def test_a_text_arrives_as_it_was_written_in_as_many_parts_as_were_counted(centre, opened, text, options):
    receipt = await opened(options).send(SmsMessage(text, validity_s=3725), ROSE)
    assert centre.texts == [(ROSE, text)]
    segments = count(text).segments
    assert receipt.units == segments
    assert len(centre.parts) == (1 if options else segments)
    assert receipt.provider_id == f"smpp:{centre.parts[-1].name}"
    assert {(part.source, part.validity, part.registered) for part in centre.parts} == {
        ((1, 1, "33199000000"), "000000010205000R", 1)
    }


async def test_many_at_once_go_through_one_bind_and_none_is_mixed_up(centre, smpp):
    texts = {f"+3363998{number:04d}": f"Message {number}. " * 15 for number in range(60)}
    await asyncio.gather(*(smpp.send(SmsMessage(text), to) for to, text in texts.items()))
    assert dict(centre.texts) == texts
    assert centre.binds == [0]


async def test_what_is_composed_is_what_is_sent_and_composing_sends_nothing(centre, smpp):
    composed = smpp.compose(SmsMessage(LONG), ROSE)
    assert (composed.to, composed.readable, composed.wire.count(b"\x05\x00\x03")) == (ROSE, LONG, count(LONG).segments)
    assert centre.binds == []


async def test_an_address_that_is_no_number_is_refused_without_asking(centre, smpp):
    assert isinstance(await refusal(smpp, to="rose"), Permanent)
    assert centre.binds == []


@pytest.mark.parametrize("status", [*sorted(STATUSES), 0x410, 0x7FFFFFFF])
async def test_each_status_has_the_policy_of_the_table_and_the_connection_lives_on(centre, smpp, status):
    await smpp.send(SmsMessage("before"), PAUL)
    centre.fault(Refuse(status))
    error = await refusal(smpp)
    expected = STATUSES[status].error if status in STATUSES else Unexplained
    assert type(error) is expected
    assert (error.code, error.may_have_left) == (f"smpp:0x{status:02X}", False)
    await smpp.send(SmsMessage("after"), PAUL)
    assert [text for _, text in centre.texts] == ["before", "after"]


async def test_a_number_refused_before_any_was_taken_is_not_buried(centre, smpp):
    centre.fault(Refuse(0x0B))
    assert type(await refusal(smpp)) is Permanent
    await smpp.send(SmsMessage("Crue"), PAUL)
    centre.fault(Refuse(0x0B))
    assert type(await refusal(smpp)) is Gone


@pytest.mark.parametrize("status", [0x58, 0x14])
async def test_a_throttled_first_part_is_returned_and_a_later_part_is_retried_in_place(centre, smpp, status):
    centre.fault(Refuse(status))
    error = await refusal(smpp, LONG)
    assert isinstance(error, Transient)
    assert (error.may_have_left, error.retry_after) == (False, STATUSES[status].wait_s)
    centre.fault(Refuse(status), where=lambda part: part.concat is not None and part.concat[2] == 2)
    await smpp.send(SmsMessage(LONG), ROSE)
    assert centre.texts == [(ROSE, LONG)]


async def test_a_message_half_of_which_was_taken_may_have_left(centre, smpp):
    centre.fault(Refuse(0x45), where=lambda part: part.concat is not None and part.concat[2] == 3)
    error = await refusal(smpp, LONG)
    assert isinstance(error, Transient)
    assert error.may_have_left


@pytest.mark.parametrize(
    ("fault", "left"), [(Drop("before"), True), (Drop("after"), True), (Drop("half"), True), (Garble(), True)]
)
async def test_a_connection_that_dies_under_a_message_leaves_it_open_whether_it_left(centre, smpp, fault, left):
    await smpp.send(SmsMessage("before"), PAUL)
    centre.fault(fault)
    error = await refusal(smpp)
    assert (type(error), error.code, error.may_have_left) == (Transient, "smpp:lost", left)
    await smpp.send(SmsMessage("after"), PAUL)
    assert centre.binds == [0, 0]


async def test_a_centre_that_never_answers_is_a_time_out_that_may_have_left(centre, smpp):
    centre.fault(Hang(taken=True))
    error = await refusal(smpp)
    assert (error.code, error.may_have_left) == ("smpp:timeout", True)
    assert [text for _, text in centre.texts] == ["Crue"]


async def test_a_connection_cut_while_idle_costs_no_message(centre, smpp):
    await smpp.send(SmsMessage("before"), PAUL)
    centre.cut()
    await centre.until(lambda: centre.bound == 0)
    await smpp.send(SmsMessage("after"), PAUL)
    assert [text for _, text in centre.texts] == ["before", "after"]


async def test_a_line_that_is_silent_is_tried_and_given_up_when_it_does_not_answer(centre, opened):
    centre.receipts = Receipts(times=0)
    smpp = opened("&enquire=0.1")
    await smpp.send(SmsMessage("before"), PAUL)
    await centre.until(lambda: centre.enquiries >= 3)
    assert centre.binds == [0]
    centre.silent = True
    await asyncio.wait_for(centre.until(lambda: centre.bound == 0), 5)
    centre.silent = False
    await smpp.send(SmsMessage("after"), PAUL)
    assert centre.binds == [0, 0]


@pytest.mark.parametrize(
    ("status", "kind"), [(0x0E, Misconfigured), (0x0F, Misconfigured), (0x0D, Misconfigured), (0x05, Transient)]
)
async def test_a_bind_that_is_refused_stops_the_channel_or_waits_and_says_so(centre, smpp, status, kind):
    centre.fault_bind(Refuse(status))
    error = await refusal(smpp)
    assert (type(error), error.may_have_left) == (kind, False)
    assert "s3cret" not in str(error)
    await smpp.send(SmsMessage("Crue"), ROSE)
    assert len(centre.texts) == 1


async def test_a_hundred_who_wait_for_the_bind_make_one(centre, smpp):
    centre.fault_bind(Refuse(0x0E))
    errors = await asyncio.gather(*(refusal(smpp) for _ in range(100)))
    assert {type(error) for error in errors} == {Misconfigured}
    assert centre.binds == [0x0E]


async def test_where_nobody_listens_it_is_a_transient_that_has_not_left(centre, smpp):
    await centre.stop()
    error = await refusal(smpp)
    assert (type(error), error.code, error.may_have_left) == (Transient, "smpp:connect", False)
    async with centre:
        await smpp.send(SmsMessage("Crue"), ROSE)


async def test_the_window_is_never_exceeded(centre, opened):
    smpp = opened("&window=3")
    for _ in range(3):
        centre.fault(Hang())
    sending = [asyncio.create_task(refusal(smpp)) for _ in range(3)]
    await centre.until(lambda: centre.submitted == 3)
    waiting = asyncio.create_task(smpp.send(SmsMessage("fourth"), PAUL))
    errors = await asyncio.gather(*sending)
    await waiting
    assert {error.code for error in errors} == {"smpp:timeout"}
    assert centre.submitted == 4


async def test_closing_takes_leave_and_may_be_done_twice(centre, smpp):
    await smpp.send(SmsMessage("Crue"), ROSE)
    await smpp.close()
    await smpp.close()
    assert centre.unbinds == 1
    assert (await refusal(smpp)).code == "smpp:closed"


# what comes back


async def test_a_receipt_names_the_message_that_it_is_about(centre, smpp, ear):
    receipt = await smpp.send(SmsMessage("Crue"), ROSE)
    [report] = await ear.until(1)
    assert (report.provider_id, report.fate) == (receipt.provider_id, "delivered")
    await centre.until(lambda: centre.answered == [0])


@pytest.mark.parametrize("stat", ["UNDELIV", "EXPIRED", "REJECTD"])
async def test_a_failure_comes_with_the_carriers_figure(centre, smpp, ear, stat):
    centre.receipts = Receipts(stat=stat, err="027")
    await smpp.send(SmsMessage("Crue"), ROSE)
    [report] = await ear.until(1)
    assert (report.fate, report.code, report.dead) == ("failed", f"smpp:{stat} 027", False)


async def test_a_receipt_in_parameters_is_read_and_so_is_a_subscriber_who_is_no_more(centre, smpp, ear):
    centre.receipts = Receipts(stat="UNDELIV", tlvs=True, network_error=b"\x03\x00\x01")
    receipt = await smpp.send(SmsMessage("Crue"), ROSE)
    [report] = await ear.until(1)
    assert (report.provider_id, report.fate, report.dead) == (receipt.provider_id, "failed", True)


async def test_names_given_in_hexadecimal_and_told_in_decimal_are_one(centre, opened):
    centre.hex_names = True
    smpp = opened("&ids=hex")
    ear = Ear(smpp)
    receipt = await smpp.send(SmsMessage("Crue"), ROSE)
    [report] = await ear.until(1)
    assert report.provider_id == receipt.provider_id == "smpp:1001"
    ear.task.cancel()


async def test_a_long_message_is_delivered_when_its_last_part_is_and_told_once(centre, smpp, ear):
    centre.receipts = Receipts(times=0)
    receipt = await smpp.send(SmsMessage(LONG), ROSE)
    names = [part.name for part in centre.parts]
    for name in reversed(names[1:]):
        assert await centre.tell(name) == 0
    assert ear.reports == []
    assert await centre.tell(names[0]) == 0
    assert [(report.provider_id, report.fate) for report in ear.reports] == [(receipt.provider_id, "delivered")]


async def test_a_long_message_one_part_of_which_fails_has_failed(centre, smpp, ear):
    centre.receipts = Receipts(times=0)
    receipt = await smpp.send(SmsMessage(LONG), ROSE)
    await centre.tell(centre.parts[0].name, stat="UNDELIV", err="001")
    assert [(report.provider_id, report.fate) for report in ear.reports] == [(receipt.provider_id, "failed")]


async def test_what_is_not_written_down_is_left_with_the_centre_which_sends_it_again(centre, smpp, ear):
    ear.known = False
    await smpp.send(SmsMessage("Crue"), ROSE)
    await ear.until(3)
    ear.known = True
    await centre.until(lambda: 0 in centre.answered)
    assert centre.answered[:3] == [0x64] * 3


async def test_anybody_who_listens_is_bound_before_anything_is_sent_and_again_after_a_cut(centre, smpp, ear):
    await centre.until(lambda: centre.bound == 1)
    centre.cut()
    await centre.until(lambda: len(centre.binds) == 2)
    assert await centre.tell("77") == 0
    assert ear.reports[0].provider_id == "smpp:77"


async def test_an_answer_of_a_person_and_nonsense_are_acknowledged_and_change_nothing(centre, smpp, ear):
    await centre.until(lambda: centre.bound == 1)
    assert await centre.incoming(b"STOP") == 0
    assert await centre.incoming(b"\xff\xfe nonsense", 0b100) == 0
    assert ear.reports == []


async def test_a_probe_tells_what_is_wrong_and_sends_nothing(centre, smpp, opened):
    [found] = await smpp.probe()
    assert (found.level, "mairie" in found.what) == ("ok", True)
    centre.fault_bind(Refuse(0x0E))
    [found] = await smpp.probe()
    assert (found.level, "0x0E" in found.what, "password" in found.hint) == ("error", True, True)
    await centre.stop()
    [found] = await smpp.probe()
    assert found.level == "error"
    assert centre.submitted == 0
    async with centre:
        pass
