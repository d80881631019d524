"""SMPP over TLS: a certificate that holds is believed, any other is refused before a word of ours is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from channels.errors import ChannelError, Misconfigured, Transient
from channels.sms import SmsMessage
from channels.sms.smpp import Smpp, SmppConfig
from tests.servers.certificates import self_signed
from tests.servers.smpp import MessageCentre

if TYPE_CHECKING:
    from pathlib import Path

ROSE = "+33639981234"


def config_for(centre: MessageCentre, ca_file: Path | None, options: str = "&tls=yes") -> SmppConfig:
    config = SmppConfig.from_url(f"{centre.url}&timeout=2{options}")
    return replace(config, ca_file=None if ca_file is None else str(ca_file))


async def refusal(config: SmppConfig) -> ChannelError:
    channel = Smpp(config)
    try:
        with pytest.raises(ChannelError) as caught:
            await channel.send(SmsMessage("Crue"), ROSE)
    finally:
        await channel.close()
    return caught.value


async def test_a_message_goes_out_over_tls_to_who_shows_a_certificate_that_we_trust(tmp_path: Path) -> None:
    context, ca_file = self_signed(tmp_path, ("127.0.0.1",))
    async with MessageCentre(tls=context) as centre:
        channel = Smpp(config_for(centre, ca_file))
        receipt = await channel.send(SmsMessage("Crue"), ROSE)
        await channel.close()
        assert receipt.provider_id is not None
        assert centre.texts == [(ROSE, "Crue")]


async def test_a_certificate_that_nobody_vouches_for_is_refused_and_no_password_is_sent(tmp_path: Path) -> None:
    context, _ = self_signed(tmp_path, ("127.0.0.1",))
    async with MessageCentre(tls=context) as centre:
        error = await refusal(config_for(centre, None))
        assert (type(error), error.code) == (Misconfigured, "smpp:certificate")
        assert not error.may_have_left
        assert (centre.binds, centre.submitted) == ([], 0)


async def test_a_certificate_of_another_host_is_refused_though_we_trust_its_maker(tmp_path: Path) -> None:
    context, ca_file = self_signed(tmp_path, ("smsc.example.org",))
    async with MessageCentre(tls=context) as centre:
        error = await refusal(config_for(centre, ca_file))
        assert (type(error), error.code) == (Misconfigured, "smpp:certificate")
        assert (centre.binds, centre.submitted) == ([], 0)


async def test_a_port_without_tls_is_no_place_for_a_password(tmp_path: Path) -> None:
    _, ca_file = self_signed(tmp_path, ("127.0.0.1",))
    async with MessageCentre() as centre:
        error = await refusal(config_for(centre, ca_file))
        assert type(error) is Transient
        assert not error.may_have_left
        assert (centre.binds, centre.submitted) == ([], 0)
