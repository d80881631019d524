"""The SMTP server as a process of its own, as the tests that kill the service need it."""

import asyncio
import base64
import json
import sys

import pytest

from channels.email import Email, Mail, MailTemplate, SmtpConfig
from channels.errors import Gone


async def test_the_server_as_a_process_prints_its_port_records_what_it_takes_and_refuses_as_told(tmp_path):
    record = tmp_path / "mails.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.servers.smtp_process", "--port", "0", "--starttls", "--record", str(record),
        "--fail", "dead@example.com=rcpt=550 5.1.1 no such user",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        port = int(await process.stdout.readline())
        ca_file = (await process.stdout.readline()).decode().strip()
        url = f"smtp://127.0.0.1:{port}?starttls=required"
        channel = Email(SmtpConfig.from_url(url, sender="alerte@ville.example", ca_file=ca_file))
        mail = Mail(MailTemplate("Crue", "Évacuez", "<p>Évacuez</p>", "fr", "laigle.ville.example"), "a1.p1")
        await channel.send(mail, "zoe@example.com")
        with pytest.raises(Gone):
            await channel.send(mail, "dead@example.com")
        await channel.close()
    finally:
        process.terminate()
        assert await process.wait() == 0
        process._transport.close()
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert [(line["to"], line["message_id"]) for line in lines] == [(["zoe@example.com"], "<a1.p1@ville.example>")]
    assert b"Subject: Crue\r\n" in base64.b64decode(lines[0]["raw"])
