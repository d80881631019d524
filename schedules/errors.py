"""What a schedule can be wrong in: ``field`` says where (``repeat``, ``zone``), ``problem`` is a sentence."""


class BadSchedule(ValueError):
    """The rule, its beginning or its time zone can't be used."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
