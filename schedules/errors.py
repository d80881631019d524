"""Schedule errors: ``field`` says where (``repeat``, ``zone``), ``code`` and ``params`` what."""


class BadSchedule(ValueError):
    """The rule, its start or its time zone is unusable."""

    def __init__(self, code: str, field: str, **params: object) -> None:
        super().__init__(code, field)
        self.code = code
        self.field = field
        self.params = params

    def __str__(self) -> str:
        return " ".join((f"{self.field}:", self.code, *(f"{name}={each}" for name, each in self.params.items())))
