"""Passwords (argon2id), codes of an authenticator app (TOTP, RFC 6238), and the app's QR code."""

import asyncio
import hmac
import secrets
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache

from pwdlib import PasswordHash

from broadcaster.domain.operators import LEAST_PASSWORD
from broadcaster.domain.refusals import Refused

_ISSUER = "Tocsin"
_STEP_S = 30
_SAFE = 4
"""The zxcvbn score of passwords that take over 10^10 guesses."""
_JUDGED = 72
"""How many characters zxcvbn judges; more only make a password stronger."""


async def hashed(password: str, about: Iterable[str]) -> str:
    """Return a new password's hash. ``about``: names that are easy to guess. Raises ``Refused``."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), _hashed, _plain(password), list(about))


async def matches(password: str, known: str | None) -> bool:
    """Return whether a password has that hash; None (no such person) takes the same time."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), _matches, _plain(password), known)


def new_secret() -> str:
    """Return a new secret for an app, in base32."""
    import pyotp  # noqa: PLC0415  only who has a password needs it

    return pyotp.random_base32()


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step of an app's code (the current one, or one before or after); None if it is wrong."""
    import pyotp  # noqa: PLC0415

    totp, step = pyotp.TOTP(secret), int(now.timestamp()) // _STEP_S
    plain = "".join(code.split()).encode()
    for each in (step, step - 1, step + 1):
        if hmac.compare_digest(totp.generate_otp(each).encode(), plain):
            return each
    return None


def drawing(secret: str, login: str) -> str:
    """Return the app's QR code as a data URI of SVG."""
    import pyotp  # noqa: PLC0415
    import segno  # noqa: PLC0415

    uri = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=_ISSUER)
    return segno.make_qr(uri).svg_data_uri(scale=4, light="#fff")


def _hashed(password: str, about: list[str]) -> str:
    from zxcvbn import zxcvbn  # noqa: PLC0415  its lists are large

    if len(password) < LEAST_PASSWORD:
        raise Refused("password-short", least=LEAST_PASSWORD)
    known = [_ISSUER, *about, *(part for each in about for part in each.split())]
    if zxcvbn(password[:_JUDGED], user_inputs=known)["score"] < _SAFE:
        raise Refused("password-known")
    return _hasher().hash(password)


def _matches(password: str, known: str | None) -> bool:
    nobodys = _nobodys()
    return _hasher().verify(password, known or nobodys) and known is not None


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password)  # keyboards encode an accent in two ways


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, "password")  # a hash takes memory, so a flood of sign-ins must wait


@cache
def _hasher() -> PasswordHash:
    from pwdlib import PasswordHash  # noqa: PLC0415
    from pwdlib.hashers.argon2 import Argon2Hasher  # noqa: PLC0415

    return PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))  # OWASP's minimum


@cache
def _nobodys() -> str:
    return _hasher().hash(secrets.token_urlsafe())
