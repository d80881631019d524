"""What a route is: all that the guards and the OpenAPI document need to know of it."""

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
    """Who may come in.

    ``open``: anybody, uncounted. ``public``: anybody, so often a minute. ``keyed``: a key counts where there is one,
    else as public. ``read``, ``publish``, ``admin``: an API key of that role or above. ``subscriber``: a subscriber's
    token. ``signed``: the request proves itself (the token in its path, a provider's signature); those that do not are
    counted. ``operator``: an operator signed in to the console; to change anything, from a page of ours. ``local``:
    this machine, or a key that may read.
    """

    OPEN = "open"
    PUBLIC = "public"
    KEYED = "keyed"
    READ = "read"
    PUBLISH = "publish"
    ADMIN = "admin"
    SUBSCRIBER = "subscriber"
    SIGNED = "signed"
    OPERATOR = "operator"
    LOCAL = "local"


SMALL, FORM, SHAPE = 8 << 10, 64 << 10, 1 << 20
"""Octets that a body may have: what strangers send; a form, or words in two languages; an area of 10,000 corners."""

ROLE_OF = {Access.READ: Role.READ, Access.PUBLISH: Role.PUBLISH, Access.ADMIN: Role.ADMIN}


@dataclass(frozen=True, slots=True)
class Call(Generic[B_co, Q_co]):
    """One request that passed the guards, its body and query read and validated.

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

    ``answers``: by status, a model (JSON), a media type, or None (no body). ``form``: the fields of a form that the
    handler reads itself. ``largest``: octets that the body may have; each route that may have one says so. ``link``:
    what the vault's token in the path, or in the query's ``d``, is for; an unknown one is counted and refused before
    the body is read. ``page``: for people's eyes; its problems are pages too. ``fails``: statuses of problems beside
    those that follow from what the route is. ``documented``: in the OpenAPI document, which is for programs.
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
