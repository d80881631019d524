"""Typed application and request keys."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from datetime import datetime
from typing import Any

from aiohttp import web

from broadcaster.atlas import Territories
from broadcaster.bus.rates import Rates
from broadcaster.domain.audit import Param
from broadcaster.domain.permissions import Caller
from broadcaster.domain.stations import Station
from broadcaster.http.connections import Connections
from broadcaster.http.schemas.reports import ReportOut
from broadcaster.http.shared_read import SharedRead
from broadcaster.http.tokens import Tokens
from broadcaster.openid.provider import Provider
from broadcaster.pipeline.services import Services
from broadcaster.store.engine.grouping import Grouped
from broadcaster.store.operations.sessions import Session

SERVICES: web.AppKey[Services] = web.AppKey("services")
RATES: web.AppKey[Rates] = web.AppKey("rates")
TOKENS: web.AppKey[Tokens] = web.AppKey("tokens")
CALLERS: web.AppKey[Grouped[str, Caller | None]] = web.AppKey("callers")
"""Looks up the holders of API keys."""
STATIONS: web.AppKey[Grouped[str, Station | None]] = web.AppKey("stations")
"""Stations by slug."""
OPENID: web.AppKey[Provider | None] = web.AppKey("openid")
FRANCECONNECT: web.AppKey[Provider | None] = web.AppKey("franceconnect")
SESSION: web.RequestKey[Session] = web.RequestKey("session")
KEY_USES: web.AppKey[dict[int, datetime]] = web.AppKey("key uses")
"""When this process last recorded the use of each API key."""
SEEN: web.RequestKey[dict[str, Param]] = web.RequestKey("seen")
"""The audit entry of an answer."""
LARGEST: web.RequestKey[int] = web.RequestKey("largest")
"""The most octets of this request's body."""
BODY: web.RequestKey[bytes] = web.RequestKey("body")
Admit = Callable[[web.Request], Awaitable[tuple[Caller | None, int]]]
ADMIT: web.RequestKey[Admit] = web.RequestKey("admit")
"""Authenticates a request of this route, once more too."""
PARSER: web.AppKey[Executor] = web.AppKey("parser")
"""The executor that parses large bodies."""
TERRITORIES: web.AppKey[Territories] = web.AppKey("territories")
REPORTS: web.AppKey[SharedRead[ReportOut]] = web.AppKey("reports")
CONNECTIONS: web.AppKey[Connections] = web.AppKey("connections")
STREAMS: web.AppKey[set[asyncio.Task[Any]]] = web.AppKey("streams")
HOLDERS: web.AppKey[Counter[int]] = web.AppKey("holders")
"""Number of open streams per key."""
PAGES: web.AppKey[frozenset[tuple[str, str]]] = web.AppKey("pages")
DOCUMENT: web.AppKey[Callable[[str], bytes]] = web.AppKey("document")
