"""Types that the models share: a line of text, a time, a point, an area."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from broadcaster.domain.signs import LINE, PROSE
from broadcaster.languages import LONGEST_TAG, TAG
from zones import Area

MAX_NAME, MAX_LABEL, MAX_EXTERNAL_ID = 120, 40, 100
MAX_CONTACTS, MAX_PLACES, MAX_GROUPS = 10, 20, 50

SMALL, FORM, SHAPE = 8 << 10, 64 << 10, 1 << 20
"""Most octets of a body: from strangers; of a form, or texts in two languages; of an area with 10,000 vertices."""

SLUG = r"^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$"
INSEE = r"^[0-9][0-9AB][0-9]{3}$"
REGION = r"^[A-Z]{2}$"
ALERT_ID = r"^[1-9][0-9]{0,18}$"
_LARGEST_ID = (1 << 63) - 1
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*")
_FIRST_YEAR, _LAST_YEAR = 1970, 2200


class Given(BaseModel):
    """Input, strict: no unknown fields, no numbers in quotes, no booleans as numbers, nothing infinite.

    ``largest``: most octets of it as JSON.
    """

    largest: ClassVar[int] = SMALL
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Query(BaseModel):
    """Query parameters; each value is text and is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PageQuery(Query):
    """The query of a page of the console; ``lang``: the language that its reader chose."""

    lang: str = Field("", max_length=12)


class Shown(BaseModel):
    """Output; ``model_validate`` also reads an object with these attributes, ids as text."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True, coerce_numbers_to_str=True)

    @classmethod
    def of(cls, source: object, **others: Any) -> Self:
        """Return the model of an object: fields in ``others``, and all the rest from attributes of the same names."""
        return cls(**others, **{name: getattr(source, name) for name in cls.model_fields if name not in others})


def _unix_lines(value: Any) -> Any:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _written_moment(value: Any) -> Any:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise PydanticCustomError("not-a-moment", "no date and time")
    return value


def _in_utc(value: datetime) -> datetime:
    if not _FIRST_YEAR < value.year < _LAST_YEAR:
        years = {"first": str(_FIRST_YEAR), "last": str(_LAST_YEAR)}
        raise PydanticCustomError("year-out-of-range", "far off", years)
    return value.astimezone(UTC)


def _within_64_bits(value: str) -> str:
    if int(value) > _LARGEST_ID:
        raise PydanticCustomError("not-an-alert-id", "no id")
    return value


def line(longest: int) -> StringConstraints:
    """One line of text, not empty, at most ``longest`` characters; surrounding blanks are removed."""
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest, pattern=LINE)


def prose(longest: int) -> StringConstraints:
    """Text of several lines, at most ``longest`` characters."""
    return StringConstraints(strip_whitespace=True, max_length=longest, pattern=PROSE)


UnixLines = BeforeValidator(_unix_lines)
Slug = Annotated[str, StringConstraints(pattern=SLUG)]
Locale = Annotated[str, StringConstraints(pattern=TAG, max_length=LONGEST_TAG)]
# Not strict: after our own validator the value no longer counts as JSON, and strict mode takes times as text only from
# JSON.
Moment = Annotated[AwareDatetime, Field(strict=False), AfterValidator(_in_utc), BeforeValidator(_written_moment)]
Lon = Annotated[float, Field(ge=-180, le=180, description="Longitude, WGS 84 degrees.")]
Lat = Annotated[float, Field(ge=-90, le=90, description="Latitude, WGS 84 degrees.")]
AlertId = Annotated[str, StringConstraints(pattern=ALERT_ID), AfterValidator(_within_64_bits)]

_CIRCLE = {
    "type": "object",
    "required": ["lon", "lat", "radius_m"],
    "additionalProperties": False,
    "properties": {
        "lon": {"type": "number", "minimum": -180, "maximum": 180},
        "lat": {"type": "number", "minimum": -90, "maximum": 90},
        "radius_m": {"type": "number", "minimum": 300, "maximum": 5000, "description": "Metres, inclusive."},
    },
}
AREA_SCHEMA = {
    "type": "object",
    "title": "Area",
    "description": "Circles of 300 m to 5 km and polygons, WGS 84, within the station's boundary and its margin.",
    "additionalProperties": False,
    "properties": {
        "circles": {"type": ["array", "null"], "maxItems": 50, "items": _CIRCLE},
        "polygons": {
            "type": ["object", "array", "null"],
            "description": "GeoJSON (RFC 7946): Polygon, MultiPolygon, Feature, FeatureCollection, or a list of those.",
        },
    },
    "examples": [{"circles": [{"lon": 0.6283, "lat": 48.7631, "radius_m": 1500}]}],
}
AreaJson = Annotated[
    Area,
    PlainValidator(lambda value: Area.from_json(value, "")),
    PlainSerializer(Area.to_json, return_type=dict[str, Any]),
    WithJsonSchema(AREA_SCHEMA),
]

_GEOJSON = {"type": "object", "description": "A GeoJSON Polygon, MultiPolygon, Feature or FeatureCollection."}
GeoJson = Annotated[dict[str, Any], WithJsonSchema(_GEOJSON)]
