"""Settings of OpenID Connect providers: a part of ``config.Settings``."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from broadcaster.config import server_urls
from broadcaster.errors import BadSetting

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class OpenIdSettings(BaseModel):
    openid_issuer: str = Field(
        "",
        description="Where operators may sign in beside passkeys (OpenID Connect): ProConnect's issuer, or another's.",
    )
    openid_client_id: str = Field("", description="This service's name at that provider.")
    openid_client_secret: SecretStr | None = Field(None, description="Its secret there.")
    openid_name: str = Field("ProConnect", max_length=40, description="What the sign-in page calls the provider.")
    openid_mails: Literal["verified", "all"] = Field(
        "verified",
        description="`verified`: only mail addresses that the provider says are (`email_verified`); `all`: each, where"
        " the provider lets nobody choose their own.",
    )
    openid_requests: Literal["full", "plain"] = Field(
        "full",
        description="`plain`: without PKCE and `max_age`, for a provider that refuses what it does not know"
        " (ProConnect).",
    )
    franceconnect_issuer: str = Field("", description="FranceConnect's issuer, where residents may prove who they are.")
    franceconnect_client_id: str = Field("", description="This service's name at FranceConnect.")
    franceconnect_client_secret: SecretStr | None = Field(None, description="Its secret there.")

    @field_validator("openid_issuer", "franceconnect_issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        """Keep the issuer unchanged, as tokens contain it."""
        plain = urlsplit(value).scheme == "http" and urlsplit(value).hostname not in _LOOPBACK
        if value and (plain or not server_urls.is_base(value)):
            raise BadSetting("openid-issuer")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for which in ("openid", "franceconnect"):
            given = [bool(getattr(self, f"{which}_{each}")) for each in ("issuer", "client_id", "client_secret")]
            if any(given) and not all(given):
                raise BadSetting("openid-incomplete", f"{which}_issuer")
        return self
