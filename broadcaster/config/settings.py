"""The settings, their defaults and limits."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from broadcaster.config import secret_key, server_urls
from broadcaster.config.openid import OpenIdSettings
from broadcaster.config.retention import RetentionSettings
from broadcaster.errors import BadSetting

_ROLES = ("web", "resolver", "sender", "scheduler")


# fmt: off
_REGIONS = ("FR", "GP", "MQ", "GF", "RE", "YT", "BL", "MF", "PM", "NC", "PF", "WF",
            "BE", "LU", "CH", "DE", "IT", "ES", "MC", "AD", "NL", "GB", "IE", "PT")
# fmt: on


class _OfTheService(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes any that is free.")
    public_url: str = Field(
        "", description="Where the world reaches this service; links in messages and callbacks begin with it."
    )
    data_dir: Path = Field(Path("data"), description="Folder of the SQLite file and the secret.")
    database_url: SecretStr | None = Field(
        None, description="Database; without it SQLite, `tocsin.db` in the data folder."
    )
    redis_url: SecretStr | None = Field(
        None, description="Redis or Valkey, `redis://host:6379/0`, for several processes; needs PostgreSQL."
    )
    roles: tuple[str, ...] = Field(
        ("web", "resolver", "sender", "scheduler"),
        description="What this process does, comma-separated; `tocsin serve --roles` goes before it.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Seals addresses and homes. 32 bytes or more, base64 or hex; several, comma-separated, newest"
        " first, while keys are changed. Without it, one is made and kept in `secret.key` in the data folder.",
    )
    log_level: str = Field("info", description="debug, info, warning or error.")
    log_json: bool = Field(False, description="Log lines as JSON.")

    margin_m: float = Field(
        1000, ge=0, le=50_000, description="How far, in metres, an area may reach over its station's boundary."
    )
    default_expiry_hours: float = Field(
        12, gt=0, le=24 * 30, description="How long an alert holds when it does not say so itself."
    )

    vapid_private_key: SecretStr | None = Field(
        None,
        description="Web push identity (RFC 8292), PEM or base64url; `tocsin vapid` makes one. Without it: sandbox.",
    )
    vapid_subject: str = Field(
        "",
        description="`mailto:` or `https:` address of this service's operator, for push services; needed with the key.",
    )
    push_origins: tuple[str, ...] = Field(
        (), description="Push services that may be written to, comma-separated; without it, the known ones."
    )
    push_concurrency: int = Field(100, ge=1, le=2000, description="Pushes under way at once.")
    push_per_second: float = Field(1000, gt=0, description="Pushes a second.")

    smtp_url: SecretStr | None = Field(
        None,
        description="Mail relay, `smtp://user:password@host:587?from=Name <address>` or `smtps://`; else: sandbox."
        " The name stands in *From*; without one, the station's does. `&bounce=address` is where what can't be"
        " delivered comes back to, else the *from* address.",
    )
    smtp_url_2: SecretStr | None = Field(None, description="Second mail relay, for when the first is not well.")
    smtp_concurrency: int = Field(8, ge=1, le=200, description="Connections to the relay.")
    smtp_per_second: float = Field(50, gt=0, description="Mails a second.")
    dkim_private_key: SecretStr | None = Field(
        None, description="PEM that signs mail (RFC 6376), if the relay doesn't."
    )
    dkim_selector: str = Field("tocsin", description="Selector of that key in the DNS.")
    dkim_domain: str = Field("", description="Domain that signs; without it the sender's own.")

    twilio_account_sid: str = Field("", description="Twilio account, `AC…`. Without it voice is sandboxed.")
    twilio_auth_token: SecretStr | None = Field(None, description="Its token: signs in, and verifies callbacks.")
    twilio_from: str = Field("", description="Sender of SMS: number, alphanumeric name, or Messaging Service `MG…`.")
    twilio_voice_from: str = Field("", description="Number that calls; without it `TOCSIN_TWILIO_FROM`, if a number.")
    twilio_base_url: str = Field("", description="Another address for Twilio's API (tests, regions).")
    smpp_url: SecretStr | None = Field(
        None,
        description="SMS by a carrier, `smpp://system_id:password@host:2775?from=sender&tls=yes`: alone, or second to"
        " Twilio.",
    )
    sms_concurrency: int = Field(20, ge=1, le=500, description="SMS requests under way at once.")
    sms_per_second: float = Field(10, gt=0, description="SMS segments a second that the sender allows.")
    sms_price_minor: int = Field(8, ge=0, description="Price of one segment, in minor units (cents).")
    voice_concurrency: int = Field(10, ge=1, le=500, description="Call requests under way at once.")
    voice_per_second: float = Field(1, gt=0, description="Calls begun a second.")
    voice_price_minor: int = Field(5, ge=0, description="Price of one call, in minor units.")
    currency: str = Field("EUR", pattern="^[A-Z]{3}$", description="ISO 4217 code of the prices.")

    quiet_hours: str = Field(
        "22:00-07:00", description="Quiet hours of residents who chose none, in their time zone; `00:00-00:00`: none."
    )
    least_free_mb: int = Field(
        500, ge=0, description="Megabytes free on the data folder's disk below which `/readyz` warns; 0: never."
    )
    send_timeout_s: float = Field(20, gt=0, le=120, description="How long one message may take at its provider.")
    send_helpers: int | None = Field(
        None,
        ge=0,
        le=64,
        description="Processes (some 50 MB each) that encrypt and speak for a channel while much goes out by it; "
        "without it, one where this process does everything and has two cores, else none.",
    )
    probe_every_s: float = Field(
        30,
        ge=0,
        le=86_400,
        description="How often a sender signs in to its providers, sending nothing; it connects every 4 s; 0: neither.",
    )
    lease_s: float = Field(30, ge=2, le=600, description="After how long another worker takes over a batch.")
    grace_s: float = Field(20, ge=0, le=300, description="How long messages under way may take to end at a stop.")
    session_hours: float = Field(
        12, gt=0, le=24 * 31, description="How long an operator stays signed in to the console; unused, a third of it."
    )
    audit_months: int = Field(
        12, ge=1, le=120, description="How many whole months the audit log keeps; older ones leave their closing hash."
    )
    geocoder_url: str = Field(
        "https://data.geopf.fr/geocodage",
        description="Finds addresses (API of France's Base Adresse Nationale), asked by the service and never by a"
        " browser; `off` for none.",
    )
    tiles_url: str = Field(
        "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2"
        "&STYLE=normal&TILEMATRIXSET=PM&FORMAT=image/png&TILEMATRIX={z}&TILECOL={x}&TILEROW={y}",
        description="Tiles of the map, with `{z}`, `{x}`, `{y}`; the service fetches and keeps them, never a browser."
        " Without it the French State's Plan IGN; `off` for none.",
    )
    tiles_by: str = Field("© IGN, Plan IGN v2", max_length=200, description="Whose map that is, as shown on it.")
    tiles_cache_mb: int = Field(
        200,
        ge=1,
        le=1_000_000,
        description="Megabytes of tiles kept in the data folder; those of `tocsin map fetch` come on top.",
    )
    tiles_file: Path | None = Field(None, description="A map of one's own (PMTiles), in place of `TOCSIN_TILES_URL`.")
    school_holidays_file: Path | None = Field(
        None,
        description="School holidays beside the zones A, B and C: CSV with the columns `zone,first,last`, days as"
        " 2027-08-14, both included.",
    )
    codes_per_hour: int = Field(
        300,
        ge=0,
        description="Codes an hour by which a station's residents confirm phones, and as many for mails; 0: none.",
    )
    phone_regions: tuple[str, ...] = Field(
        _REGIONS,
        description="Countries and territories, ISO 3166, whose numbers residents may sign up themselves, beside the"
        " station's own; without it France, its territories and the neighbours.",
    )
    sandbox_keep: int = Field(50_000, ge=0, description="How many sandboxed messages are kept.")
    trusted_proxies: int = Field(0, ge=0, le=5, description="Proxies before this service, for the callers' addresses.")
    reaches_per_minute: int = Field(
        300, ge=1, description="How often a minute a key may ask whom an alert would reach."
    )
    requests_per_minute: int = Field(
        240,
        ge=1,
        description="Requests a minute that one address may make without a key, one subscriber with their token, or one"
        " link of a receipt.",
    )

    @field_validator("push_origins", "roles", "phone_regions", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(re.split(r"[,\s]+", value.strip())) if isinstance(value, str) and value.strip() else value or ()

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(server_urls.database_url(value.get_secret_value()))

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(server_urls.redis_url(value.get_secret_value()))

    @field_validator("public_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        if value and not server_urls.is_base(value):
            raise BadSetting("public-url")
        return value.rstrip("/")

    @field_validator("geocoder_url")
    @classmethod
    def _geocoder(cls, value: str) -> str:
        if value.strip().lower() == "off":
            return ""
        if not server_urls.is_base(value):
            raise BadSetting("geocoder-url")
        return value.rstrip("/")

    @field_validator("tiles_url")
    @classmethod
    def _tiles_url(cls, value: str) -> str:
        if value.strip().lower() == "off":
            return ""
        if not value.startswith(("http://", "https://")) or not all(each in value for each in ("{z}", "{x}", "{y}")):
            raise BadSetting("tiles-url")
        return value

    @field_validator("tiles_file", "school_holidays_file")
    @classmethod
    def _file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise BadSetting("no-file", path=str(value))
        return value

    @field_validator("quiet_hours")
    @classmethod
    def _quiet_hours(cls, value: str) -> str:
        from schedules import BadSchedule, QuietHours  # noqa: PLC0415  slow to import, and not all commands need it

        try:
            return str(QuietHours.read(value))
        except BadSchedule as error:
            raise BadSetting(error.code) from error

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        known = ("debug", "info", "warning", "error")
        if value.lower() not in known:
            raise BadSetting("not-one-of", expected=", ".join(known))
        return value.lower()

    @field_validator("roles")
    @classmethod
    def _known_roles(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not set(value) <= set(_ROLES):
            raise BadSetting("not-one-of", expected=", ".join(_ROLES))
        return value

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.redis_url and self.embedded:
            raise BadSetting("redis-with-sqlite", "TOCSIN_REDIS_URL")
        if self.redis_url and not self.secret_key:
            raise BadSetting("redis-without-secret", "TOCSIN_SECRET_KEY")
        if not self.redis_url and set(self.roles) != set(_ROLES):
            raise BadSetting("roles-without-redis", "TOCSIN_ROLES")
        if self.vapid_private_key and not self.vapid_subject:
            raise BadSetting("vapid-without-subject", "TOCSIN_VAPID_SUBJECT")
        if self.twilio_account_sid and not (self.twilio_auth_token and self.twilio_from):
            raise BadSetting("twilio-without-rest", "TOCSIN_TWILIO_ACCOUNT_SID")
        return self

    @property
    def url(self) -> str:
        """Return the base of links: the public address, or where the service listens."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def store_url(self) -> str:
        """Return the database's SQLAlchemy URL, with an async driver."""
        if self.database_url is None:
            return f"sqlite+aiosqlite:///{(self.data_dir / 'tocsin.db').resolve()}"
        return self.database_url.get_secret_value()

    def make_folder(self) -> None:
        """Create the data folder and, on SQLite, its file: private, as are its journals."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.embedded:
            # SQLite itself reports errors, and gives its journals the file's mode. An existing file is left alone:
            # closing it would release this process's locks on it, and SQLite would corrupt it.
            with suppress(OSError):
                os.close(os.open(self.store_path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))

    @property
    def store_path(self) -> Path:
        """Return the SQLite file; meaningless for another database."""
        return Path(self.store_url.partition(":///")[2])

    @property
    def embedded(self) -> bool:
        """Return whether this is the single-process deployment on SQLite."""
        return self.store_url.startswith("sqlite")

    @property
    def helpers(self) -> int:
        """Return how many helper processes a channel may use; several sender processes already share the cores."""
        if self.send_helpers is not None:
            return self.send_helpers
        return int(self.embedded and len(os.sched_getaffinity(0)) > 1)

    def send_at_once(self, channel: str) -> int:
        """Return how many messages of a channel may be under way at once."""
        by_channel = {
            "push": self.push_concurrency,
            "sms": self.sms_concurrency,
            "voice": self.voice_concurrency,
            "email": self.smtp_concurrency,
        }
        return by_channel[channel]

    def sealing_secrets(self) -> list[bytes]:
        """Return the sealing secrets, newest first; creates and stores one if none is set."""
        if self.secret_key is not None:
            return [secret_key.read(part) for part in self.secret_key.get_secret_value().split(",")]
        path = self.data_dir / "secret.key"
        if not path.exists() or path.stat().st_size == 0:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            secret_key.make(path)
        return [secret_key.read(part) for part in path.read_text().split(",")]


class Settings(OpenIdSettings, RetentionSettings, _OfTheService):
    """Settings and defaults. docs/operating.md has the same table; a test compares them."""
