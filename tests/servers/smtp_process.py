"""``SmtpServer`` as a process of its own, which prints its port.

``python -m tests.servers.smtp_process --port 0 --record mails.jsonl``
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.smtp import Fault, ReceivedMail, SmtpServer

if TYPE_CHECKING:
    from typing import TextIO


async def _serve(arguments: argparse.Namespace, record: TextIO | None) -> None:
    server = SmtpServer(port=arguments.port, starttls=arguments.starttls)
    for text in arguments.fail:
        recipient, stage, what = text.split("=", 2)
        server.fail(Fault(stage, what), recipient=recipient if recipient != "*" else None)
    if record is not None:
        server._keep = lambda mail: record.write(_line(mail)) and record.flush()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with server:
        print(server.port, flush=True)
        if server.ca_file:
            print(server.ca_file, flush=True)
        await stopped.wait()


def _line(mail: ReceivedMail) -> str:
    return (
        json.dumps(
            {
                "at": mail.at,
                "from": mail.sender,
                "to": mail.recipients,
                "message_id": mail.parsed["Message-ID"],
                "raw": base64.b64encode(mail.raw).decode(),
            }
        )
        + "\n"
    )


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--starttls", action="store_true", help="offer it; the certificate's file is printed after the port"
    )
    parser.add_argument("--record", help="a file that gets one line of JSON a message")
    parser.add_argument("--fail", action="append", default=[], metavar="RECIPIENT=STAGE=REPLY", help="* is everyone")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as files:
        path = arguments.record
        record = files.enter_context(Path(path).open("a", encoding="utf-8")) if path else None
        asyncio.run(_serve(arguments, record))
    sys.exit(0)


if __name__ == "__main__":
    _main()
