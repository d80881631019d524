"""Addresses of database and bus, in the forms that people and hosting companies use."""

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from broadcaster.errors import BadSetting

_DRIVEN = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
}
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SSL_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
# asyncpg's connection URI parameters, and session settings that it passes to the server.
_POSTGRESQL = frozenset({
    "host", "port", "user", "password", "passfile", "dbname", "sslmode", "sslnegotiation", "ssl_min_protocol_version",
    "target_session_attrs", "application_name", "options", "search_path", *_SSL_FILES,
})  # fmt: skip
_BASE = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~/-]*)?")
_REDIS = ("redis", "rediss", "unix")


def database_url(given: str) -> str:
    """Return the address with our driver. Raises ``BadSetting``, which never contains the address.

    For PostgreSQL a connection URI (libpq, section 34.1.1.2), including ``?sslmode=`` and ``?application_name=``.
    """
    scheme, parted, rest = given.strip().partition("://")
    driven = _DRIVEN.get(scheme.lower())
    if driven is None or not parted:
        raise BadSetting("database-url", scheme=_told(scheme, parted))
    if driven.startswith("postgresql"):
        _check_postgresql(f"postgresql://{rest}")
    return f"{driven}://{rest}"


def _check_postgresql(url: str) -> None:
    parts = urlsplit(url)
    if parts.fragment or "#" in url:
        raise BadSetting("server-url-hash")
    if not re.fullmatch(r"(?:.*@)?(?:(?:\[[^\]]*\]|[^:,@/]*)(?::\d+)?,?)*", parts.netloc):
        raise BadSetting("server-url-host")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(query.keys() - _POSTGRESQL)
    if unknown:
        raise BadSetting("server-url-option", name=unknown[0], known=", ".join(sorted(_POSTGRESQL)))
    if query.get("sslmode", "prefer") not in _SSL_MODES:
        raise BadSetting("server-url-ssl", known=", ".join(_SSL_MODES))
    _check_files(query, _SSL_FILES)


def redis_url(given: str) -> str:
    """Return the address. Raises ``BadSetting``, which never contains the address."""
    scheme, parted, rest = given.strip().partition("://")
    scheme = scheme.lower()
    if "sentinel" in scheme or "cluster" in scheme:
        raise BadSetting("redis-cluster", scheme=f"{scheme}://")
    if scheme not in _REDIS or not parted:
        raise BadSetting("redis-url", scheme=_told(scheme, parted))
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        well = scheme == "unix" or (bool(parts.hostname) and parts.port != 0)
    except ValueError:
        well = False
    if not well:
        raise BadSetting("server-url-host")
    _check_files(dict(parse_qsl(parts.query)), ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile"))
    return f"{scheme}://{rest}"


def is_base(url: str) -> bool:
    """Return whether links can begin with ``url``, which must fit into mail headers and webhooks."""
    try:
        parts = urlsplit(url)
        there = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return there and bool(_BASE.fullmatch(url))


def _check_files(query: dict[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        if name in query and not Path(query[name]).is_file():
            raise BadSetting("server-url-file", name=name, path=query[name])


def _told(scheme: str, parted: str) -> str:
    """Return the part of an address that can't be secret."""
    return f"{scheme[:20]}://" if parted and re.fullmatch(r"[A-Za-z0-9+.-]+", scheme) else "–"
