"""Errors that callers can handle. Refusals are in ``domain.refusals``."""

from collections.abc import Mapping


class TocsinError(Exception):
    """Base class of all errors."""


class AlreadyRunning(TocsinError):
    """Another process serves from the same SQLite file, which is the error's text."""


class BadSetting(ValueError):
    """One setting is wrong. ``field``: its name; ``code`` and ``params`` as in ``domain.refusals.Coded``."""

    def __init__(self, code: str, field: str = "", **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.params: Mapping[str, object] = params

    def __str__(self) -> str:
        told = ", ".join(f"{name} {value}" for name, value in self.params.items())
        return f"{self.field}: {self.code}" + (f" ({told})" if told else "")


class BadSettings(TocsinError):
    """The settings can't be used; ``findings``: every wrong setting."""

    def __init__(self, *findings: BadSetting) -> None:
        super().__init__("; ".join(map(str, findings)))
        self.findings = findings
