"""Responses."""

from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel


def answer(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a model as JSON, private and not cached."""
    return web.Response(
        status=status,
        body=model.model_dump_json().encode(),
        content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def nothing() -> web.Response:
    return web.Response(status=204)
