"""Every route of API and pages; also the source of the OpenAPI document."""

from broadcaster.http.route import Route
from broadcaster.http.routes import ROUTES as API
from broadcaster.web import files
from broadcaster.web.console.operator_routes import ROUTES as OPERATORS
from broadcaster.web.console.oversight_routes import ROUTES as OVERSIGHT
from broadcaster.web.console.register_routes import ROUTES as REGISTER
from broadcaster.web.console.routes import ROUTES as CONSOLE
from broadcaster.web.console.visit_routes import VISIT_ROUTES
from broadcaster.web.console.vulnerable_routes import ROUTES as VULNERABLE
from broadcaster.web.resident.routes import ROUTES as RESIDENT

CONSOLE_ROUTES = (*CONSOLE, *VISIT_ROUTES, *OPERATORS, *OVERSIGHT, *REGISTER, *VULNERABLE)
ROUTES: tuple[Route, ...] = (*API, *RESIDENT, *files.ROUTES, *CONSOLE_ROUTES)
