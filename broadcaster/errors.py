"""Errors that a caller can do something about. Refusals are in ``domain.refusals``."""


class TocsinError(Exception):
    """The base of them all."""


class BadSettings(TocsinError):
    """``findings``: (setting, what is wrong and what to do)."""

    def __init__(self, findings: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in findings))
        self.findings = findings
