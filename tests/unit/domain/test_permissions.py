"""Roles, keys and what they permit."""

from __future__ import annotations

import itertools

import pytest

from broadcaster.domain.permissions import PERMISSIONS, Caller, KeyRole, Permission, Role, caller_with_key

LADDER = list(Role)

VULNERABLE = Permission.VULNERABLE


@pytest.mark.parametrize(("less", "more"), list(itertools.pairwise(LADDER)))
def test_a_role_may_what_the_lesser_one_may(less, more):
    assert PERMISSIONS[less] <= PERMISSIONS[more]


def test_a_role_holds_at_its_own_station_only():
    caller = Caller(1, {7: Role.WRITER, 8: Role.VIEWER})
    assert [caller.may(Permission.SEND, each) for each in (7, 8, 9)] == [True, False, False]
    assert [caller.may(Permission.LOOK, each) for each in (7, 8, 9)] == [True, True, False]
    assert caller.stations(Permission.LOOK) == {7, 8}
    assert not caller.may_somewhere(Permission.SETTINGS)


def test_an_administrator_may_everything_everywhere():
    caller = Caller(1, {}, Role.ADMIN)
    assert all(caller.may(each, 99) and caller.stations(each) is None for each in set(Permission) - {VULNERABLE})


def test_the_register_of_vulnerable_people_is_opened_by_name_only():
    everybody = [Caller(1, {7: role}, everywhere) for role in Role for everywhere in (None, Role.ADMIN)]
    assert not any(each.may_somewhere(VULNERABLE) for each in everybody)
    named = Caller(1, {7: Role.WRITER}, granted=frozenset({7}))
    assert [named.may(VULNERABLE, each) for each in (7, 8)] == [True, False]
    keys = [caller_with_key(1, KeyRole.PUBLISH, 7, only) for only in (None, frozenset({VULNERABLE}))]
    assert [each.may(VULNERABLE, 7) for each in keys] == [False, True]


def test_an_operator_without_a_role_may_only_see_to_their_own_account():
    assert [each for each in Permission if Caller(1, {}).may_somewhere(each)] == [Permission.SELF]


@pytest.mark.parametrize(
    ("key", "permits", "not_this"),
    [
        (KeyRole.READ, Permission.LOOK, Permission.SEND),
        (KeyRole.PUBLISH, Permission.EXPORT, Permission.SETTINGS),
        (KeyRole.ADMIN, Permission.OPERATORS, Permission.STATIONS),
    ],
)
def test_a_stations_key_has_the_permissions_of_a_role(key, permits, not_this):
    caller = caller_with_key(1, key, 7)
    assert (caller.may(permits, 7), caller.may(permits, 8), caller.may_somewhere(not_this)) == (True, False, False)


def test_only_an_admin_key_of_all_stations_may_add_one():
    assert caller_with_key(1, KeyRole.ADMIN, None).may_somewhere(Permission.STATIONS)
    assert not caller_with_key(1, KeyRole.PUBLISH, None).may_somewhere(Permission.STATIONS)
