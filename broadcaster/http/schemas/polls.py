"""Models of polls."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from broadcaster.domain.answers import MOST
from broadcaster.domain.people import ChannelName
from broadcaster.http.schemas.alerts import AnyAudience, AudienceIn, OwnAnswers, Question
from broadcaster.http.schemas.base import SHAPE, AreaJson, Given, Locale, Moment, Shown, Slug


class PollTextIn(Given):
    question: Question
    answers: OwnAnswers


class PollIn(PollTextIn):
    """A question to followers, groups or the people of an area, in the station's own language and optionally others."""

    largest: ClassVar[int] = SHAPE
    station: Slug
    texts: dict[Locale, PollTextIn] = Field(default_factory=dict)
    closes: Moment
    area: AreaJson | None = None
    audience: AnyAudience = Field(default_factory=AudienceIn)
    identity: bool = Field(
        False, description="Only for who has shown who they are: by FranceConnect or at the counter."
    )
    channels: tuple[ChannelName, ...] = Field(
        (), max_length=4, fail_fast=True, description="By which it is announced; without it, push and email."
    )


class PollOut(Shown):
    """``result``: ballots by answer, in order; null while it is open, and below ten ballots."""

    token: str
    url: str
    alert: str = Field(description="The message that announces it: its state, also while it awaits approval.")
    awaiting_approval: bool
    question: str
    answers: tuple[str, ...]
    closes_at: datetime
    identity: bool = Field(description="Only for who has shown who they are.")
    closed: bool
    turnout: int | None = Field(description="How many voted; null while it is open.")
    entitled: int | None
    result: tuple[int, ...] | None


class MyPollOut(Shown):
    may_vote: bool
    voted: bool
    identity_missing: bool = Field(description="The poll is for who has shown who they are, and I have not.")


class VoteIn(Given):
    answer: int = Field(ge=1, le=MOST)
