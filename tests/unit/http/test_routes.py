"""The route table and the document made of it."""

from __future__ import annotations

import inspect
import json

import jsonschema_rs
from schemathesis.specs.openapi.definitions import OPENAPI_31

from broadcaster.domain.permissions import PERMISSIONS, Permission, Role
from broadcaster.http.openapi import document
from broadcaster.http.route import PERMITTED, Access
from broadcaster.server.routes import ROUTES

DOCUMENT = json.loads(document(ROUTES, "https://alerts.example"))
NAMES = [f"{route.method} {route.path}" for route in ROUTES]
NAMED = list(zip(NAMES, ROUTES, strict=True))
"""Each test looks at all of them: one for each of some 270 would cost fifty times what it asks."""
OPEN = {
    "GET /healthz",
    "GET /readyz",
    "GET /openapi.json",
    "GET /static/{name}",
    "GET /icon.svg",
    "GET /tiles.pmtiles",
    "GET /tiles/{z}/{x}/{y}",
    "GET /manifest.webmanifest",
    "GET /worker.js",
    "GET /icons/{name}",
    "GET /console/sign-in",
    "GET /console/sign-in/passkey",
}
VISITS = {"GET /v/{token}", "POST /v/{token}", "POST /v/{token}/code", "POST /v/{token}/people/{person}"}
"""A volunteer's pages."""
SIGNED = {
    "POST /v1/receipts/{token}",
    "POST /v1/trials/{token}",
    "POST /v1/welcomes/{token}",
    "POST /v1/confirmations",
    "POST /v1/listed/contacts",
    "POST /v1/listed/corrections",
    "POST /v1/listed/data",
    "POST /v1/listed/erasure",
    "POST /listed/data",
    "POST /console/sign-in/passkey",
    "POST /console/sign-in/password",
    "POST /hooks/twilio/status",
    "POST /hooks/twilio/voice",
    "POST /hooks/twilio/call",
    "POST /hooks/twilio/sms",
    "GET /console/sign-in/openid/back",
    "GET /me/identity/back",
    "GET /a/{token}",
    "GET /k/{token}",
    "POST /k/{token}",
    "GET /r/{token}",
    "POST /r/{token}",
    "POST /v1/answers/{token}",
    "GET /u/{token}",
    "POST /u/{token}",
    "GET /c/{token}",
    "POST /c/{token}",
    *VISITS,
}


def test_no_route_stands_twice():
    assert len(set(NAMES)) == len(NAMES)


def test_every_route_has_an_access_policy_a_summary_and_a_place_in_the_document():
    for name, route in NAMED:
        assert isinstance(route.access, Access), name
        assert route.documented or not route.path.startswith("/v1/"), name
        if route.documented:
            assert route.summary.endswith((".", "?")), name
            operation = DOCUMENT["paths"][route.path][route.method.lower()]
            assert operation["x-access"] == route.access, name
            assert {str(status) for status in route.answers} <= set(operation["responses"]), name
        else:
            assert route.path not in DOCUMENT["paths"], name
        assert inspect.iscoroutinefunction(route.handler), name
        assert route.body is None or route.method in ("POST", "PUT", "PATCH"), name


def test_every_route_for_keys_and_operators_declares_its_permission_and_no_other_does():
    declared = {name for name, route in NAMED if route.permission is not None}
    assert declared == {name for name, route in NAMED if route.access in PERMITTED}


def test_every_permission_is_wanted_by_a_route_and_held_by_a_role():
    assert {route.permission for route in ROUTES} - {None} == set(Permission)
    assert frozenset().union(*PERMISSIONS.values()) == set(Permission) - {Permission.VULNERABLE}, "granted by name"
    assert set(PERMISSIONS) == set(Role)


def test_every_route_that_may_have_a_body_says_how_large_it_may_be():
    for name, route in NAMED:
        if route.method in ("POST", "PUT", "PATCH"):
            assert route.largest is not None, f"{name}: declare largest, on the route or its body"
        strangers = route.access in (Access.PUBLIC, Access.KEYED, Access.SUBSCRIBER, Access.SIGNED, Access.OPEN)
        if strangers and route.path != "/console/sign-in/go-on":  # which brings back what a form held
            assert (route.largest or 0) <= 16 << 10, f"{name}: a stranger's body is a few kilobytes"


