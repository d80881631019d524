"""Models of answers to alerts."""

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from broadcaster.http.schemas.base import Given, Lat, Lon, Shown

AnswerWord = Literal["received", "safe", "help", "1", "2", "3", "4", "5"]
_LONGEST_AGE_S = 7 * 86_400


class AnswerIn(Given):
    """One answer; a number answers the alert's own question. A position is stored only with a request for help."""

    answer: AnswerWord
    household: bool = Field(False, description="Also for those whom the alert reached by the same number or address.")
    lon: Lon | None = None
    lat: Lat | None = None
    accuracy_m: float | None = Field(None, ge=0, le=1_000_000)
    age_s: float = Field(0, ge=0, le=_LONGEST_AGE_S, description="How many seconds ago it was given.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.lon is None) != (self.lat is None):
            raise PydanticCustomError("half-a-place", "one of two", {"field": "lon"})
        return self

    @property
    def position(self) -> tuple[float, float, float | None] | None:
        return None if self.lon is None or self.lat is None else (self.lon, self.lat, self.accuracy_m)


class OfferOut(Shown):
    answer: AnswerWord
    label: str


class AnswersOut(Shown):
    """The answers offered to a person, and their own. ``offered`` is empty once the alert is over."""

    question: str = Field(description="The alert's own; empty for the usual answers.")
    offered: tuple[OfferOut, ...]
    answer: AnswerWord | None = Field(description="The answer that stands.")
    household: int = Field(description="How many others the alert reached by the same numbers or addresses.")
    danger: str = Field(description="The sentence that stands before every request for help.")


class AnswerMade(Shown):
    recorded: bool = Field(description="False: the alert is over, or a newer answer stands.")
    said: str = Field(description="What to tell the person, in their language.")
