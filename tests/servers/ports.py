"""Ports for servers that are started again at the same one."""

from __future__ import annotations

import os
import socket

# Below those that the system gives to whoever connects somewhere: none of them takes the port of a server that is down.
_FIRST, _END = 15_000, 32_000
_PRIME = 7919
_next = os.getpid() * _PRIME


def free_port() -> int:
    """A port of this machine that is free, and that no other call of this process has given; others begin elsewhere."""
    global _next  # noqa: PLW0603  one count a process
    for _ in range(_END - _FIRST):
        _next += 1
        port = _FIRST + _next % (_END - _FIRST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    message = f"no port from {_FIRST} to {_END} is free"
    raise OSError(message)
