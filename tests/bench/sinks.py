"""Where messages end in a benchmark: programs that say yes and cost little, so that we measure ourselves."""

from __future__ import annotations

import os
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import peers
from tests.servers.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log /dev/null crit;
worker_processes 1;
events {{ worker_connections 8192; multi_accept on; }}
http {{
  access_log off;
  keepalive_requests 10000000;
  keepalive_timeout 300s;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location /push/ {{ add_header Location /m/$request_id always; return 201; }}
    location /2010-04-01/ {{
      default_type application/json;
      return 201 '{{"sid":"SM$request_id","status":"queued","error_code":null,"num_segments":"1"}}';
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Sink:
    """``url`` is where it listens; ``pid`` whose CPU time is not ours."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def push_endpoint(self) -> str:
        return f"{self.url}/push/"


@asynccontextmanager
async def nginx() -> AsyncIterator[Sink]:
    """A push service and a Twilio that take everything (nginx answers constants)."""
    program = peers.found("nginx")
    if program is None:
        message = "nginx is not here"
        raise RuntimeError(message)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-nginx-") as folder:
        config = Path(folder) / "nginx.conf"
        config.write_text(_NGINX.format(folder=folder, port=port))
        async with peers.started(program, "-e", "/dev/null", "-c", str(config), "-p", folder, port=port) as process:
            yield Sink(port, process.pid)


@asynccontextmanager
async def smtp_sink() -> AsyncIterator[Sink]:
    """A relay that takes every mail and keeps none (postfix' ``smtp-sink``)."""
    program = peers.found("smtp-sink")
    if program is None:
        message = "smtp-sink is not here"
        raise RuntimeError(message)
    port = free_port()
    # As root it wants to become someone else.
    as_other = ("-u", "nobody") if os.geteuid() == 0 else ()
    async with peers.started(program, *as_other, "-c", f"127.0.0.1:{port}", "2000", port=port) as process:
        yield Sink(port, process.pid)
