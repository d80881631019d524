"""What a mail costs us: CPU a message of the channel against a bare loop of aiosmtplib over as many connections.

``python -m tests.bench.email_send [--messages 4000] [--connections 8] [--uvloop] [--image 20000]``

Both send the same bytes to a cheap sink in another process, in turns within the same minute; the bare loop's messages
are composed before its clock starts, the channel composes each of its own within. Then the parts alone: one message
composed by the channel, by the standard library, and signed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import time
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import TYPE_CHECKING

import aiosmtplib
import uvloop
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from channels.email import DkimKey, Email, InlineImage, Mail, MailTemplate, SmtpConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

SENDER = "Mairie de L’Aigle <alerte@ville.example>"
PARAGRAPH = "La Risle déborde : quittez à pied les quartiers bas et rejoignez la salle Michaux. "


class Sink(asyncio.Protocol):
    """Says yes to everything, with no more work than finding the ends of lines and of messages."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.held = b""
        self.in_data = False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.held += data
        if self.in_data:
            if self.held.endswith(b"\r\n.\r\n"):
                self.held, self.in_data = b"", False
                self.transport.write(b"250 2.0.0 Ok: queued as 4Zv8Xk2yQ1z9\r\n")
            return
        while b"\r\n" in self.held:
            line, _, self.held = self.held.partition(b"\r\n")
            command = line[:4].upper()
            if command == b"DATA":
                self.in_data = True
                self.transport.write(b"354 go on\r\n")
            elif command == b"EHLO":
                self.transport.write(b"250-sink\r\n250-8BITMIME\r\n250 SIZE 35882577\r\n")
            else:
                self.transport.write(b"221 bye\r\n" if command == b"QUIT" else b"250 2.0.0 Ok\r\n")


def serve(port: Connection) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(run())


def template(image: int) -> MailTemplate:
    images = (InlineImage("carte@tocsin", bytes(image), "image/png", "Carte"),) if image else ()
    shown = '<img src="cid:carte@tocsin" alt="Carte">' if image else ""
    return MailTemplate(
        subject="Crue de la Risle : évacuez les quartiers bas de L’Aigle",
        text="Bonjour {{name}},\n\n" + PARAGRAPH * 8 + "\n\nSe désabonner : {{unsubscribe_url}}\n",
        html=f"<p>Bonjour {{{{name}}}},</p>{shown}<p>{PARAGRAPH * 12}</p><a href='{{{{unsubscribe_url}}}}'>Non</a>",
        language="fr",
        list_id="laigle.ville.example",
        images=images,
        urgent=True,
        placeholders=("name", "unsubscribe_url"),
    )


def mail(shared: MailTemplate, number: int) -> Mail:
    return Mail(shared, f"alert-1.p{number}", f"https://tocsin.example/u/{number:024d}", {"name": f"Zoé Nº {number}"})


async def bare(port: int, connections: int, wires: list[bytes]) -> None:
    """Do as the manual of aiosmtplib shows: connect, sendmail again and again."""
    numbers = iter(range(len(wires)))

    async def one() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, local_hostname="bench", start_tls=False) as smtp:
            for number in numbers:
                await smtp.sendmail("alerte@ville.example", [f"p{number}@example.com"], wires[number])

    await asyncio.gather(*(one() for _ in range(connections)))


async def ours(port: int, connections: int, shared: MailTemplate, count: int) -> None:
    config = SmtpConfig.from_url(
        f"smtp://127.0.0.1:{port}?pool={connections}&per_connection=999999&helo=bench", sender=SENDER
    )
    channel = Email(config)
    numbers = iter(range(count))

    async def one() -> None:
        for number in numbers:
            await channel.send(mail(shared, number), f"p{number}@example.com")

    await asyncio.gather(*(one() for _ in range(connections)))
    await channel.close()


def by_stdlib(one: Mail) -> bytes:
    """The same mail made by ``email.message`` anew, as most services do."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"], message["To"], message["Subject"] = SENDER, "p1@example.com", one.template.subject
    message["Message-ID"], message["List-Id"] = f"<{one.message_id}@ville.example>", f"<{one.template.list_id}>"
    message["List-Unsubscribe"] = f"<{one.unsubscribe_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for content, kind in ((one.template.text, "plain"), (one.template.html, "html")):
        filled = content.replace("{{name}}", one.fill["name"]).replace("{{unsubscribe_url}}", one.unsubscribe_url)
        if kind == "plain":
            message.set_content(filled)
        else:
            message.add_alternative(filled, subtype="html")
    for image in one.template.images:
        message.get_payload()[1].add_related(image.data, "image", "png", cid=f"<{image.cid}>")
    return message.as_bytes()


def micros(work: Callable[[], object], count: int) -> float:
    """CPU a call, in µs."""
    started = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - started) / count * 1e6


def clocked(run: Callable[[], object], count: int) -> tuple[float, float]:
    """CPU and time a message, in µs."""
    cpu, clock = time.process_time(), time.perf_counter()
    run()
    return (time.process_time() - cpu) / count * 1e6, (time.perf_counter() - clock) / count * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--image", type=int, default=0, help="bytes of an inline image")
    parser.add_argument("--uvloop", action="store_true")
    options = parser.parse_args()
    run = uvloop.run if options.uvloop else asyncio.run

    here, there = multiprocessing.Pipe()
    sink = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    sink.start()
    port = here.recv()
    shared = template(options.image)
    composer = Email(SmtpConfig.from_url("smtp://127.0.0.1", sender=SENDER))
    wires = [composer.compose(mail(shared, n), f"p{n}@example.com").wire for n in range(options.messages)]
    rounds = []
    for _ in range(options.rounds):
        rival = clocked(lambda: run(bare(port, options.connections, wires)), options.messages)
        mine = clocked(lambda: run(ours(port, options.connections, shared, options.messages)), options.messages)
        rounds.append((rival, mine))
    sink.terminate()

    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signing = SmtpConfig.from_url("smtp://127.0.0.1", sender=SENDER, dkim=DkimKey("ville.example", "s1", key.decode()))
    signer, one = Email(signing), mail(shared, 1)
    report = {
        "bytes a message": len(wires[0]),
        "bare aiosmtplib, CPU µs a message": round(statistics.median(rival[0] for rival, _ in rounds)),
        "channel, CPU µs a message": round(statistics.median(mine[0] for _, mine in rounds)),
        "messages a second, bare": round(1e6 / statistics.median(rival[1] for rival, _ in rounds)),
        "messages a second, channel": round(1e6 / statistics.median(mine[1] for _, mine in rounds)),
        "bare CPU / channel CPU": round(statistics.median(rival[0] / mine[0] for rival, mine in rounds), 2),
        "composing, µs": round(micros(lambda: composer.compose(mail(shared, 1), "p1@example.com"), 2000), 1),
        "composing and signing (RSA 2048), µs": round(micros(lambda: signer.compose(one, "p1@example.com"), 300), 1),
        "composing by email.message, µs": round(micros(lambda: by_stdlib(one), 100), 1),
    }
    print(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
