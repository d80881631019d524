"""Builders of console routes: ``page_at``, ``form_at`` and ``data_at``."""

from typing import Any

from broadcaster.domain.permissions import Permission
from broadcaster.http.route import FORM, Access, Handler, Route


def page_at(path: str, handler: Handler, permission: Permission, summary: str, **more: Any) -> Route:
    """Return a page's route for a signed-in operator."""
    more = {"permission": permission, **more}
    return Route(
        "GET",
        path,
        handler,
        Access.OPERATOR,
        summary,
        {200: "text/html"},
        page=True,
        documented=False,
        tag="console",
        **more,
    )


def form_at(path: str, handler: Handler, permission: Permission, summary: str, **more: Any) -> Route:
    """Return the route of a form on an operator's page."""
    more = {"largest": FORM, "permission": permission, **more}
    return Route(
        "POST", path, handler, Access.OPERATOR, summary, {303: None}, page=True, documented=False, tag="console", **more
    )


def data_at(method: str, path: str, handler: Handler, permission: Permission, summary: str, **more: Any) -> Route:
    """Return the route of a script's request: JSON, or a stream of events."""
    answers = more.pop("answers", {200: "application/json"})
    more = {"permission": permission, **more}
    return Route(method, path, handler, Access.OPERATOR, summary, answers, documented=False, tag="console", **more)
