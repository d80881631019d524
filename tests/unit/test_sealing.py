"""Sealed values, the blind index, and the tokens of links."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from broadcaster.store import SealBroken, Vault
from broadcaster.store.engine.sealing import _derive

OLD, NEW = b"o" * 32, b"n" * 32
VAULT = Vault([OLD])


def key_id(secret: bytes) -> bytes:
    return hashlib.sha256(_derive(secret, "seal")).digest()[:1]


def of_the_same_id(secret: bytes) -> bytes:
    """Another secret whose key has the same id of one byte: one in 256 has."""
    return next(each for n in range(10_000) if key_id(each := b"%032d" % n) == key_id(secret))


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_is_sealed_opens_with_its_context(plain, context):
    assert VAULT.open(VAULT.seal(plain, context), context) == plain


def test_a_value_does_not_open_in_the_place_of_another():
    sealed = VAULT.seal(b"+33612345678", b"contact:1")
    with pytest.raises(SealBroken, match="seal-altered"):
        VAULT.open(sealed, b"contact:2")


@pytest.mark.parametrize("at", range(1, 41))
def test_a_value_with_any_byte_altered_does_not_open(at):
    sealed = bytearray(VAULT.seal(b"+33612345678", b"c"))
    sealed[at] ^= 1
    with pytest.raises(SealBroken):
        VAULT.open(bytes(sealed), b"c")


@pytest.mark.parametrize("length", range(41))
def test_a_value_that_was_cut_does_not_open(length):
    sealed = VAULT.seal(b"+33612345678", b"c")
    assert len(sealed) == 41
    with pytest.raises(SealBroken):
        VAULT.open(sealed[:length], b"c")


def test_the_same_value_sealed_twice_looks_different():
    assert VAULT.seal(b"same", b"c") != VAULT.seal(b"same", b"c")


def test_old_values_open_after_a_key_change_and_new_ones_use_the_new_key():
    sealed = Vault([OLD]).seal(b"x", b"c")
    both = Vault([NEW, OLD])
    assert both.open(sealed, b"c") == b"x"
    assert Vault([NEW]).open(both.seal(b"y", b"c"), b"c") == b"y"


def test_many_values_open_like_each_of_them_whichever_keys_sealed_them():
    both = Vault([NEW, OLD])
    contexts = [b"%d" % n for n in range(4)]
    new, old = ([vault.seal(b"plain " + each, each) for each in contexts] for vault in (both, Vault([OLD])))
    for sealed in (new, old, [*new[:2], *old[2:]], []):
        assert both.open_all(sealed, contexts[: len(sealed)]) == [b"plain " + each for each in contexts[: len(sealed)]]


@pytest.mark.parametrize("wrong", [b"", b"short", VAULT.seal(b"x", b"another")], ids=["empty", "short", "of another"])
def test_among_many_values_one_that_was_altered_does_not_open(wrong):
    with pytest.raises(SealBroken):
        VAULT.open_all([VAULT.seal(b"x", b"c"), wrong], [b"c", b"c"])


def test_without_the_old_key_the_error_says_so():
    sealed = Vault([OLD]).seal(b"x", b"c")
    with pytest.raises(SealBroken, match="seal-unknown-key"):
        Vault([NEW]).open(sealed, b"c")


def test_two_keys_that_have_the_same_short_id_both_open_what_they_sealed():
    twin = of_the_same_id(OLD)
    both = Vault([twin, OLD])
    assert both.open(Vault([OLD]).seal(b"x", b"c"), b"c") == b"x"
    assert both.open(both.seal(b"y", b"c"), b"c") == b"y"


def test_a_vault_without_a_secret_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Vault([])


def test_the_fingerprint_of_an_address_is_the_same_while_keys_are_changed():
    assert Vault([NEW, OLD]).fingerprint("sms", "+33612345678") == Vault([OLD]).fingerprint("sms", "+33612345678")


def test_a_fingerprint_is_told_apart_by_channel_address_and_key():
    prints = {
        VAULT.fingerprint("sms", "+33612345678"),
        VAULT.fingerprint("voice", "+33612345678"),
        VAULT.fingerprint("sms", "+33612345679"),
        Vault([NEW]).fingerprint("sms", "+33612345678"),
    }
    assert len(prints) == 4
    assert {len(each) for each in prints} == {16}


@given(st.sampled_from(["receipt", "optout"]), st.integers(1, 2**64 - 1))
def test_a_link_leads_to_its_number_and_for_its_use_only(use, number):
    token = VAULT.link(use, number)
    assert VAULT.unlink(use, token) == number
    assert VAULT.unlink(use + "x", token) is None
    assert Vault([NEW]).unlink(use, token) is None
    assert Vault([NEW, OLD]).unlink(use, token) == number


@given(st.text(max_size=60))
@example("")
@example("=")
@example("====")
@example("é")
@example("A" * 13)
@example("A" * 4096)
@example("\ud800")
@example("\x00")
def test_any_text_but_a_token_leads_nowhere(text):
    assert VAULT.unlink("receipt", text) is None


@given(st.integers(1, 2**63), st.data())
def test_a_token_that_was_changed_anywhere_leads_nowhere(number, data):
    token = VAULT.link("receipt", number)
    at = data.draw(st.integers(0, len(token) - 1))
    put = data.draw(st.sampled_from("ABCDwxyz0189-_=+/ \n"))
    changed = token[:at] + put + token[at + 1 :]
    if changed != token:
        assert VAULT.unlink("receipt", changed) is None


@given(st.binary(max_size=24))
def test_any_bytes_that_look_like_a_token_lead_nowhere(raw):
    assert VAULT.unlink("receipt", base64.urlsafe_b64encode(raw).decode().rstrip("=")) is None


def test_a_token_is_no_longer_than_an_sms_can_bear():
    assert len(VAULT.link("optout", 10**9)) <= 18


def test_ten_thousand_nonces_are_all_different():
    assert len({VAULT.seal(b"", b"")[1:13] for _ in range(10_000)}) == 10_000
