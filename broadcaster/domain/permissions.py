"""Who may do what: permissions, and the roles that hold them.

Each route declares one permission: ``http.auth`` checks that the caller holds it for any station, ``Call.need`` that
they hold it for the station concerned.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """What a caller may do.

    ``self``: their own account. ``look``: read alerts, reports, schedules and stations, without anybody's name or
    address. ``register``: residents, groups, addresses, what was sent to whom. ``export``: download lists of people.
    ``send``: write, preview, send, schedule and end alerts. ``approve``: approve others' alerts. ``settings``: change a
    station. ``operators``: invite, set roles, end others' sessions. ``stations``: add stations. ``vulnerable``: the
    register of vulnerable people, which no role opens: an owner grants it by name.
    """

    SELF = "self"
    LOOK = "look"
    REGISTER = "register"
    EXPORT = "export"
    SEND = "send"
    APPROVE = "approve"
    SETTINGS = "settings"
    OPERATORS = "operators"
    STATIONS = "stations"
    VULNERABLE = "vulnerable"


class Role(StrEnum):
    """An operator's role for a station; ``admin``: for the whole installation."""

    VIEWER = "viewer"
    WRITER = "writer"
    APPROVER = "approver"
    OWNER = "owner"
    ADMIN = "admin"

    def holds(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[self]


class KeyRole(StrEnum):
    """What an API key allows. ``admin``: everything. ``publish``: send, and edit the register. ``read``: view."""

    ADMIN = "admin"
    PUBLISH = "publish"
    READ = "read"


KEY_ACTIONS = (Permission.LOOK, Permission.REGISTER, Permission.SEND, Permission.VULNERABLE)
"""The permissions that a station's key can be limited to: those of the API."""

_VIEWER = frozenset({Permission.SELF, Permission.LOOK})
_WRITER = _VIEWER | {Permission.REGISTER, Permission.EXPORT, Permission.SEND}
_APPROVER = _WRITER | {Permission.APPROVE}
_OWNER = _APPROVER | {Permission.SETTINGS, Permission.OPERATORS}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.WRITER: _WRITER,
    Role.APPROVER: _APPROVER,
    Role.OWNER: _OWNER,
    Role.ADMIN: _OWNER | {Permission.STATIONS},
}
_OF_KEYS = {KeyRole.READ: Role.VIEWER, KeyRole.PUBLISH: Role.WRITER, KeyRole.ADMIN: Role.OWNER}


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of an API key, or an operator. ``roles``: by station id; ``everywhere``: for all stations.

    ``only``: the permissions that a key is limited to, among those of its role; None: all of them. ``granted``:
    stations whose register of vulnerable people is open to an operator; to a key, if ``only`` names it, it is open
    where its role keeps lists.
    """

    key_id: int
    roles: Mapping[int, Role]
    everywhere: Role | None = None
    only: frozenset[Permission] | None = None
    granted: frozenset[int] = frozenset()

    def may(self, permission: Permission, station_id: int) -> bool:
        stations = self.stations(permission)
        return stations is None or station_id in stations

    def may_somewhere(self, permission: Permission) -> bool:
        """Return whether they may do this for at least one station, or in general if it concerns no station."""
        return permission is Permission.SELF or self.stations(permission) != frozenset()

    def stations(self, permission: Permission) -> frozenset[int] | None:
        """Return the ids of the stations that they may do this for; None for all."""
        if self.only is not None and permission not in self.only:
            return frozenset()
        if permission is Permission.VULNERABLE:
            return self.granted if self.only is None else self.stations_by_role(Permission.REGISTER)
        return self.stations_by_role(permission)

    def stations_by_role(self, permission: Permission) -> frozenset[int] | None:
        """Return the ids of the stations where their role includes the permission; None for all."""
        if self.everywhere is not None and self.everywhere.holds(permission):
            return None
        return frozenset(station_id for station_id, role in self.roles.items() if role.holds(permission))


def caller_with_key(
    key_id: int, role: KeyRole, station_id: int | None, only: frozenset[Permission] | None = None
) -> Caller:
    """Return the holder of an API key. ``station_id`` None: a key for all stations. ``only``: as in ``Caller``."""
    if station_id is not None:
        return Caller(key_id, {station_id: _OF_KEYS[role]}, only=only)
    return Caller(key_id, {}, Role.ADMIN if role is KeyRole.ADMIN else _OF_KEYS[role], only)
