"""The error for an invalid address or channel setting: a code, a field, and the parameters of its sentence."""


class Invalid(ValueError):
    """``field``: a path in the input, or a setting; neither it nor ``params`` repeats an address or a secret."""

    def __init__(self, code: str, field: str = "", **params: object) -> None:
        super().__init__(code, field)
        self.code = code
        self.field = field
        self.params = params

    def __str__(self) -> str:
        told = " ".join((self.code, *(f"{name}={each}" for name, each in self.params.items())))
        return f"{self.field}: {told}" if self.field else told
