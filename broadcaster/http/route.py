"""Routes as data for the guards and the OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from broadcaster.domain.refusals import Forbidden
from broadcaster.domain.stations import Role
from broadcaster.http.problems import unauthenticated

if TYPE_CHECKING:
    from aiohttp import web
    from pydantic import BaseModel

    from broadcaster.domain.stations import Caller
    from broadcaster.pipeline.services import Services

B_co = TypeVar("B_co", covariant=True)
Q_co = TypeVar("Q_co", covariant=True)


class Access(StrEnum):
    """Who may call.

    ``open``: anybody, not counted. ``public``: anybody, rate-limited. ``keyed``: counted by key if there is one, else
    as public. ``read``, ``publish``, ``admin``: an API key of at least that role. ``subscriber``: a subscriber's token.
    ``device``: the same, from memory if it was used just now; the handler finds out who was erased meanwhile.
    ``signed``: the request proves itself (a token in its path, a provider's signature); others are counted.
    ``operator``: an operator signed in to the console; changes only from our own pages. ``local``: this machine, or a
    key that may read.
    """

    OPEN = "open"
    PUBLIC = "public"
    KEYED = "keyed"
    READ = "read"
    PUBLISH = "publish"
    ADMIN = "admin"
    SUBSCRIBER = "subscriber"
    DEVICE = "device"
    SIGNED = "signed"
    OPERATOR = "operator"
    LOCAL = "local"


SMALL, FORM, SHAPE = 8 << 10, 64 << 10, 1 << 20
"""Octets of a body: from strangers; a form, or texts in two languages; an area of 10,000 vertices."""

ROLE_OF = {Access.READ: Role.READ, Access.PUBLISH: Role.PUBLISH, Access.ADMIN: Role.ADMIN}


@dataclass(frozen=True, slots=True)
class Call(Generic[B_co, Q_co]):
    """An authenticated request with validated body and query.

    ``linked``: the number in the route's ``link``, else 0.
    """

    request: web.Request
    services: Services
    caller: Caller | None
    subscriber_id: int
    body: B_co
    query: Q_co
    linked: int = 0

    def need(self, role: Role, station_id: int) -> Caller:
        """Return the caller if they may act for the station. Raises a 401 without a key, else ``Forbidden``."""
        if self.caller is None:
            raise unauthenticated("key-wanted")
        if not self.caller.may(role, station_id):
            raise Forbidden("right-needed", role=role)
        return self.caller


Handler = Callable[[Call[Any, Any]], Awaitable["web.StreamResponse"]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path.

    ``answers``: by status, a model (JSON), a media type, or None (no body). ``form``: form fields that the handler
    reads itself. ``largest``: most octets of the body, required if there may be one. ``link``: use of the vault's token
    in the path, or in the query's ``d``; unknown ones are counted and refused before the body is read. ``page``: for
    people; its problems are pages too. ``fails``: statuses of problems beyond those implied. ``documented``: in the
    OpenAPI document, which is for programs.
    """

    method: str
    path: str
    handler: Handler
    access: Access
    summary: str
    answers: Mapping[int, type[BaseModel] | str | None]
    body: type[BaseModel] | None = None
    body_optional: bool = False
    query: type[BaseModel] | None = None
    form: tuple[str, ...] = ()
    largest: int | None = None
    link: str = ""
    headers: tuple[str, ...] = ()
    page: bool = False
    fails: tuple[int, ...] = ()
    documented: bool = True
    tag: str = field(default="service")
