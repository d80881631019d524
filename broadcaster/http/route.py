"""Routes as data for the guards and the OpenAPI document."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from enum import StrEnum
from inspect import getdoc
from types import NoneType
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from aiohttp import web
from pydantic import BaseModel

from broadcaster.domain.audit import Action, Actor, ActorKind, Param, origin_of
from broadcaster.domain.permissions import Caller, Permission
from broadcaster.domain.refusals import Forbidden
from broadcaster.http.keys import SEEN, SESSION
from broadcaster.http.problems import unauthenticated
from broadcaster.http.rates import address_of
from broadcaster.http.reading import number_of
from broadcaster.http.schemas.base import Given
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit
from broadcaster.store.operations import audit

B_co = TypeVar("B_co", covariant=True)
Q_co = TypeVar("Q_co", covariant=True)


class Access(StrEnum):
    """Who may call.

    ``open``: anybody, not counted. ``public``: anybody, rate-limited. ``keyed``: counted by key if there is one, else
    like ``public``. ``key``: an API key. ``subscriber``: a subscriber's token. ``device``: a subscriber's token, cached
    if it was just used; the handler notices if its owner was erased meanwhile. ``signed``: the request carries its
    proof (a token in its path, a provider's signature); requests without one are counted. ``operator``: an operator
    signed in to the console; changes only from our own pages. ``local``: this machine, or an API key.

    Keys and operators need the route's permission.
    """

    OPEN = "open"
    PUBLIC = "public"
    KEYED = "keyed"
    KEY = "key"
    SUBSCRIBER = "subscriber"
    DEVICE = "device"
    SIGNED = "signed"
    OPERATOR = "operator"
    LOCAL = "local"


PERMITTED = frozenset({Access.KEYED, Access.KEY, Access.LOCAL, Access.OPERATOR})
"""Access for which a route must declare a permission."""


@dataclass(frozen=True, slots=True)
class Call(Generic[B_co, Q_co]):
    """An authenticated request with validated body and query.

    ``linked``: the number in the route's ``link``, else 0. ``permission``: the route's.
    """

    request: web.Request
    services: Services
    caller: Caller | None
    subscriber_id: int
    body: B_co
    query: Q_co
    linked: int = 0
    permission: Permission | None = None

    @property
    def actor(self) -> Actor:
        """Return who acts, for the audit log."""
        now = self.services.clock.now()
        origin = origin_of(address_of(self.request, self.services.settings.trusted_proxies))
        if self.caller is None:
            return Actor(ActorKind.NOBODY, now, origin=origin)
        kind = ActorKind.OPERATOR if SESSION in self.request else ActorKind.KEY
        return Actor(kind, now, self.caller.key_id, origin)

    def signing_in(self, operator_id: int) -> Actor:
        """Return, for the audit log, the operator who signs in or sets up sign-in by this request."""
        return replace(self.actor, kind=ActorKind.OPERATOR, id=operator_id)

    async def record(
        self,
        unit: Unit,
        action: Action,
        about: int | None = None,
        *,
        station_id: int | None = None,
        why: str = "",
        **params: Param,
    ) -> None:
        """Append an entry to the audit log: ``audit.record``, by who acts."""
        await audit.record(unit, self.actor, action, about, station_id=station_id, why=why, **params)

    def number(self, name: str = "id") -> int:
        """Return an id in the path; 0, which nothing has, if it is malformed."""
        return number_of(self.request.match_info[name]) or 0

    def seen(self, **facts: Param) -> None:
        """Complete the audit entry of a route with ``views``: ``station_id``, ``about``, params of ``audit.record``."""
        self.request.setdefault(SEEN, {}).update(facts)

    def need(self, station_id: int) -> Caller:
        """Return the caller if they hold the route's permission for the station.

        Raises a 401 without a key, else ``Forbidden``.
        """
        if self.caller is None:
            raise unauthenticated("key-wanted")
        if self.permission is None or not self.caller.may(self.permission, station_id):
            raise forbidden(self.permission)
        self.seen(station_id=station_id)
        return self.caller

    def may(self, permission: Permission, station_id: int) -> bool:
        return self.caller is not None and self.caller.may(permission, station_id)

    def may_somewhere(self, permission: Permission) -> bool:
        return self.caller is not None and self.caller.may_somewhere(permission)

    def stations(self) -> frozenset[int] | None:
        """Return the ids of the stations for which the caller holds the route's permission; None for all."""
        if self.caller is None or self.permission is None:
            return frozenset()
        return self.caller.stations(self.permission)


def forbidden(permission: Permission | None) -> Forbidden:
    """Return the refusal for a caller who lacks a permission."""
    return Forbidden("permission-needed", permission=permission)


Handler = Callable[[Call[Any, Any]], Awaitable["web.StreamResponse"]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path.

    ``body`` and ``query``: the models in the handler's ``Call[body, query]``. ``answers``: by status, a model (JSON), a
    media type, or None (no body). ``form``: form fields that the handler reads itself. ``largest``: most octets of the
    body; the model's own if it has one, else required if there may be one. ``link``: use of the vault's token
    in the path, or in the query's ``d``; requests with an unknown token are counted and refused before the body is
    read. ``page``: for people; its problems are pages too. ``permission``: needed by a key or an operator; ``proven``:
    a trusted device must show its passkey first. ``views``: audit action of an answer, which is sent only once the
    entry is written. ``changes``: audit actions that the handler records. ``fails``: statuses of problems beyond those
    implied.
    """

    method: str
    path: str
    handler: Handler
    answers: Mapping[int, type[BaseModel] | str | None]
    _: KW_ONLY
    access: Access
    form: tuple[str, ...] = ()
    largest: int | None = None
    link: str = ""
    headers: tuple[str, ...] = ()
    page: bool = False
    permission: Permission | None = None
    proven: bool = False
    views: Action | None = None
    changes: tuple[Action, ...] = ()
    fails: tuple[int, ...] = ()
    tag: str = "service"
    body: type[Given] | None = field(init=False)
    body_optional: bool = field(init=False)
    query: type[BaseModel] | None = field(init=False)

    def __post_init__(self) -> None:
        hints = get_type_hints(self.handler)
        body, query = get_args(next(iter(hints.values())))
        models = [each for each in get_args(body) or (body,) if each not in (NoneType, Any)]
        object.__setattr__(self, "body", models[0] if models else None)
        object.__setattr__(self, "body_optional", NoneType in get_args(body))
        object.__setattr__(self, "query", None if query in (NoneType, Any) else query)
        if self.largest is None and self.body is not None:
            object.__setattr__(self, "largest", self.body.largest)

    @property
    def documented(self) -> bool:
        """Return whether the OpenAPI document, which is for programs, has this route."""
        return self.tag not in ("console", "pages")

    @property
    def summary(self) -> str:
        """Return the first paragraph of the handler's docstring, for the OpenAPI document."""
        first, *_ = (getdoc(self.handler) or "").partition("\n\n")
        return first.partition(" Raises ")[0].replace("\n", " ")
