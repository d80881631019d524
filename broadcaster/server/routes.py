"""Every route of API and pages; also the source of the OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.http.routes import ROUTES as API
from broadcaster.web import files
from broadcaster.web.console.register_routes import ROUTES as REGISTER
from broadcaster.web.console.routes import ROUTES as CONSOLE
from broadcaster.web.resident.routes import ROUTES as RESIDENT

if TYPE_CHECKING:
    from broadcaster.http.route import Route

ROUTES: tuple[Route, ...] = (*API, *RESIDENT, *files.ROUTES, *CONSOLE, *REGISTER)
