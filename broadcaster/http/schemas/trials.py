"""Models of tests of one's own contacts."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from broadcaster.domain.people import ChannelName
from broadcaster.http.schemas.base import Given, Shown


class TrialIn(Given):
    """The contact to test; ``to``: its telephone or mail as shown, or a push subscription's endpoint."""

    channel: ChannelName
    to: Annotated[str, StringConstraints(min_length=3, max_length=1000)] = Field(examples=["+33639980001"])


class TrialAnswer(Given):
    came: bool = Field(description="Whether the test came.")


class TrialOut(Shown):
    """``state``: sending, sent (a provider accepted it), sandbox (nothing is sent here), proven, missed, or failed."""

    id: str
    channel: ChannelName
    to: str
    state: str
    at: datetime


class TrialsOut(Shown):
    trials: tuple[TrialOut, ...]
