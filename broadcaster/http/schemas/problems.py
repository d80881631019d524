"""What is answered when something is wrong: RFC 9457."""

from __future__ import annotations

from pydantic import Field

from broadcaster.http.schemas.base import Shown


class FieldProblem(Shown):
    """One field that is wrong, by its path in what was sent, and what to do about it."""

    field: str = Field(examples=["area.circles[0].radius_m"])
    problem: str = Field(examples=["299 is too small: a radius is from 300 to 5000 metres."])


class Problem(Shown):
    """An error (RFC 9457, application/problem+json)."""

    type: str = Field(description="Names the kind of problem.", examples=["urn:tocsin:problem:refused"])
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str | None = Field(None, description="Names this occurrence; the service's log has it too.")
    code: str | None = Field(None, description="Names what a program can answer to.", examples=["swapped"])
    hint: str | None = Field(None, description="What to send then.")
    errors: tuple[FieldProblem, ...] | None = Field(None, description="Each field that is wrong.")
