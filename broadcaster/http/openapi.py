"""The OpenAPI 3.1 document, generated from the route table and the validating models."""

import re
from collections.abc import Iterable
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from broadcaster.http.problems import MEDIA_TYPE, STATUS, title
from broadcaster.http.route import Access, Route
from broadcaster.http.schemas.base import ALERT_ID, SLUG
from broadcaster.http.schemas.problems import Problem

VERSION = "1"
_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"\{(\w+)\}")

_PATH: dict[str, dict[str, Any]] = {
    "slug": {"type": "string", "pattern": SLUG, "examples": ["laigle"]},
    "group": {"type": "string", "pattern": "^[^/]{1,60}$", "examples": ["ecole"]},
    "id": {"type": "string", "pattern": ALERT_ID},
    "person": {"type": "string", "pattern": ALERT_ID},
    "volunteer": {"type": "string", "pattern": ALERT_ID},
    "token": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,100}$"},
    "name": {"type": "string", "pattern": SLUG, "examples": ["flood"]},
}
_HEADERS: dict[str, dict[str, Any]] = {
    "Idempotency-Key": {
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]{1,200}$"},
        "description": "The same key and body: the same answer and one alert. Another body: 409.",
    },
    "If-Match": {
        "schema": {"type": "string", "pattern": '^"?[0-9]{1,19}"?$'},
        "description": "The version that was looked at; another that holds by now: 412.",
    },
    "Last-Event-ID": {
        "schema": {"type": "string", "pattern": "^[a-z0-9]{0,40}$"},
        "description": "What was seen last; a browser sends it when it reconnects.",
    },
    "X-Twilio-Signature": {"schema": {"type": "string", "pattern": "^[A-Za-z0-9+/=]{0,60}$"}},
}
_MEDIA: dict[str, dict[str, Any]] = {
    "application/json": {},
    "text/event-stream": {
        "type": "object",
        "description": "Each event: *report* with the report as JSON, and *end* after the last one.",
        "required": ["id", "event", "data"],
        "properties": {
            "id": {"type": "string"},
            "event": {"enum": ["report", "end"]},
            "data": {"type": "string", "contentMediaType": "application/json"},
            "retry": {"type": "integer"},
        },
    },
}
_SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    Access.KEYED: [{}, {"key": []}],
    Access.SUBSCRIBER: [{"subscriber": []}],
    Access.DEVICE: [{"subscriber": []}],
    Access.LOCAL: [{}, {"key": []}],
    Access.KEY: [{"key": []}],
}


def document(routes: Iterable[Route], server: str) -> bytes:
    """Return the document as JSON; ``server``: the service's URL."""
    table = tuple(route for route in routes if route.documented)
    incoming, outgoing = _models(table)
    refs, definitions = models_json_schema(
        [(model, "validation") for model in incoming] + [(model, "serialization") for model in outgoing],
        ref_template=_REF,
    )
    found: dict[Any, Any] = {model: reference for (model, _), reference in refs.items()}
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, found)
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": "Tocsin",
            "version": VERSION,
            "summary": "Geofenced alerts: draw a circle, reach everyone concerned in it, account for every one.",
            "description": (
                "Longitude before latitude, WGS 84 degrees; metres; times with their offset; money in minor units."
                " Whatever is refused is refused whole, with a problem (RFC 9457) that names each field."
            ),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server}],
        "tags": [{"name": name} for name in dict.fromkeys(route.tag for route in table)],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "responses": {kind: _problem(kind, found[Problem]) for kind in STATUS},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key, tk_…, with a role."},
                "subscriber": {"type": "http", "scheme": "bearer", "description": "A subscriber's token, sb_…"},
            },
        },
    }
    return orjson.dumps(whole)


def _models(routes: tuple[Route, ...]) -> tuple[list[type[BaseModel]], list[type[BaseModel]]]:
    incoming = {model: None for route in routes for model in (route.body, route.query) if model is not None}
    outgoing: dict[type[BaseModel], None] = {Problem: None}
    for route in routes:
        outgoing.update({model: None for model in route.answers.values() if isinstance(model, type)})
    return list(incoming), list(outgoing)


