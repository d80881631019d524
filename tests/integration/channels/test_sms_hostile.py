"""Whatever answers in Twilio's place, only channel errors come out."""

from __future__ import annotations

import asyncio

import pytest

from channels.errors import ChannelError, Misconfigured, Permanent, Transient
from channels.sms import Sms, SmsMessage
from channels.twilio import TwilioAccount
from tests.servers.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioServer

BODIES = [
    b"",
    b"not json",
    b"\xff\xfe\x00\xd8",
    b"null",
    b"[]",
    b'"21610"',
    b'{"code": "21610"}',
    b'{"code": true}',
    b'{"code": -1, "message": null}',
    b'{"code": 1e999, "sid": 5}',
    b'{"sid": "SM1", "status": []}',
    b"[" * 100_000,
    b"<html>captive portal</html>",
]


class Raw:
    """Answers each request with the bytes it was given, then closes."""

    answer = b""

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self.server.sockets[0].getsockname()[1]
        self.sms = Sms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "+33644640001", f"http://127.0.0.1:{port}", timeout_s=5))
        return self

    async def __aexit__(self, *_):
        await self.sms.close()
        self.server.close()
        await self.server.wait_closed()

    async def _serve(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        writer.write(self.answer)
        await writer.drain()
        writer.close()

    async def refusal(self):
        with pytest.raises(ChannelError) as caught:
            await self.sms.send(SmsMessage("Crue"), "+33639980001")
        return caught.value


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_every_status_with_a_body_without_sense_raises_a_channel_error_only(body):
    async with Raw() as raw:
        for status in range(100, 600):
            head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            raw.answer = head.encode() + body
            error = await raw.refusal()
            if 200 <= status < 300:
                assert isinstance(error, Transient), status
                assert error.may_have_left, status
            elif status >= 500 or status == 429:
                assert isinstance(error, Transient), status
            elif status in (401, 403, 404) or (300 <= status < 400 and status != 304):  # a 304 has no body: no HTTP
                assert isinstance(error, Misconfigured), status
            elif status in (400, 413, 422):
                assert isinstance(error, Permanent), status


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\x01\x02",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 201\r\n\r\n",
        b"HTTP/9.9 999 X\r\n\r\n",
        b"HTTP/1.1 201 X\r\nContent-Length: 50\r\n\r\n{",
        b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 201 X\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 201 X\r\nContent-Type: text/plain; charset=nonsense\r\nContent-Length: 2\r\n\r\n\xff\xff",
        b"HTTP/1.1 201 X\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
)
async def test_what_is_not_http_may_have_left_or_is_not_twilio(answer):
    async with Raw() as raw:
        raw.answer = answer
        error = await raw.refusal()
        assert error.may_have_left or isinstance(error, Misconfigured)


async def test_the_token_is_in_no_error_and_no_log(caplog):
    caplog.set_level("DEBUG")
    async with TwilioServer(auth_token="f" * 32) as twilio:
        account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "+33644640001", twilio.url)
        sms = Sms(account)
        with pytest.raises(Misconfigured) as caught:
            await sms.send(SmsMessage("Crue"), "+33639980001")
        await sms.close()
    said = f"{caught.value} {caught.value!r} {caught.value.__cause__!r} {account!r} {caplog.text}"
    assert AUTH_TOKEN not in said
    assert "+33639980001" not in said
