"""Models of stations."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from broadcaster.domain.stations import LONGEST_TOPIC, MOST_TOPICS, TOPICS, StationKind
from broadcaster.http.schemas.base import INSEE, MAX_NAME, REGION, SHAPE, GeoJson, Given, Locale, Shown, Slug, line
from broadcaster.languages import DEFAULT


class StationIn(Given):
    """A new station. With ``insee``, name, boundary, centre and contact default to the commune's."""

    largest: ClassVar[int] = SHAPE
    slug: Slug = Field(examples=["laigle"])
    name: Annotated[str, line(MAX_NAME)] | None = None
    kind: StationKind = StationKind.AUTHORITY
    languages: tuple[Locale, ...] = Field(
        (DEFAULT,), min_length=1, max_length=10, description="Tags (BCP 47). The first is its own."
    )
    insee: Annotated[str, StringConstraints(pattern=INSEE)] | None = Field(None, examples=["61214"])
    boundary: GeoJson | None = None
    swap: bool | None = Field(
        None,
        description="True: the boundary has latitude before longitude. False: it has not, though it seems so. Without"
        " it, what seems swapped is refused with the code `swapped`.",
    )
    mend: bool = Field(
        False,
        description="Mend outlines that cross or touch themselves. Without it, they are refused with the code"
        " `crosses-itself`.",
    )
    margin_m: float | None = Field(
        None,
        ge=0,
        le=50_000,
        description="How far an area may reach over the boundary, on land; the sea does not count.",
    )
    region: Annotated[str, StringConstraints(pattern=REGION)] | None = Field(
        None, description="Country or territory by which national telephone numbers are read (ISO 3166-1)."
    )
    email: Annotated[str, line(254)] | None = None
    phone: Annotated[str, line(40)] | None = None

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.insee is not None and self.boundary is not None:
            raise PydanticCustomError("insee-or-boundary", "one of two", {"field": "boundary"})
        if self.insee is None and self.name is None:
            raise PydanticCustomError("name-needed", "no name", {"field": "name"})
        if self.insee is None and self.boundary is None and self.kind is StationKind.AUTHORITY:
            raise PydanticCustomError("boundary-needed", "no boundary", {"field": "boundary"})
        if len(set(self.languages)) < len(self.languages):
            raise PydanticCustomError("language-twice", "twice", {"field": "languages"})
        return self


class TopicsIn(Given):
    """The topics of a station's alerts: names of its own, and shared ones that are shown in each reader's language."""

    topics: tuple[Annotated[str, line(LONGEST_TOPIC)], ...] | None = Field(
        None,
        min_length=1,
        max_length=MOST_TOPICS,
        fail_fast=True,
        examples=[[*TOPICS, "Market day"]],
        description="Slugs or names; without it, they stay.",
    )
    names: dict[Slug, Annotated[str, line(LONGEST_TOPIC)]] = Field(
        {}, max_length=MOST_TOPICS, description="New names by slug: a topic keeps its slug and what followers chose."
    )
    sure: bool = Field(False, description="Remove topics even if followers chose about them (`topic-chosen`).")


class GroupOut(Shown):
    slug: str
    name: str
    members: int


class StationOut(Shown):
    """A station in its public form; ``groups`` and ``followers`` only with one of its keys."""

    slug: str
    name: str
    kind: StationKind
    languages: tuple[str, ...]
    region: str
    insee: str | None
    margin_m: float
    lon: float | None
    lat: float | None
    email: str | None
    phone: str | None
    boundary: GeoJson | None
    sandbox: tuple[str, ...] = Field(description="Channels that send nothing here, but keep what they would send.")
    notes: tuple[str, ...] | None = Field(None, description="What of a new station's boundary was left out or mended.")
    topics: dict[str, str] = Field(description="Slug to name; empty for those that readers have in their language.")
    followers: int | None = None
    groups: tuple[GroupOut, ...] | None = None
