"""Maps pydantic's errors to codes and parameters of refusals (``domain.refusal_sentences``)."""

from typing import Any

from pydantic_core import ErrorDetails

_CODES: dict[str, str] = {
    "missing": "needed",
    "union_tag_not_found": "kind-needed",
    "extra_forbidden": "unknown-field",
    "string_type": "not-text",
    "float_type": "not-a-number",
    "float_parsing": "not-a-number",
    "int_type": "not-whole",
    "int_parsing": "not-whole",
    "bool_type": "not-true-or-false",
    "bool_parsing": "not-true-or-false",
    "finite_number": "not-finite",
    "dict_type": "not-an-object",
    "model_type": "not-an-object",
    "model_attributes_type": "not-an-object",
    "tuple_type": "not-a-list",
    "list_type": "not-a-list",
    "datetime_type": "not-a-moment",
    "datetime_parsing": "not-a-moment",
    "datetime_from_date_parsing": "not-a-moment",
    "datetime_object_invalid": "not-a-moment",
    "timezone_aware": "no-offset",
    "string_pattern_mismatch": "badly-written",
}
_BOUNDS: dict[str, tuple[str, str, str]] = {
    "greater_than": ("too-small", "least", "gt"),
    "greater_than_equal": ("too-small", "least", "ge"),
    "less_than_equal": ("too-large-number", "most", "le"),
    "string_too_short": ("text-too-short", "n", "min_length"),
    "too_long": ("too-many-items", "most", "max_length"),
    "too_short": ("too-few-items", "least", "min_length"),
    "enum": ("not-one-of", "expected", "expected"),
    "literal_error": ("not-one-of", "expected", "expected"),
    "union_tag_invalid": ("not-one-of", "expected", "expected_tags"),
}
"""By pydantic's error type: the code, the parameter, and its name in the error's context."""


def code_of(error: ErrorDetails) -> tuple[str, dict[str, Any]]:
    """Return the code and its parameters; ``invalid`` for an unknown error."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _BOUNDS:
        code, name, of = _BOUNDS[kind]
        return code, {name: context[of]}
    if kind == "string_too_long":
        most = context["max_length"]
        return "text-too-long", {"n": len(error["input"]) - most, "most": most}
    return (_CODES[kind], {}) if kind in _CODES else ("invalid", {"type": kind})
