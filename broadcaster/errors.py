"""What the service refuses, told so that the caller can mend it.

::

    TocsinError
    ├── Refused             the input is wrong: ``field`` says where, ``problem`` what, and what to do
    ├── Conflict            it was asked for already, otherwise
    ├── Forbidden           whoever asks may not
    ├── NotFound            there is no such thing
    └── BadSettings         the settings are wrong: each finding names one, with what to do
"""

from __future__ import annotations


class TocsinError(Exception):
    """Whatever the service says no to, and the caller can do something about."""


class Refused(TocsinError):
    """``field`` is a path in what was sent (``area.circles[0].radius_m``); ``problem`` a sentence."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}" if field else problem)
        self.field = field
        self.problem = problem


class Conflict(TocsinError):
    """The same name or key stands for something else already."""


class Forbidden(TocsinError):
    """The key is good, and not enough."""


class NotFound(TocsinError):
    """There is no such thing, or not for this caller."""


class BadSettings(TocsinError):
    """``findings``: (setting, what is wrong and what to do)."""

    def __init__(self, findings: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in findings))
        self.findings = findings
