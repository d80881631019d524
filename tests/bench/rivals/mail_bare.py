"""The bare loop for mail: aiosmtplib, connections kept, a message composed for each. Prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from email.message import EmailMessage
from email.utils import make_msgid

import aiosmtplib
import uvloop


async def main(port: int, messages: int, connections: int) -> None:
    rest = iter(range(messages))

    async def one_after_another() -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
        await client.connect()
        for number in rest:
            mail = EmailMessage()
            mail["From"] = "L'Aigle <alertes@laigle.example>"
            mail["To"] = f"resident{number:07d}@town.example"
            mail["Subject"] = "La Risle déborde"
            mail["Message-ID"] = make_msgid(domain="laigle.example")
            mail.set_content("Montez à l'étage. Ne prenez pas la voiture.\n" * 4)
            mail.add_alternative("<p>Montez à l'étage. Ne prenez pas la voiture.</p>" * 4, subtype="html")
            await client.send_message(mail)
        await client.quit()

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*[one_after_another() for _ in range(connections)])
    print(json.dumps({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*(int(each) for each in sys.argv[1:4])))