def _operation(route: Route, found: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _name(route),
        "summary": route.summary,
        "tags": [route.tag],
        "x-access": route.access.value,
        "responses": _responses(route, found),
    }
    if route.permission is not None:
        operation["x-permission"] = route.permission.value
    parameters = _parameters(route)
    if parameters:
        operation["parameters"] = parameters
    if route.access in _SECURITY:
        operation["security"] = _SECURITY[route.access]
    if route.body is not None:
        operation["requestBody"] = {
            "required": not route.body_optional,
            "content": {"application/json": {"schema": found[route.body]}},
        }
    elif route.form:
        fields = {name: {"type": "string"} for name in route.form}
        operation["requestBody"] = {
            "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": fields}}}
        }
    return operation


def _name(route: Route) -> str:
    module = route.handler.__module__.rpartition(".")[2]
    page = "page_" if route.page else ""
    return f"{page}{module}_{route.handler.__name__}"


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _PATH[name]} for name in _PARAMETER.findall(route.path)
    ]
    if route.query is not None:
        schema = route.query.model_json_schema(ref_template=_REF)
        inner = schema.get("$defs", {})
        for name, shape in schema.get("properties", {}).items():
            plain = _without_null(shape, inner)
            found.append(
                {
                    "name": name,
                    "in": "query",
                    "required": name in schema.get("required", ()),
                    **({"description": plain.pop("description")} if "description" in plain else {}),
                    "schema": plain,
                }
            )
    if route.path.startswith("/hooks/"):
        found.append({"name": "d", "in": "query", "required": True, "schema": {"type": "string"}})
    found.extend({"name": name, "in": "header", "required": False, **_HEADERS[name]} for name in route.headers)
    return found


def _without_null(shape: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
    """Inline definitions and drop null: a query parameter is present or absent."""
    kept = {name: value for name, value in shape.items() if name not in ("anyOf", "title", "default")}
    if shape.get("default") is not None:
        kept["default"] = shape["default"]
    for each in shape.get("anyOf", ()):
        if each.get("type") != "null":
            kept.update(each)
    reference = kept.pop("$ref", None)
    if reference is not None:
        kept.update(inner[reference.rpartition("/")[2]])
    return kept


def _responses(route: Route, found: dict[Any, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for code, model in route.answers.items():
        response: dict[str, Any] = {"description": _meaning(code)}
        if isinstance(model, str):
            response["content"] = {model: {"schema": _MEDIA.get(model, {"type": "string"})}}
        elif model is not None:
            response["content"] = {"application/json": {"schema": found[model]}}
        if code in (201, 202) and isinstance(model, type):
            response["headers"] = {"Location": {"schema": {"type": "string"}}}
        responses[str(code)] = response
    for kind in _failures(route):
        status = str(STATUS[kind])
        if status in responses:
            continue
        responses[status] = (
            {"description": title(kind), "content": {"text/html": {"schema": {"type": "string"}}}}
            if route.page
            else {"$ref": f"#/components/responses/{kind}"}
        )
    return responses


def _failures(route: Route) -> list[str]:
    """Return the problem types that a route implies."""
    kinds = ["internal"]
    if route.access is not Access.OPEN:
        kinds += ["too-many", "unavailable"]
    if route.access in (Access.KEY, Access.SUBSCRIBER, Access.DEVICE, Access.LOCAL, Access.KEYED):
        kinds.append("unauthenticated")
    if route.permission is not None:
        kinds.append("forbidden")
    if route.body is not None:
        kinds.append("refused")
    if route.body is not None or route.form:
        kinds += ["too-large", "malformed", "media-type", "slow"]
    if route.query is not None or route.headers:
        kinds.append("refused")
    if _PARAMETER.search(route.path):
        kinds.append("not-found")
    kinds += [kind for kind, status in STATUS.items() if status in route.fails]
    return list(dict.fromkeys(kinds))


def _problem(kind: str, reference: dict[str, Any]) -> dict[str, Any]:
    response: dict[str, Any] = {"description": title(kind), "content": {MEDIA_TYPE: {"schema": reference}}}
    if kind in ("too-many", "unavailable"):
        response["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    if kind == "unauthenticated":
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    if kind == "method-not-allowed":
        response["headers"] = {"Allow": {"schema": {"type": "string"}}}
    return response


def _meaning(status: int) -> str:
    return {
        200: "As asked.",
        201: "Made.",
        202: "Taken: it is on the disk, and on its way.",
        204: "Done.",
        303: "Done: go on there.",
        304: "It is as it was.",
        503: "Not ready, and why.",
    }[status]
