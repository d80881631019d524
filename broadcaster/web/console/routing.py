"""Builders of console routes, one for each permission: ``SEND.page(...)``."""

from dataclasses import dataclass
from typing import Any

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http.route import Access, Handler, Route
from broadcaster.http.schemas.base import FORM


@dataclass(frozen=True, slots=True)
class Permitted:
    """Builds the routes that need one permission. ``changes``: audit actions that the handler records."""

    permission: Permission

    def page(self, path: str, handler: Handler, *changes: Action, **more: Any) -> Route:
        return self._route("GET", path, handler, changes, page=True, **{"answers": {200: "text/html"}, **more})

    def form(self, path: str, handler: Handler, *changes: Action, **more: Any) -> Route:
        more = {"answers": {303: None}, "largest": FORM, **more}
        return self._route("POST", path, handler, changes, page=True, **more)

    def file(self, path: str, handler: Handler, media: str, *changes: Action, **more: Any) -> Route:
        """Return the route of a file to save; its problems are pages."""
        return self._route("GET", path, handler, changes, answers={200: media}, page=True, **more)

    def data(self, method: str, path: str, handler: Handler, *changes: Action, **more: Any) -> Route:
        """Return the route of a script's request: JSON, or a stream of events."""
        return self._route(method, path, handler, changes, **{"answers": {200: "application/json"}, **more})

    def _route(self, method: str, path: str, handler: Handler, changes: tuple[Action, ...], **more: Any) -> Route:
        more = {"permission": self.permission, "changes": changes, **more}
        return Route(method, path, handler, access=Access.OPERATOR, tag="console", **more)


APPROVE = Permitted(Permission.APPROVE)
EXPORT = Permitted(Permission.EXPORT)
LOOK = Permitted(Permission.LOOK)
OPERATORS = Permitted(Permission.OPERATORS)
REGISTER = Permitted(Permission.REGISTER)
SELF = Permitted(Permission.SELF)
SEND = Permitted(Permission.SEND)
SETTINGS = Permitted(Permission.SETTINGS)
STATIONS = Permitted(Permission.STATIONS)
VULNERABLE = Permitted(Permission.VULNERABLE)
