"""Our reading of SMPP, and that of our message centre, judged by a library that others wrote: aiosmpplib."""

from __future__ import annotations

import asyncio

import pytest

from channels.sms import SmsMessage
from channels.sms.smpp import Smpp, SmppConfig
from channels.sms.smpp.pdu import Command, Pdu, bind_body, length_of
from tests.servers.smpp import MessageCentre

judge = pytest.importorskip("aiosmpplib")
ROSE = "+33639981234"


def units(wire):
    while wire:
        size = 16 + length_of(wire[:16])
        header = judge.SmppMessage.parse_header(wire[:16])
        yield judge.SubmitSm.from_pdu(wire[:size], header, "gsm0338")
        wire = wire[size:]


@pytest.mark.parametrize(
    "text", ["Crue: l'étage [€5] {ÀÉ}".replace("À", "à"), "Inondation 😀", "La Risle [déborde]. " * 20]
)
def test_what_we_compose_is_read_by_it_as_we_meant_it(text):
    channel = Smpp(SmppConfig.from_url("smpp://mairie:secret@127.0.0.1?from=MAIRIE"))
    read = list(units(channel.compose(SmsMessage(text, validity_s=3600), ROSE).wire))
    assert "".join(unit.short_message for unit in read) == text
    for unit in read:
        assert (unit.source.number, int(unit.source.ton), int(unit.source.npi)) == ("MAIRIE", 5, 0)
        assert (unit.destination.number, int(unit.destination.ton), int(unit.destination.npi)) == ("33639981234", 1, 1)
        assert unit.validity_period.total_seconds() == 3600
        assert unit.registered_delivery == 1
    if len(read) > 1:
        assert [unit.get_segmentation_data()[1:] for unit in read] == [(n + 1, len(read)) for n in range(len(read))]


def test_our_bind_is_octet_by_octet_its_own():
    theirs = judge.BindTransceiver(sequence_num=7, system_id="mairie", password="s3cret%", system_type="WEB").pdu()
    assert Pdu(Command.BIND_TRANSCEIVER, 0, 7, bind_body("mairie", "s3cret%", "WEB")).octets() == theirs


class Hook(judge.AbstractHook):
    def __init__(self):
        self.heard = []
        self.news = asyncio.Event()

    async def sending(self, smpp_message, pdu, client_id):
        pass

    async def received(self, smpp_message, pdu, client_id):
        self.heard.append(smpp_message)
        self.news.set()

    async def send_error(self, smpp_message, error, client_id):
        raise AssertionError(error)


async def test_it_speaks_with_our_message_centre_and_understands_its_receipts():
    hook = Hook()
    async with MessageCentre() as centre:
        client = judge.ESME("127.0.0.1", centre.port, "mairie", "s3cret%", hook=hook, log_level="ERROR")
        number = judge.PhoneNumber("33639981234", judge.TON.INTERNATIONAL, judge.NPI.ISDN)
        await client.broker.enqueue(judge.SubmitSm(short_message="Crue à 5 €", source=number, destination=number))
        running = asyncio.create_task(client.start())
        try:
            async with asyncio.timeout(30):
                while not any(isinstance(each, judge.DeliverSm) for each in hook.heard):
                    hook.news.clear()
                    await hook.news.wait()
        finally:
            left_open = client._writer  # it forgets its socket without closing it
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            left_open.close()
            await left_open.wait_closed()
        assert centre.texts == [(ROSE, "Crue à 5 €")]
    receipt = next(each for each in hook.heard if isinstance(each, judge.DeliverSm)).parse_receipt()
    assert (receipt["id"], receipt["stat"]) == (centre.parts[0].name, "DELIVRD")
