"""Models of error responses (RFC 9457)."""

from typing import Any

from pydantic import Field

from broadcaster.domain.refusal_sentences import SENTENCES
from broadcaster.http.schemas.base import Shown

EXAMPLE = "circle-too-small"
_ALL = SENTENCES.items()


class FieldProblem(Shown):
    """One wrong field: its path in the request, and what to do about it."""

    field: str = Field(examples=["area.circles[0].radius_m"])
    code: str = Field(
        description="What is wrong, for programs. Codes stay; there may be more.",
        examples=[EXAMPLE],
        json_schema_extra={"x-codes": {code: said if isinstance(said, str) else said[1] for code, said in _ALL}},
    )
    params: dict[str, Any] = Field(description="The figures in the sentence.", examples=[{"least": 300, "most": 5000}])
    problem: str = Field(description="The sentence, for people.", examples=[SENTENCES[EXAMPLE]])


class Problem(Shown):
    """An error (RFC 9457, application/problem+json)."""

    type: str = Field(description="Names the kind of problem.", examples=["urn:tocsin:problem:refused"])
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str | None = Field(None, description="Names this occurrence; the service's log has it too.")
    code: str = Field(description="The only error's code; of several, or none, the kind's.", examples=[EXAMPLE])
    hint: str | None = Field(None, description="What to send then.")
    errors: tuple[FieldProblem, ...] | None = Field(None, description="Each field that is wrong.")
