"""Asks ``/healthz`` every 50 ms in a process of its own, so that a busy asker is not taken for a busy service.

``python -m tests.servers.probe PORT``: prints the seconds of each answer in a line of its own, until stdin is closed.
"""

from __future__ import annotations

import http.client
import sys
import threading
import time

PROBE_S = 0.05
ANSWERED_S = 60.0


def main(port: int) -> None:
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    service = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWERED_S)
    while not over.wait(PROBE_S):
        began = time.perf_counter()
        service.request("GET", "/healthz")
        answer = service.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            sys.exit(f"/healthz answered {answer.status}")
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
