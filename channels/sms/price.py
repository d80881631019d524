"""SMS cost in whole minor units, without floats."""

import re
from dataclasses import dataclass

from channels.sms.segments import count

_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class SmsPrice:
    """The price of one segment, in minor units (cents) of an ISO 4217 currency. Raises ``ValueError``."""

    minor_units_per_segment: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.minor_units_per_segment, bool) or not isinstance(self.minor_units_per_segment, int):
            raise ValueError("minor_units_per_segment is a whole number")  # noqa: TRY004 - one kind of refusal
        if self.minor_units_per_segment < 0:
            raise ValueError("minor_units_per_segment is not negative")
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError("currency is three capital letters, such as EUR")

    def cost(self, segments: int, receivers: int = 1) -> int:
        """Return the cost of ``segments`` for each of ``receivers``, in minor units."""
        return self.minor_units_per_segment * segments * receivers

    def of(self, text: str, receivers: int = 1) -> int:
        """Return the cost of this text for ``receivers``, in minor units."""
        return self.cost(count(text).segments, receivers)