def test_a_link_that_proves_a_request_is_looked_at_before_its_body():
    signed = [(name, route) for name, route in NAMED if route.access is Access.SIGNED]
    taking = {name for name, route in signed if route.largest}
    linked = {name for name, route in NAMED if route.link}
    # A confirmation's secret comes in its small body, so that no log of paths has it.
    by_body = {
        "POST /hooks/twilio/call",
        "POST /hooks/twilio/sms",
        "POST /v1/confirmations",
        "POST /v1/listed/contacts",
        "POST /v1/listed/corrections",
        "POST /v1/listed/data",
        "POST /v1/listed/erasure",
        "POST /listed/data",
        "POST /console/sign-in/passkey",
        "POST /console/sign-in/password",
    }
    links = {each for each in taking if "/v1/" in each or "/hooks/" in each} - by_body
    assert linked == links | {"GET /r/{token}", "POST /r/{token}", "GET /k/{token}", "POST /k/{token}"} | VISITS
    assert taking - linked - by_body == {"POST /u/{token}", "POST /c/{token}"}, "these never read their body"


def test_only_these_routes_are_open_to_the_world_without_being_counted():
    assert {name for name, route in NAMED if route.access is Access.OPEN} == OPEN
    assert {name for name, route in NAMED if route.access is Access.SIGNED} == SIGNED


def test_what_needs_a_key_says_so_in_the_document():
    for route in (each for each in ROUTES if each.documented):
        operation = DOCUMENT["paths"][route.path][route.method.lower()]
        keyed = route.access is Access.KEY
        assert (operation.get("security") == [{"key": []}]) is keyed
        assert ("401" in operation["responses"]) or not keyed


def test_the_document_is_valid_openapi_31():
    jsonschema_rs.Draft202012Validator(OPENAPI_31).validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1")


def test_every_schema_of_the_document_is_a_schema_and_every_reference_leads_somewhere():
    schemas = DOCUMENT["components"]["schemas"]
    for name, schema in schemas.items():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
        assert name
    text = json.dumps(DOCUMENT)
    for part in text.split('"$ref": "#/components/')[1:]:
        kind, name = part.split('"')[0].split("/")
        assert name in DOCUMENT["components"][kind], name


def test_every_operation_has_a_name_of_its_own():
    names = [each["operationId"] for path in DOCUMENT["paths"].values() for each in path.values()]
    assert len(set(names)) == len(names)


def test_the_example_of_an_area_is_valid_by_its_own_schema():
    area = DOCUMENT["components"]["schemas"]["AlertIn"]["properties"]["area"]
    (shape,) = [each for each in area["anyOf"] if each.get("type") == "object"]
    for example in shape["examples"]:
        jsonschema_rs.Draft202012Validator(shape).validate(example)


def test_every_page_of_the_console_but_the_way_in_is_for_signed_in_operators():
    for route in ROUTES:
        if route.path.startswith("/console") and not route.path.startswith(("/console/sign-in", "/console/welcome")):
            assert route.access is Access.OPERATOR
            assert not route.documented
        else:
            assert route.access is not Access.OPERATOR


UNRECORDED = {
    # Nothing is kept of these.
    "POST /v1/reach",
    "POST /console/reach",
    "POST /console/preview",
    "POST /console/preview/mail",
    "POST /console/when",
    "POST /console/stations/boundary",
    # These ask before something is done, or say how many, and show nobody.
    "GET /console/people/new",
    "GET /console/people/import",
    "GET /console/people/addresses.json",
    "GET /console/people/export",
    "GET /console/groups/{slug}",
    "GET /console/groups/{slug}/delete",
}


def test_every_route_that_shows_people_or_changes_something_is_recorded_in_the_audit_log():
    unrecorded = set()
    for name, route in NAMED:
        changes = route.method not in ("GET", "HEAD") and route.access in PERMITTED
        shows = route.permission in (Permission.REGISTER, Permission.EXPORT, Permission.OPERATORS)
        if (changes or shows) and not (route.views or route.changes):
            unrecorded.add(name)
    assert unrecorded == UNRECORDED
