"""WebAuthn: options for browsers, and checks of their answers (W3C Web Authentication Level 3)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import webauthn
from webauthn.helpers import base64url_to_bytes, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from broadcaster.domain.operators import Party, Passkey
from broadcaster.domain.refusals import Refused

_BROKEN = (WebAuthnException, AttributeError, KeyError, IndexError, RecursionError, TypeError, ValueError)
"""Errors from reading a hostile answer, as the library checks its form only in part."""
_NAME = "Tocsin"
_TIMEOUT_MS = 300_000


def to_make(party: Party, handle: bytes, name: str, challenge: bytes, known: Iterable[Passkey]) -> dict[str, Any]:
    """Return the options to make a discoverable passkey, which needs no user name."""
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=_NAME,
        user_id=handle,
        user_name=name,
        user_display_name=name,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(each.credential) for each in known],
    )
    return _as_json(options_to_json(options))


def to_sign_in(party: Party, challenge: bytes) -> dict[str, Any]:
    """Return the options to sign in with any passkey of this service."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id, challenge=challenge, timeout=_TIMEOUT_MS, user_verification=UserVerificationRequirement.REQUIRED
    )
    return _as_json(options_to_json(options))


def _as_json(text: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(text)
    return read


def challenge_of(credential: Mapping[str, Any]) -> bytes:
    """Return the challenge that a browser answered. Raises ``Refused``."""
    with _refusing():
        told = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        return base64url_to_bytes(told["challenge"])


def credential_id(credential: Mapping[str, Any]) -> bytes:
    """Return the id of the credential that a browser used. Raises ``Refused``."""
    with _refusing():
        return base64url_to_bytes(credential["rawId"])


def check_made(party: Party, credential: Mapping[str, Any], challenge: bytes) -> VerifiedRegistration:
    """Return a new passkey. Raises ``Refused``."""
    with _refusing():
        return webauthn.verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )


def check_used(party: Party, credential: Mapping[str, Any], challenge: bytes, passkey: Passkey) -> int:
    """Return the new sign count of a passkey that was used. Raises ``Refused``."""
    with _refusing():
        return webauthn.verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        ).new_sign_count


@contextmanager
def _refusing() -> Iterator[None]:
    """Raise ``Refused`` for any error of a hostile answer."""
    try:
        yield
    except _BROKEN as error:
        raise Refused("passkey-refused") from error
