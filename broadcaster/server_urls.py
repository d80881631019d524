"""Addresses of database and bus, in the forms that people and hosting companies use."""

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

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
_REDIS = ("redis", "rediss", "unix")


def database_url(given: str) -> str:
    """Return the address with our driver. Raises ``ValueError`` with the problem, never with the address.

    For PostgreSQL a connection URI (libpq, section 34.1.1.2), including ``?sslmode=`` and ``?application_name=``.
    """
    scheme, parted, rest = given.strip().partition("://")
    driven = _DRIVEN.get(scheme.lower())
    if driven is None or not parted:
        message = (
            f"begins with {_told(scheme, parted)}: write postgresql://user:password@host:5432/name, or sqlite:////path"
        )
        raise ValueError(message)
    if driven.startswith("postgresql"):
        _check_postgresql(f"postgresql://{rest}")
    return f"{driven}://{rest}"


def _check_postgresql(url: str) -> None:
    parts = urlsplit(url)
    if parts.fragment or "#" in url:
        message = "has a # in it: in a user, a password or a name it is written %23"
        raise ValueError(message)
    if not re.fullmatch(r"(?:.*@)?(?:(?:\[[^\]]*\]|[^:,@/]*)(?::\d+)?,?)*", parts.netloc):
        message = "has a host or port that can't be read: in a password @ is written %40, : is %3A and / is %2F"
        raise ValueError(message)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(query.keys() - _POSTGRESQL)
    if unknown:
        message = f"has ?{unknown[0]}=, which Tocsin can't read: it reads {', '.join(sorted(_POSTGRESQL))}"
        raise ValueError(message)
    if query.get("sslmode", "prefer") not in _SSL_MODES:
        message = f"has an sslmode that there is not: it is one of {', '.join(_SSL_MODES)}"
        raise ValueError(message)
    _check_files(query, _SSL_FILES)


def redis_url(given: str) -> str:
    """Return the address. Raises ``ValueError`` with the problem, never with the address."""
    scheme, parted, rest = given.strip().partition("://")
    scheme = scheme.lower()
    if "sentinel" in scheme or "cluster" in scheme:
        message = f"begins with {scheme}://, which Tocsin can't read: name one server, or a proxy before it"
        raise ValueError(message)
    if scheme not in _REDIS or not parted:
        message = f"begins with {_told(scheme, parted)}: write redis://host:6379/0, rediss:// for TLS, or unix:///path"
        raise ValueError(message)
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        well = scheme == "unix" or (bool(parts.hostname) and parts.port != 0)
    except ValueError:
        well = False
    if not well:
        message = "has a host or port that can't be read: in a password @ is written %40, : is %3A and / is %2F"
        raise ValueError(message)
    _check_files(dict(parse_qsl(parts.query)), ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile"))
    return f"{scheme}://{rest}"


def _check_files(query: dict[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        if name in query and not Path(query[name]).is_file():
            message = f"names a file in ?{name}= that is not there: {query[name]}"
            raise ValueError(message)


def _told(scheme: str, parted: str) -> str:
    """Return the part of an address that can't be secret."""
    return f"{scheme[:20]}://" if parted and re.fullmatch(r"[A-Za-z0-9+.-]+", scheme) else "no scheme"
